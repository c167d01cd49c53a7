"""What a study file says of language models."""

from collections.abc import Iterator

from studies.checks.context import Context, needs
from studies.checks.notes import note_takers
from studies.schema_models import LanguageModel
from studies.schema_partners import AutomatedPartner, ModelPartner
from studies.yaml_file import Path


def _models(context: Context) -> Iterator[tuple[Path, LanguageModel]]:
    for name, partner in context.study.partners.items():
        if isinstance(partner, ModelPartner):
            yield ("partners", name, "model"), partner.model
        if isinstance(partner, AutomatedPartner):
            for path, writer in note_takers(name, partner.memory):
                yield (*path, "model"), writer.model
    safety = context.study.safety if "safety" in context.sections else None
    if safety is not None and safety.replies is not None and safety.replies.classifier is not None:
        yield ("safety", "replies", "classifier", "model"), safety.replies.classifier.model


@needs("partners")
def names_say_the_provider(context: Context) -> None:
    """E845: by the provider it is known which key and address a model is asked with."""
    for path, model in _models(context):
        provider, slash, name = model.name.partition("/")
        if not (provider.strip() and slash and name.strip()):
            what = f'"{model.name}" does not say whose model it is, and so not which key it is asked with.'
            context.say(
                "E845", (*path, "name"), what, "Write provider and model, such as openai/gpt-4o-mini-2024-07-18."
            )


CHECKS = [names_say_the_provider]
