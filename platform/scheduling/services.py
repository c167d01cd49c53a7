"""Visits."""

from django.db import transaction
from django.db.models import QuerySet

from events import log
from events.prepared import Given, insert, prepared
from participants.models import Participant
from scheduling.models import Session
from studies import definition

OPENED = "session.opened"


@transaction.atomic(savepoint=False)
def open_session(participant: Participant, wave: str = "") -> tuple[Session, bool]:
    """The participant's visit in a wave (by default the first), and whether this call made it."""
    wave = wave or definition.definition(participant.version).waves[0].id
    known = _visit.first(participant=participant.pk, wave=wave)
    if known is not None:
        known.participant = participant
        return known, False
    session = insert(Session(participant=participant, wave=wave))
    log.record(OPENED, study=participant.study_id, subject=("session", session.pk), facts={"wave": wave})
    return session, True


@prepared
def _visit(participant: Given, wave: Given) -> QuerySet[Session]:
    return Session.objects.filter(participant=participant, wave=wave)
