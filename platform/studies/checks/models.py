"""What a study file says of language models."""

from studies.asked_models import models_in
from studies.checks.context import Context, needs
from studies.schema_models import is_address


@needs("partners")
def names_say_the_provider(context: Context) -> None:
    """E845: by the provider it is known which key and address a model is asked with; no name says an address."""
    safety = context.study.safety if "safety" in context.sections else None
    for one in models_in(context.study.partners, safety):
        provider, slash, name = one.model.name.partition("/")
        if provider.strip() and slash and name.strip() and not is_address(one.model.name):
            continue
        what = f'"{one.model.name}" does not say whose model it is, and so not which key it is asked with.'
        if is_address(one.model.name):
            what = "is an address, or has characters of one; the address of a model belongs to the installation."
        remedy = "Write provider and model, such as openai/gpt-4o-mini-2024-07-18."
        context.say("E845", (*one.path, "name"), what, remedy)


CHECKS = [names_say_the_provider]
