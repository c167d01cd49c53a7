"""The one reckoning of each person's pay."""

from django.db import transaction

from events import log
from matching.services import leave_waiting
from participants.models import Participant
from recruitment.errors import RecruitmentError
from recruitment.models import Settlement
from recruitment.queries import codes_of, earned_by, terms_of
from recruitment.rules import reckon, total_of

SETTLED = "participant.settled"


@transaction.atomic
def settle(participant: Participant) -> Settlement:
    """Reckon what a participant who has reached an exit is owed, once; later calls return the same row.

    Raises:
        RecruitmentError: "not_ended", "exit_unknown".
    """
    # Two callers must not reckon twice: the second waits here and finds the first one's row.
    found = Participant.objects.select_for_update(of=("self",)).select_related("version").get(pk=participant.pk)
    settlement = Settlement.objects.filter(participant=found).first()
    if settlement is not None:
        return settlement
    if not found.exit:
        raise RecruitmentError("not_ended", f"{found.code} is still {found.status}; end the session first")
    leave_waiting(found)
    terms, earned = terms_of(found.version, found.exit), earned_by(found)
    lines = reckon(terms, earned)
    settlement = Settlement.objects.create(
        participant=found,
        exit=found.exit,
        code=codes_of(found.version)[found.exit],
        currency=terms.currency,
        base_minor=total_of(lines, "base", "fixed"),
        bonus_minor=total_of(lines, "bonus"),
        waiting_minor=total_of(lines, "waiting"),
        points=earned.points,
        explanation=[line.as_json() for line in lines],
    )
    facts = {"exit": found.exit, "total_minor": settlement.total_minor}
    log.record(SETTLED, study=found.study_id, subject=("participant", found.pk), facts=facts)
    return settlement
