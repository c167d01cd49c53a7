"""Who is let to see conditions and outcomes while data come in. Each verb is one transaction, and is kept."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from events import log
from studies.masking.standing import State, state_of
from studies.models import Deviation, Membership, Study
from studies.problems import StudyError

MONITOR_NAMED, UNMASKED, LOOKED = "study.monitor_named", "study.unmasked", "data.monitored"


@transaction.atomic
def unmask(study: Study, *, reason: str, by: str, role: str) -> Deviation:
    """Let everybody see conditions and outcomes before collection is closed. A deviation, kept for good.

    Args:
        reason: Why; it goes into the dataset.
        by: The name of the account that did it; it stays inside.
        role: Its role in the study, or "server".

    Raises:
        StudyError: "reason_missing"; "not_masked" where everybody may see them anyway, and where it was done before.
    """
    if not reason.strip():
        raise StudyError("reason_missing", "say why: --reason TEXT; it goes into the dataset, so name nobody")
    study = _locked(study)  # two at once would both be the first; nor may it be closed meanwhile
    state = state_of(study)
    if state not in (State.MASKED, State.NOT_YET):
        raise StudyError("not_masked", f"nothing of {study.slug} is held back: its masking is {state}")
    log.record(UNMASKED, study=study.pk, subject=("study", study.pk), facts={"role": role})
    return Deviation.objects.create(study=study, kind=Deviation.Kind.UNMASKED, reason=reason.strip(), by=by, role=role)


@transaction.atomic
def name_monitor(study: Study, user: AbstractBaseUser, *, by: str) -> Membership:
    """Let somebody who has no other role in a study see conditions and outcomes while data come in.

    Raises:
        StudyError: "role_taken": whoever runs or analyses a study shall not know.
    """
    study = _locked(study)
    member, is_new = Membership.objects.get_or_create(
        study=study, user_id=user.pk, defaults={"role": Membership.Role.MONITOR}
    )
    if member.role != Membership.Role.MONITOR:
        what = f"{user.get_username()} is {member.role} of {study.slug}"
        raise StudyError("role_taken", f"{what}: a monitor has no other part in it; name somebody else")
    if is_new:
        facts = {"user": user.pk, "named_by": by}
        log.record(MONITOR_NAMED, study=study.pk, subject=("study", study.pk), facts=facts)
    return member


@transaction.atomic
def note_look(study: Study, *, user_id: int, what: str) -> None:
    """Keep that a monitor saw something unmasked. Not among the study's own events, as downloads are not."""
    log.record(LOOKED, study=None, subject=("study", study.pk), facts={"user": user_id, "what": what})


def _locked(study: Study) -> Study:
    return Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
