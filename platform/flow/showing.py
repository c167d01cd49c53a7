"""For whom a stage is: the levels that a person has when they come to it decide, and which visit it is."""

from collections.abc import Sequence

from matching.queries import group_of
from scheduling.models import Session
from scheduling.pairs import is_alone
from studies import definition, giving
from studies.lasting import meeting_stages
from studies.schema_stages import StageConfig
from studies.schema_when import ConditionalStage, When

SKIPPED = "stage.skipped"


def when_of(stage: StageConfig) -> When | None:
    """For whom a stage is; None where it is for everybody."""
    return stage.when if isinstance(stage, ConditionalStage) else None


def is_always_shown(stage: StageConfig) -> bool:
    """Whether a stage is for everybody at every visit."""
    return not (isinstance(stage, ConditionalStage) and (stage.when or stage.visits))


def is_at_visit(stage: StageConfig, repeat: int) -> bool:
    """Whether a stage is for anybody at a visit of its wave."""
    return not (isinstance(stage, ConditionalStage) and stage.visits) or repeat in stage.visits


def is_shown(session: Session, stage: StageConfig) -> bool:
    """Whether a stage is for this person at this visit. Reads nothing where it is for everybody."""
    study = definition.definition(session.participant.version)
    if stage.id in meeting_stages(study) and is_alone(session.participant):
        return False
    if not is_at_visit(stage, session.repeat):
        return False
    rule = when_of(stage)
    if rule is None:
        return True
    group, person = group_of(session), session.participant
    visit_number = definition.visit_number(person.version, session.wave, session.repeat)
    levels = giving.of_person(person.version, person, group.condition if group else None, visit_number)
    return levels.get(rule.by) in rule.levels


def place_of(stages: Sequence[StageConfig], index: int, repeat: int) -> tuple[int, int]:
    """Which stage this is, and of how many at a visit, as people are told.

    A stage that is for some only has the number of the one before it: no number then tells that one was left out.
    """
    known = [when_of(stage) is None and is_at_visit(stage, repeat) for stage in stages]
    return max(1, sum(known[: index + 1])), sum(known)
