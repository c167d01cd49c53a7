"""`manage.py study plan`: the calendar of one person, before anybody has one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import CommandError

from events import clock
from scheduling.outbox import rules_of
from scheduling.reminders import after_quiet, reminder_at, useful_until
from scheduling.windows import Person, Slot, Window, calendar
from studies.check import check_folder
from studies.problems import Problem, StudyError, errors
from studies.schema import StudyFile

NOON = 12
CODE = "plan"
"""Of the person whose calendar is printed; with the seed it decides what is drawn."""


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any

    def tell(self, problem: Problem) -> None:
        """Print one problem."""

    def say(self, text: str) -> None:
        """Print one line of good news."""


def plan_verb(command: Teller, options: dict[str, Any]) -> None:
    """Print when each visit opens and closes."""
    zone = _zone(options["zone"])
    checked = check_folder(Path(options["folder"]))
    for problem in checked.problems:
        if problem.severity == "error" or problem.code.startswith("W3"):
            command.tell(problem)
    if checked.study is None or errors(checked.problems):
        raise StudyError("invalid", "a study with errors has no calendar: mend them first")
    study = checked.study
    if study.timezone is not None and study.timezone.source == "fixed" and study.timezone.zone is not None:
        zone = _zone(study.timezone.zone)
    enrolled = _enrolled(options["enrolled"], zone)
    person = Person(zone, options["seed"], CODE, recruited=enrolled, enrolled=enrolled)
    for line in lines_of(study, person):
        command.stdout.write(line)
    command.say("as of somebody who comes whenever a visit opens; whoever comes later moves what is counted from it")


def lines_of(study: StudyFile, person: Person) -> Iterator[str]:
    """The calendar, a line for each visit; in the person's own zone, with its distance to UTC."""
    yield f"{study.id}, {person.zone.key}, seed {person.seed}"
    yield f"{'visit':30} {'opens':27} {'closes':27} {'to be finished by':27}"
    before = person.enrolled.astimezone(person.zone)
    yield f"{study.waves[0].id:30} {_shown(before)}"
    for slot, planned, here in calendar(study, person):
        opens = (planned if here is None else here.opens).astimezone(person.zone)
        mark = "  the clocks have changed" if opens.utcoffset() != before.utcoffset() else ""
        before = opens
        yield f"{_name(study, slot):30} {_told(opens, here, person.zone)}{mark}"
        if here is not None:
            yield from _reminders(study, slot, here, person.zone)


def _reminders(study: StudyFile, slot: Slot, here: Window, zone: ZoneInfo) -> Iterator[str]:
    """When somebody is reminded of a visit of whom it is so what each reminder is for."""
    hours = study.reminders.quiet_hours if study.reminders is not None else None
    for number, rule in enumerate(rules_of(study, slot.wave), start=1):
        planned = reminder_at(rule, opens=here.opens, closes=here.closes, zone=zone)
        sent = after_quiet(planned, hours, zone)
        until = useful_until(rule, closes=here.closes, grace_until=here.grace_until)
        name = f"  reminder {number}"
        if sent >= until:
            what = f"is not sent: quiet hours from {planned.astimezone(zone):%H:%M} on last until the visit is over"
            yield f"{name:30} {_shown(planned.astimezone(zone))} {what}"
            continue
        moved = f", planned for {planned.astimezone(zone):%H:%M}, in quiet hours" if sent != planned else ""
        yield f"{name:30} {_shown(sent.astimezone(zone))} if {rule.only_if}{moved}"


def _told(opens: datetime, here: Window | None, zone: ZoneInfo) -> str:
    if here is None:
        return f"{_shown(opens)} cannot be begun: the visit before leaves no time (late_start: refuse)"
    closes, grace = here.closes.astimezone(zone), here.grace_until.astimezone(zone)
    return f"{_shown(opens)} {_shown(closes)} {_shown(grace)}"


def _name(study: StudyFile, slot: Slot) -> str:
    count = study.waves[slot.at].repeat
    return slot.wave if count == 1 else f"{slot.wave} {slot.repeat} of {count}"


def _shown(local: datetime) -> str:
    return f"{local:%a %Y-%m-%d %H:%M} {local.strftime('%z')[:3]}:{local.strftime('%z')[3:5]}".ljust(27)


def _zone(said: str) -> ZoneInfo:
    if said not in available_timezones():
        raise CommandError(f'no zone is called "{said}": write a name such as Europe/Berlin or America/New_York')
    return ZoneInfo(said)


def _enrolled(said: str | None, zone: ZoneInfo) -> datetime:
    if said is None:
        return clock.now().astimezone(zone)
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise CommandError(f'"{said}" is no day: write --enrolled 2027-03-20, or "2027-03-20 14:30"') from error
    if found.tzinfo is not None:
        raise CommandError("--enrolled is a time on the person's own clock: leave the distance to UTC out")
    return found.replace(hour=found.hour if len(said) > len("2027-03-20") else NOON, tzinfo=zone)
