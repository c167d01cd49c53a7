"""The verbs of `manage.py study` about masking: who sees conditions and outcomes while data come in, and since when."""

from collections.abc import Callable
from getpass import getuser
from typing import Any, Protocol

from django.conf import settings
from django.urls import reverse

from console.desk import has_wizards, role_in
from exports.departures import departures_of
from studies import queries
from studies.masking import services
from studies.masking.standing import State, ended_at, is_masked, state_of
from studies.models import Membership, Study
from studies.problems import StudyError

SERVER = "server"
STANDS: dict[State, str] = {
    State.NEVER: "nothing is masked: a demonstration, or simulated people",
    State.NOT_YET: "masked from the first recruited person on",
    State.MASKED: "masked until it is closed",
    State.UNMASKED: "unmasked before it was closed, {at} UTC",
    State.ENDED: "no longer masked: closed {at} UTC",
}


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any

    def say(self, text: str) -> None:
        """Print one line of good news."""


def monitor_verb(command: Teller, options: dict[str, Any]) -> None:
    """Name a monitor, or end a monitor's rights."""
    study = queries.study_named(options["study"])
    if options["end"]:
        _end_monitor(command, study, options["username"])
        return
    user = queries.researcher_named(options["username"])
    services.name_monitor(study, user, by=getuser())
    what = f"{user.get_username()} sees conditions and outcomes of {study.slug} while data come in"
    command.say(f"{what}, and each look is kept: {settings.ORIGIN}{reverse('login')}")


def _end_monitor(command: Teller, study: Study, username: str) -> None:
    services.end_monitor(study, username, by=getuser())
    command.say(f"{username} sees nothing of {study.slug} any more, and gets no other role before it is closed")
    if study.status != Study.Status.CLOSED and (warning := warning_of(study)):
        command.stdout.write(warning)


def wizard_verb(command: Teller, options: dict[str, Any]) -> None:
    """Name somebody who writes in an automated seat's place, or end that."""
    study = queries.study_named(options["study"])
    if options["end"]:
        services.end_wizard(study, options["username"], by=getuser())
        what = f"{options['username']} writes in nobody's place in {study.slug} any more"
        command.say(f"{what}, and gets no other role before it is closed")
        return
    if not has_wizards(study):
        text = f"no partner of {study.slug} has `wizard`, so that nobody may write in its place: see docs/models.md"
        raise StudyError("no_wizard", text)
    user = queries.researcher_named(options["username"])
    services.name_wizard(study, user, by=getuser())
    where = f"{settings.ORIGIN}{reverse('wizard', args=[study.slug])}"
    command.say(f"{user.get_username()} may write in an automated seat's place in {study.slug}: {where}")


def unmask_verb(command: Teller, options: dict[str, Any]) -> None:
    """Let everybody see conditions and outcomes, for a reason."""
    study = queries.study_named(options["study"])
    by, role = getuser(), SERVER
    if options["by"]:
        user = queries.researcher_named(options["by"])
        by, role = user.get_username(), role_in(study, user.pk)
        if not role:
            raise StudyError("not_a_member", f"{by} has no role in {study.slug}; leave --by out, or name who decided")
    made = services.unmask(study, reason=options["reason"], by=by, role=role)
    command.say(f"{study.slug} is unmasked since {made.at:%Y-%m-%d %H:%M} UTC; the dataset says so, and why")


def deviations_verb(command: Teller, options: dict[str, Any]) -> None:
    """Print how the masking stands, who the monitors are, and what was not as planned."""
    study = queries.study_named(options["study"])
    at = ended_at(study)
    command.stdout.write(f"{study.slug}: {STANDS[state_of(study)].format(at=f'{at:%Y-%m-%d %H:%M}' if at else '')}")
    for title, names in _apart_in(study).items():
        if names or title == "monitors":
            command.stdout.write(f"{title}: {', '.join(sorted(names)) or 'nobody'}")
    for one in departures_of(study):
        by = f", by {one.role}" if one.role else ""
        reason = f" ({one.reason})" if one.reason else ""
        command.stdout.write(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.kind}{by}: {one.what}{reason}")


def _apart_in(study: Study) -> dict[str, list[str]]:
    """Who has, or had, a part in a study that goes with no other, by what it is."""
    now = {Membership.Role.MONITOR: "monitors", Membership.Role.WIZARD: "wizards"}
    found: dict[str, list[str]] = {"monitors": [], "monitors before": [], "wizards": [], "wizards before": []}
    for member in study.memberships.select_related("user"):
        name, role = member.user.get_username(), Membership.Role(member.role)
        if role in now:
            found[now[role]].append(name)
        elif role == Membership.Role.FORMER:
            only_wrote = not services.was_named(study, member.user_id, services.MONITOR_NAMED)
            found["wizards before" if only_wrote else "monitors before"].append(name)
    return found


def warning_of(study: Study) -> str:
    """What whoever opens a study is told that nobody could look into, or write in, while data come in; else empty."""
    if study.is_demo or study.is_simulated:
        return ""
    return " ".join(filter(None, (_without_monitor(study), _without_wizard(study))))


def _without_wizard(study: Study) -> str:
    if not has_wizards(study) or study.memberships.filter(role=Membership.Role.WIZARD).exists():
        return ""
    what = (
        f"Nobody may write in an automated seat's place in {study.slug}: what `otherwise` says would follow each time"
    )
    return f"{what}. Name somebody who has no other part in it: `manage.py study wizard {study.slug} USERNAME`."


def _without_monitor(study: Study) -> str:
    if study.memberships.filter(role=Membership.Role.MONITOR).exists():
        return ""
    what = f"Nobody is a monitor of {study.slug}: until it is closed nobody can see whether one condition does harm"
    return f"{what}. Name somebody who has no other part in it: `manage.py study monitor {study.slug} USERNAME`."


def mark_of(study: Study) -> str:
    """What the list of studies says of a study that is masked now."""
    return " masked" if is_masked(study) else ""


VERBS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "monitor": monitor_verb,
    "wizard": wizard_verb,
    "unmask": unmask_verb,
    "deviations": deviations_verb,
}
