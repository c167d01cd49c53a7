"""What people look up beside their page, kept as events."""

from django.db import transaction

from events import log
from flow.queries import match_of
from scheduling.models import Session
from studies import definition

CALCULATED = "calculator.used"


@transaction.atomic
def note_calculation(session: Session) -> None:
    """Somebody has worked out an example: at which stage, in a game at which round and step; not with which numbers."""
    facts: dict[str, object] = {"stage": definition.stage(session.participant.version, session.stage).id}
    match = match_of(session)
    if match is not None:
        facts |= {"round": match.round, "path": match.path}
    log.record(CALCULATED, study=session.participant.study_id, subject=("session", session.pk), facts=facts)
