"""The one reckoning of each person's pay, and the end of recruiting when the sample is reached."""

from django.db import transaction
from django.db.models import QuerySet

from events import due, log
from events.prepared import Given, insert, prepared
from matching.services import leave_waiting
from participants.models import Participant
from recruitment.errors import RecruitmentError
from recruitment.models import Settlement
from recruitment.queries import codes_of, owed_to, settlement_of
from recruitment.rules import total_of
from recruitment.sample import full, last_instant
from studies import definition
from studies.models import Study
from studies.services import record_once, stop_study

SETTLED = "participant.settled"
PILOT_FULL = "study.pilot_full"
LOOK_AT_SAMPLE = "recruitment.tasks.look_at_sample"


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
            base_minor=total_of(lines, "base", "fixed", "visits"),
            bonus_minor=total_of(lines, "bonus"),
            waiting_minor=total_of(lines, "waiting"),
            points=owed.earned.points,
            explanation=[line.as_json() for line in lines],
        )
    )
    facts = {"exit": found.exit, "total_minor": settlement.total_minor}
    log.record(SETTLED, study=found.study_id, subject=("participant", found.pk), facts=facts)
    return settlement


def stop_when_full(study_id: int) -> str:
    """Pause a study that has reached its sample or its last day, and say so; otherwise come back after that day."""
    study = Study.objects.get(pk=study_id)
    newest = study.current
    if newest is None or study.status != Study.Status.OPEN or study.is_demo or study.is_simulated:
        return "nothing to stop"
    if definition.definition(newest).sample.pilot and (pilot := full(newest, is_pilot=True)):
        record_once(study, PILOT_FULL, {"target": pilot.target})
    found = full(newest)
    if found is not None:
        is_stopped = stop_study(study, because=found.because, counted=found.counted, target=found.target)
        return f"paused: {found.because}" if is_stopped else "nothing to stop"
    end = last_instant(definition.definition(newest).sample)
    if end is not None:
        with transaction.atomic():
            due.schedule(LOOK_AT_SAMPLE, f"{study_id}:until", end)
    return "goes on"


@prepared
def _under_lock(participant: Given) -> QuerySet[Participant]:
    return Participant.objects.select_for_update(of=("self",)).filter(pk=participant)
