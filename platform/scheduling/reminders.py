"""When somebody is reminded of a visit, and whether it still makes sense then: pure but for the names of states."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.errors import SchedulingError
from scheduling.models import Reminder, ScheduledSession
from scheduling.windows import instant, later
from studies.schema_waves import Reminder as Rule
from studies.spans import Span, clock, span

State = Reminder.State
Visit = ScheduledSession.State

LATE_AFTER = timedelta(hours=2)  # a worker that was away catches up with windows, but reminds of nothing so old
COUNTED = (State.SENDING, State.SENT, State.UNKNOWN)
"""What counts as sent where one person gets only so many: nobody knows better of those that may have been."""
SETTLED = (State.SENT, State.SUPPRESSED, State.FAILED)
"""States that nothing changes any more."""
MOVES: dict[str, set[str]] = {
    State.QUEUED: {State.SENDING, State.SUPPRESSED, State.FAILED, State.UNKNOWN},
    State.SENDING: {State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED},
    State.UNKNOWN: {State.SENT, State.FAILED},
    State.SENT: set(),
    State.SUPPRESSED: set(),
    State.FAILED: set(),
}
EVENT_OF: dict[str, str] = {
    State.QUEUED: "reminder.requeued",
    State.SENDING: "reminder.claimed",
    State.SENT: "reminder.sent",
    State.SUPPRESSED: "reminder.suppressed",
    State.FAILED: "reminder.failed",
    State.UNKNOWN: "reminder.unknown",
}
PLANNED = "reminder.planned"
STATE_AFTER = {event: str(state) for state, event in EVENT_OF.items()} | {PLANNED: str(State.QUEUED)}

_BEFORE_ITS_END = frozenset({Visit.PLANNED, Visit.OPEN, Visit.STARTED})
_SO = {
    "not_started": frozenset({Visit.PLANNED, Visit.OPEN}),
    "started_not_completed": frozenset({Visit.STARTED}),
    "not_completed": _BEFORE_ITS_END,
}


def check_state(before: str, after: State) -> str:
    """`after`, if a reminder may go there. Raises SchedulingError: "not_here"."""
    if after not in MOVES[before]:
        raise SchedulingError("not_here", f"a reminder that is {before} cannot become {after}")
    return str(after)


def is_so(condition: str, visit: str) -> bool:
    """Whether what a reminder is sent for is so of a visit in some state."""
    return visit in _SO[condition]


def reminder_at(rule: Rule, *, opens: datetime, closes: datetime, zone: ZoneInfo) -> datetime:
    """When a reminder is to be sent, in UTC. One that is counted back from the close never comes before the opening."""
    start = opens if rule.at.since == "opens" else closes
    if rule.at.plus is not None:
        return later(start, span(rule.at.plus), zone)
    length = span(rule.at.minus or "0m")
    found = later(start, Span(-length.days, -length.rest), zone)
    return found if rule.at.since == "opens" else max(found, opens)


def useful_until(rule: Rule, *, closes: datetime, grace_until: datetime) -> datetime:
    """Until when somebody could still do what a reminder asks for."""
    return closes if rule.only_if == "not_started" else grace_until


def after_quiet(at: datetime, hours: Sequence[str] | None, zone: ZoneInfo) -> datetime:
    """The first instant, from one on, at which something may be sent: that one, or the end of the quiet hours.

    Their end is a time on the clock of a zone: of an end that the clock shows twice the one that comes next, and of
    one that it skips the time as much later as it jumps.
    """
    if hours is None:
        return at
    start, end = clock(hours[0]), clock(hours[1])
    local = at.astimezone(zone)
    if not _is_quiet(local.time(), start, end):
        return at
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    found = instant(day, end, zone)
    if found <= at:  # the clock shows these hours for the second time
        found = instant(day, end, zone, fold=1)
    return after_quiet(found, hours, zone)  # it may be skipped, and so fall into the next ones


def _is_quiet(now: time, start: time, end: time) -> bool:
    now = now.replace(fold=0)
    return start <= now < end if start < end else now >= start or now < end
