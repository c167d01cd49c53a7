"""The one reckoning of each person's pay."""

from django.db import transaction
from django.db.models import QuerySet

from events import log
from events.prepared import Given, insert, prepared
from matching.services import leave_waiting
from participants.models import Participant
from recruitment.errors import RecruitmentError
from recruitment.models import Settlement
from recruitment.queries import codes_of, owed_to, settlement_of
from recruitment.rules import total_of
from studies import definition

SETTLED = "participant.settled"


@transaction.atomic(savepoint=False)
def settle(participant: Participant) -> Settlement:
    """Reckon what a participant who has reached an exit is owed, once; later calls return the same row.

    Raises:
        RecruitmentError: "not_ended", "exit_unknown".
    """
    # Two callers must not reckon twice: the second waits here and finds the first one's row.
    found = _under_lock.get(participant=participant.pk)
    found.version = definition.version_of(found.version_id)
    settlement = settlement_of(found)
    if settlement is not None:
        return settlement
    if not found.exit:
        raise RecruitmentError("not_ended", f"{found.code} is still {found.status}; end the session first")
    leave_waiting(found)
    owed = owed_to(found)
    lines = owed.lines
    settlement = insert(
        Settlement(
            participant=found,
            exit=found.exit,
            code=codes_of(found.version)[found.exit],
            currency=owed.currency,
            base_minor=total_of(lines, "base", "fixed"),
            bonus_minor=total_of(lines, "bonus"),
            waiting_minor=total_of(lines, "waiting"),
            points=owed.earned.points,
            explanation=[line.as_json() for line in lines],
        )
    )
    facts = {"exit": found.exit, "total_minor": settlement.total_minor}
    log.record(SETTLED, study=found.study_id, subject=("participant", found.pk), facts=facts)
    return settlement


@prepared
def _under_lock(participant: Given) -> QuerySet[Participant]:
    return Participant.objects.select_for_update(of=("self",)).filter(pk=participant)
