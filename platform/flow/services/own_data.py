"""Keeping that somebody took a copy of their own data: that it was done, and nothing of what is in it."""

from django.db import transaction

from events import log
from participants.models import Participant

COPIED = "data.copied"


@transaction.atomic
def note_copy(participant: Participant) -> None:
    """Somebody was given a copy."""
    log.record(COPIED, study=participant.study_id, subject=("participant", participant.pk))
