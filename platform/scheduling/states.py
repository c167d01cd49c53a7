"""Which state of a planned visit may follow which, and when too many were missed. Pure but for the names of states."""

from collections.abc import Sequence

from scheduling.errors import SchedulingError
from scheduling.models import ScheduledSession
from studies.schema_waves import Attendance

State = ScheduledSession.State

MOVES: dict[str, set[str]] = {
    State.PLANNED: {State.OPEN, State.MISSED, State.EXCUSED, State.CANCELLED},
    State.OPEN: {State.STARTED, State.MISSED, State.EXCUSED, State.CANCELLED},
    State.STARTED: {State.COMPLETED, State.PARTIAL},
    State.COMPLETED: set(),
    State.PARTIAL: set(),
    State.MISSED: {State.EXCUSED},
    State.EXCUSED: set(),
    State.CANCELLED: set(),
}
OVER = frozenset(State) - {State.PLANNED, State.OPEN, State.STARTED}
ATTENDED = frozenset({State.COMPLETED, State.PARTIAL})
EVENT_OF: dict[str, str] = {one: f"window.{one.value}" for one in State if one != State.PLANNED}
EVENT_OF[State.OPEN] = "window.opened"
STATE_AFTER = {event: str(state) for state, event in EVENT_OF.items()}


def check_state(before: str, after: State) -> str:
    """`after`, if a planned visit may go there. Raises SchedulingError: "not_here"."""
    if after not in MOVES[before]:
        raise SchedulingError("not_here", f"a planned visit that is {before} cannot become {after}")
    return str(after)


def is_exceeded(rule: Attendance, states: Sequence[str]) -> bool:
    """Whether somebody has missed too many visits: in all, or one after the other up to now.

    Args:
        states: Of the visits that are over, in their order.
    """
    in_a_row = 0
    for state in states:
        in_a_row = in_a_row + 1 if state == State.MISSED else 0
        if rule.max_consecutive_missed is not None and in_a_row > rule.max_consecutive_missed:
            return True
    return sum(state == State.MISSED for state in states) > rule.max_missed
