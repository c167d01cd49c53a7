"""When a study is staffed: pure functions of its hours, its zone and an instant."""

from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.dates import WEEKDAYS

from studies.schema_safety import Day, Staffed
from studies.spans import clock

DAYS: tuple[Day, ...] = get_args(Day)
A_WEEK = 7
LAST_MINUTE = timedelta(minutes=1)  # of a day: hours end at 23:59 at the latest, and may begin again at 00:00


def is_staffed(staffed: Staffed, at: datetime) -> bool:
    """Whether somebody reads along at an instant."""
    local = at.astimezone(ZoneInfo(staffed.zone))
    return any(
        DAYS[local.weekday()] in one.days and clock(one.begin) <= local.time() < clock(one.end) for one in staffed.hours
    )


def opens_at(staffed: Staffed, at: datetime) -> datetime:
    """When the hours begin next, from an instant at which they do not go on; that instant itself where they do."""
    if is_staffed(staffed, at):
        return at
    local = at.astimezone(ZoneInfo(staffed.zone))
    found = [
        datetime.combine(day.date(), clock(one.begin), tzinfo=local.tzinfo)
        for ahead in range(A_WEEK + 1)
        for day in [local + timedelta(days=ahead)]
        for one in staffed.hours
        if DAYS[day.weekday()] in one.days
    ]
    return min(one for one in found if one > local)


def first_gap(staffed: Staffed, begin: datetime, end: datetime) -> datetime | None:
    """The first instant from one to another at which nobody reads along; None where somebody always does."""
    at = begin
    while at < end:
        local = at.astimezone(ZoneInfo(staffed.zone))
        if not is_staffed(staffed, at):
            again = opens_at(staffed, at)
            if again - local > LAST_MINUTE:
                return local
            at = again
            continue
        here = [clock(one.end) for one in staffed.hours if DAYS[local.weekday()] in one.days]
        until = min(one for one in here if one > local.time())
        at = datetime.combine(local.date(), until, tzinfo=local.tzinfo)
    return None


def longest_gap(staffed: Staffed) -> timedelta:
    """The longest time in a week in which nobody reads along."""
    spans = sorted(
        (_since_monday(day, one.begin), _since_monday(day, one.end)) for one in staffed.hours for day in one.days
    )
    longest, until = timedelta(0), max(end for _, end in spans) - timedelta(days=A_WEEK)  # the last of the week before
    for begin, end in spans:
        longest, until = max(longest, begin - until), max(until, end)
    return longest


def _since_monday(day: Day, at: str) -> timedelta:
    return timedelta(days=DAYS.index(day), hours=clock(at).hour, minutes=clock(at).minute)


def hours_in_words(staffed: Staffed, language: str) -> str:
    """The hours as people read them: "Monday, Tuesday 08:00-18:00 (Europe/Berlin)", with days in their language."""
    with translation.override(language):
        spans = [
            f"{', '.join(str(WEEKDAYS[DAYS.index(day)]) for day in sorted(one.days, key=DAYS.index))} "
            f"{one.begin}\u2013{one.end}"
            for one in staffed.hours
        ]
    return f"{'; '.join(spans)} ({staffed.zone})"
