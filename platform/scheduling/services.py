"""Visits."""

from django.db import transaction

from events import log
from participants.models import Participant
from scheduling.models import Session
from studies import definition

OPENED = "session.opened"


@transaction.atomic
def open_session(participant: Participant, wave: str = "") -> tuple[Session, bool]:
    """The participant's visit in a wave (by default the first), and whether this call made it."""
    wave = wave or definition.definition(participant.version).waves[0].id
    session, is_new = Session.objects.get_or_create(participant=participant, wave=wave)
    session.participant = participant
    if is_new:
        log.record(OPENED, study=participant.study_id, subject=("session", session.pk), facts={"wave": wave})
        session.refresh_from_db(fields=["stage_opened_at", "started_at"])
    return session, is_new
