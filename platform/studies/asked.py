"""What a quiz or survey asks: its own items, and behind them those of its scales."""

from collections.abc import Callable, Mapping
from functools import partial

from studies import definition, items, scales
from studies.items import Item
from studies.models import Version
from studies.schema import StudyFile
from studies.schema_stages import QuizStage, SurveyStage
from studies.slots import slots

Read = Callable[[str], str]
"""The text of a file that the study names."""


def asked_at(version: Version, stage: QuizStage | SurveyStage) -> list[Item]:
    """Every item of a stage of a frozen version, in the order of the files; what is drawn for a person leaves some out.

    Raises:
        StudyError: "file_unknown"; after a successful check, nothing else.
    """
    read = partial(definition.text, version)
    return asked_in(definition.definition(version), stage, read, slots(version, stage.id))


def own_at(version: Version, stage: QuizStage | SurveyStage) -> list[Item]:
    """The items of a stage that belong to no scale. Raises as `asked_at`."""
    return items.items(version, stage.items, slots(version, stage.id)) if stage.items else []


def asked_in(study: StudyFile, stage: QuizStage | SurveyStage, read: Read, slots: Mapping[str, object]) -> list[Item]:
    """As `asked_at`, of a study that need not be frozen.

    Args:
        slots: The names and values of `studies.slots.study_slots`.

    Raises:
        StudyError: where a file or a slot of it cannot be read.
    """
    found = [items.resolve(said, slots) for said in items.parse(read(stage.items))] if stage.items else []
    for at, name in enumerate(stage.scales if isinstance(stage, SurveyStage) else ()):
        assert isinstance(stage, SurveyStage)
        scale = scales.parse(read(study.scales[name].file))
        found += scales.scale_items(name, scale, slots, at=at, may_skip=stage.may_skip)
    return found
