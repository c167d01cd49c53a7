"""Deadlines are rows: what is due when nobody comes."""

from datetime import datetime, timedelta

from events import due
from flow.models import Match
from participants.tokens import stream_name
from scheduling.models import Session

UNTIL = "until"  # in a session's facts: when the open stage's time is up
GRACE = timedelta(seconds=2)  # what was sent in time may arrive a little late
GONE_AFTER = timedelta(hours=1)  # without a sign of life, as the page on pausing says; where nothing else has a limit
WATCH = "flow.tasks.end_if_gone"


def step_deadline(match: Match) -> None:
    """Close the open step when its time is up; in a group without people it never is."""
    if match.deadline_at is None:
        return
    due.schedule(
        "flow.tasks.close_step",
        f"match:{match.pk}:{match.rev}",
        match.deadline_at + GRACE,
        facts={"match": match.pk, "rev": match.rev},
    )


def move_deadline(match: Match, until: datetime) -> None:
    """Let the open step last until another instant. The caller holds the group's lock."""
    # An open row would only ever be moved earlier, so the old one goes first.
    due.cancel("flow.tasks.close_step", f"match:{match.pk}:{match.rev}")
    match.deadline_at = until
    match.save(update_fields=["deadline_at"])
    step_deadline(match)


def forget_deadline(match: Match) -> None:
    """The open step is over: nothing is due any more when its time is up. Harmless for whoever closes it for that."""
    due.forget("flow.tasks.close_step", f"match:{match.pk}:{match.rev}")


def stage_deadline(session: Session, at: datetime) -> None:
    """Ask the open stage what follows when its time is up. Call it from the stage's `open` or `submit`."""
    due.schedule(
        "flow.tasks.stage_overdue",
        f"session:{session.pk}:{session.stage}",
        at + GRACE,
        facts={"session": session.pk, "stage": session.stage},
    )


def forget_stage_deadline(session: Session) -> None:
    """The session leaves its open stage. Where that stage set a limit, nothing is due any more when the time is up."""
    if UNTIL in session.facts:
        due.forget("flow.tasks.stage_overdue", f"session:{session.pk}:{session.stage}")


def watch(session: Session, at: datetime) -> None:
    """See at that time whether somebody has gone for good: a browser that was closed sends nothing."""
    due.schedule(WATCH, _watch_key(session), at, facts={"session": session.pk, "participant": session.participant_id})


def forget_watch(session: Session) -> None:
    """The visit is over: nobody is waited for. Harmless for whoever ends it because the time was up."""
    due.forget(WATCH, _watch_key(session))


def _watch_key(session: Session) -> str:
    return f"session:{session.pk}"


def stream_of(session: Session) -> str:
    """The name under which a session's sockets listen."""
    return stream_name(session.participant.token_sha256)
