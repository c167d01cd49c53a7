"""The time limit of a stage: kept in the session's facts, so that a researcher may move it, and due as a row."""

from datetime import datetime, timedelta

from events import clock, due
from flow.deadlines import GRACE, UNTIL, stage_deadline
from scheduling.models import Session


def set_limit(session: Session, seconds: int) -> None:
    """Begin the stage's time. Call it from `open`."""
    move_limit(session, clock.now() + timedelta(seconds=seconds))


def move_limit(session: Session, until: datetime) -> None:
    """Set another end of the stage's time; the caller holds the session's lock and saves its facts."""
    # A row that is open already would only be moved earlier.
    due.cancel("flow.tasks.stage_overdue", f"session:{session.pk}:{session.stage}")
    session.facts = session.facts | {UNTIL: until.isoformat()}
    stage_deadline(session, until)


def limit_of(session: Session) -> datetime | None:
    """When the stage's time is up; None without a limit."""
    until = session.facts.get(UNTIL)
    return datetime.fromisoformat(until) if until else None


def is_over(session: Session) -> bool:
    """Whether the time is up, with the grace for what was sent in time and arrived a little late."""
    until = limit_of(session)
    return until is not None and clock.now() >= until + GRACE
