"""Whether somebody may read how many visits there are, and which of them they may read of. Reads only."""

from collections.abc import Sequence

from participants.models import Participant
from scheduling.models import ScheduledSession
from scheduling.states import OVER, State
from studies import definition, giving
from studies.horizon import is_told_at, is_told_to_all


def is_told(person: Participant) -> bool:
    """Whether somebody may read how many visits there are, and which comes last."""
    study = definition.definition(person.version)
    return is_told_to_all(study) or is_told_at(study, giving.of_person(person.version, person))


def known_to(person: Participant, rows: Sequence[ScheduledSession]) -> Sequence[ScheduledSession]:
    """Those planned visits of which somebody may read: all, or up to the next one.

    What was cancelled is not among them where people are not told: it would tell how many there were to be.
    """
    if is_told(person):
        return rows
    real = [row for row in rows if row.state != State.CANCELLED]
    over = [row for row in real if row.state in OVER]
    return [*over, *[row for row in real if row.state not in OVER][:1]]


def number_of(row: ScheduledSession, known: Sequence[ScheduledSession]) -> int:
    """Which visit it is, as people count who read of these only."""
    return 1 + sum(one.number < row.number for one in known)
