"""Who is let to see conditions and outcomes while data come in. Each verb is one transaction, and is kept."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from events import log
from events.models import Event
from studies.masking.standing import State, state_of
from studies.models import Deviation, Membership, Study
from studies.problems import StudyError

MONITOR_NAMED, MONITOR_ENDED = "study.monitor_named", "study.monitor_ended"
WIZARD_NAMED, WIZARD_ENDED = "study.wizard_named", "study.wizard_ended"
UNMASKED, LOOKED = "study.unmasked", "data.monitored"


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

    Whoever was a monitor before may be one again.

    Raises:
        StudyError: "role_taken": whoever runs or analyses a study shall not know.
    """
    study = _locked(study)
    member, is_new = _apart(study, user, Membership.Role.MONITOR)
    if is_new or member.role == Membership.Role.FORMER:
        _become(member, Membership.Role.MONITOR, MONITOR_NAMED, {"named_by": by})
    return member


@transaction.atomic
def end_monitor(study: Study, username: str, *, by: str) -> Membership:
    """Let a monitor see nothing of a study any more. They know: `studies.services.add_member` gives them no other role.

    Args:
        username: Of the monitor, whose account may be closed by now.

    Raises:
        StudyError: "not_a_monitor".
    """
    return _ended(study, username, Membership.Role.MONITOR, MONITOR_ENDED, by=by)


@transaction.atomic
def name_wizard(study: Study, user: AbstractBaseUser, *, by: str) -> Membership:
    """Let somebody who has no other role in a study write in an automated seat's place, where its file lets people.

    They read what is said to that seat, and nothing else of the study.

    Raises:
        StudyError: "role_taken": whoever runs or analyses a study, or has seen conditions and outcomes, shall not.
    """
    study = _locked(study)
    member, is_new = _apart(study, user, Membership.Role.WIZARD)
    if was_named(study, user.pk, MONITOR_NAMED):
        what = f"{user.get_username()} was a monitor of {study.slug}, and knows conditions and outcomes"
        raise StudyError("role_taken", f"{what}: name somebody else")
    if is_new or member.role == Membership.Role.FORMER:
        _become(member, Membership.Role.WIZARD, WIZARD_NAMED, {"named_by": by})
    return member


@transaction.atomic
def end_wizard(study: Study, username: str, *, by: str) -> Membership:
    """Let somebody write in nobody's place any more. They have read: they get no other role before it is closed.

    Raises:
        StudyError: "not_a_wizard".
    """
    return _ended(study, username, Membership.Role.WIZARD, WIZARD_ENDED, by=by)


def was_named(study: Study, user_id: int, kind: str) -> bool:
    """Whether an account was ever named as a monitor (`MONITOR_NAMED`), or to write (`WIZARD_NAMED`)."""
    return Event.objects.filter(study_id=study.pk, kind=kind, facts__user=user_id).exists()


def _apart(study: Study, user: AbstractBaseUser, role: str) -> tuple[Membership, bool]:
    """The membership of somebody who is to have this role alone, and whether it is new."""
    member, is_new = Membership.objects.get_or_create(study=study, user_id=user.pk, defaults={"role": role})
    if member.role not in (role, Membership.Role.FORMER):
        what = f"{user.get_username()} is {member.role} of {study.slug}"
        raise StudyError("role_taken", f"{what}: a {role} has no other part in it; name somebody else")
    return member, is_new


def _ended(study: Study, username: str, role: str, event: str, *, by: str) -> Membership:
    study = _locked(study)
    members = study.memberships.filter(role=role).select_related("user")
    member = members.filter(user__username=username).first()
    if member is None:
        names = ", ".join(sorted(one.user.get_username() for one in members)) or "nobody"
        raise StudyError(f"not_a_{role}", f"{username} is no {role} of {study.slug}; there are: {names}")
    _become(member, Membership.Role.FORMER, event, {"ended_by": by})
    return member


def _become(member: Membership, role: str, event: str, facts: Mapping[str, str]) -> None:
    member.role = role
    member.save(update_fields=["role"])
    about = ("study", member.study_id)
    log.record(event, study=member.study_id, subject=about, facts={"user": member.user_id, **facts})


@transaction.atomic
def note_look(study: Study, *, user_id: int, what: str) -> None:
    """Keep that a monitor saw something unmasked. Not among the study's own events, as downloads are not."""
    log.record(LOOKED, study=None, subject=("study", study.pk), facts={"user": user_id, "what": what})


def _locked(study: Study) -> Study:
    return Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
