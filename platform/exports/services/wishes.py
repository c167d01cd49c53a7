"""Closing requests of which nothing is left to do."""

from django.db import transaction

from events import clock, log
from exports.wishes import what_is_left, wishes
from participants.models import ErasureRequest, Participant
from studies.models import Study

DONE = "erasure.done"


@transaction.atomic
def settle(study: Study | None = None) -> int:
    """Close every request, of a study or of all, of which nothing is left; how many that were."""
    return sum(close(one.request.participant) for one in list(wishes(study)) if not one.left)


@transaction.atomic
def close(person: Participant) -> bool:
    """Close the request of one person, if nothing of it is left; whether it was closed now."""
    # Whoever comes second waits here, and finds it closed.
    open_ones = ErasureRequest.objects.select_for_update(of=("self",)).filter(participant=person, done_at=None)
    request = open_ones.first()
    if request is None or what_is_left(person):
        return False
    request.done_at = clock.now()
    request.save(update_fields=["done_at"])
    log.record(DONE, study=person.study_id, subject=("participant", person.pk))
    return True
