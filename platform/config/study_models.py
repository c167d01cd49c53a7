"""What a command says of the models that a study asks, where this installation does not let them answer themselves."""

from collections.abc import Iterator

from llm.access import silence_of
from studies.asked_models import asked_models
from studies.prices import is_stood_in_for
from studies.schema import StudyFile


def warnings_of_models(said: StudyFile) -> Iterator[str]:
    """Of models that cannot answer here, and of those for which a program answers."""
    names = sorted({one.model.name for one in asked_models(said)})
    for name in names:
        if why := silence_of(name):
            yield (
                f"{name} cannot answer here, and each of its turns will fail: {why}, for every process that takes "
                "turns. To try a study out without a key see docs/models.md."
            )
    if drawn := [name for name in names if is_stood_in_for(name)]:
        yield (
            f"RAPPORT_LLM_SCRIPTED is set: in place of {', '.join(drawn)} a program answers by chance, and nothing of "
            "what it says tells anything of a model. It costs nothing."
        )
