"""`manage.py study plan`: the calendar of one person, or of two who last as a pair, before anybody has one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import CommandError

from events import clock
from scheduling.outbox import rules_of
from scheduling.reminders import after_quiet, reminder_at, useful_until
from scheduling.together import Shared, shared_calendar
from scheduling.windows import Person, Slot, Window, calendar
from studies.check import check_folder
from studies.lasting import lasting
from studies.problems import Problem, StudyError, errors
from studies.schema import StudyFile
from studies.spans import span, spelled

NOON = 12
CODE = "plan"
"""Of the person whose calendar is printed; with the seed it decides what is drawn."""
PARTNER_CODE, PAIR_CODE = "plan-partner", "plan-pair"


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
    study, partner = checked.study, options["partner_zone"]
    if study.timezone is not None and study.timezone.source == "fixed" and study.timezone.zone is not None:
        zone = _zone(study.timezone.zone)
        partner = partner and study.timezone.zone
    enrolled = _enrolled(options["enrolled"], zone)
    person = Person(zone, options["seed"], CODE, recruited=enrolled, enrolled=enrolled)
    lines, who = lines_of(study, person), "somebody who comes"
    if partner is not None:
        other = replace(person, zone=_zone(partner), code=PARTNER_CODE)
        lines, who = pair_lines(study, (person, other)), "two people who come"
    for line in lines:
        command.stdout.write(line)
    command.say(f"as of {who} whenever a visit opens; whoever comes later moves what is counted from it")


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


def pair_lines(study: StudyFile, people: tuple[Person, Person]) -> Iterator[str]:
    """The calendar of two people: two lines for each visit, by the clock of the one and by that of the other.

    Raises:
        CommandError: no group of the study lasts.
    """
    rule = lasting(study)
    if rule is None:
        raise CommandError(f"{study.id} has no group that lasts: leave --partner-zone out")
    least = span(rule.least).nominal
    yield f"{study.id}, {' and '.join(one.zone.key for one in people)}, seed {people[0].seed}"
    yield f"{'visit':30} {'opens':27} {'closes':27} {'to be finished by':27}"
    yield f"{study.waves[0].id:30} {_shown(people[0].enrolled.astimezone(people[0].zone))}"
    for here in shared_calendar(study, people, PAIR_CODE, least):
        names = (_name(study, here.slot), "")
        for name, who, planned, opened in zip(names, people, here.planned, here.windows, strict=True):
            at = (planned if opened is None else opened.opens).astimezone(who.zone)
            yield f"{name:30} {_told(at, opened, who.zone) if opened else _shown(planned.astimezone(who.zone))}"
        yield f"{'':30} {_shared(here, least, rule.on_short)}"
        if here.is_short and rule.on_short == "end_pair":
            return


def _shared(here: Shared, least: timedelta, on_short: str) -> str:
    """What two people share of a visit."""
    if here.overlap is None:
        return "each comes alone: they do not meet in this visit"
    if here.is_short:
        follows = "the pair ends" if on_short == "end_pair" else "the visit is let be"
        return f"their windows overlap by {spelled(here.overlap)}, and least is {spelled(least)}: {follows} (on_short)"
    if here.windows[0] is None:
        return "cannot be begun: the visit before leaves no time (late_start: refuse)"
    return f"both can begin for {spelled(here.overlap)}"


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
