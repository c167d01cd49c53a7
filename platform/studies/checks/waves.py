"""Schedules that cannot be kept: windows that overlap, gaps that leave no time, anchors that lead nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from zoneinfo import available_timezones

from studies.checks.context import Context, meant, needs
from studies.schema_waves import Between, Ending, Opens, Wave, WaveEvent
from studies.spans import clock, is_date, span, spelled
from studies.yaml_file import Path

RELATIVE = ("previous_opened", "previous_ended")
DAY = timedelta(days=1)
NOTHING = timedelta(0)
JUMP = timedelta(hours=1)  # by as much clocks go forward


@dataclass(frozen=True)
class Course:
    """When a wave's visits are planned, in days of 24 hours since midnight of the anchor's day (or since year 1).

    What is not known, as the time of day at which somebody enrols, makes the bounds differ.
    """

    first: tuple[timedelta, timedelta]
    every: tuple[timedelta, timedelta]
    last: tuple[timedelta, timedelta]


def nominal(said: str) -> timedelta:
    """A length of time with days of 24 hours."""
    return span(said).nominal


def every_of(opens: Opens) -> tuple[timedelta, timedelta]:
    """The shortest and the longest from one visit to the next."""
    if isinstance(opens.every, Between):
        return nominal(opens.every.between[0]), nominal(opens.every.between[1])
    once = nominal(opens.every or "0d")
    return once, once


def course_of(wave: Wave) -> Course | None:
    """The course of a wave that is counted from a day; None where it is counted from what a person does."""
    opens = wave.opens
    if opens is None or not isinstance(opens.anchor, str) or opens.anchor in RELATIVE:
        return None
    low = nominal(opens.offset)
    if is_date(opens.anchor):
        low += date.fromisoformat(opens.anchor).toordinal() * DAY
    at = clock(opens.at) if opens.at else None
    low += timedelta(hours=at.hour, minutes=at.minute) if at else NOTHING
    high = low + nominal(opens.jitter) + (NOTHING if at or is_date(opens.anchor) else DAY)
    short, long = every_of(opens)
    steps = wave.repeat - 1
    return Course((low, high), (short, long), (low + steps * short, high + steps * long))


@needs("waves")
def first_wave_enrols(context: Context) -> None:
    """E306: the first wave opens when somebody comes and enrols; all others say when they open and close."""
    waves = context.study.waves
    ids = [wave.id for wave in waves]
    for at, wave in enumerate(waves):
        path: Path = ("waves", at)
        if wave.id in ids[:at]:
            context.say("E408", (*path, "id"), f'"{wave.id}" is used by an earlier wave.', "Give it another id.")
        if at == 0:
            _first(context, path, wave, is_alone=len(waves) == 1)
            continue
        for key in ("opens", "closes"):
            if getattr(wave, key) is None:
                remedy = 'Write opens: {anchor: enrolment, offset: "3d", at: "08:00"} and closes: {after: "48h"}.'
                context.say("E306", (*path, key), "is missing; only the first wave opens by itself.", remedy)
        if wave.then is not None:
            context.say("E306", (*path, "then"), "only the first wave enrols.", "Take it out.")


def _first(context: Context, path: Path, wave: Wave, *, is_alone: bool) -> None:
    opens = wave.opens
    if opens is not None and opens != Opens.model_validate({"anchor": "recruitment"}):
        what = "the first wave opens when somebody comes by the link, and only then."
        context.say("E306", (*path, "opens"), what, "Write opens: {anchor: recruitment}, or take it out.")
    for key, nothing in (("closes", None), ("repeat", 1), ("grace", "0m"), ("min_gap", "0m")):
        if getattr(wave, key) != nothing:
            what = "the first wave is one visit, begun when somebody comes; it has no window."
            context.say("E306", (*path, key), what, "Take it out, or put it into a wave of its own.")
    if not is_alone and wave.then is None:
        context.say("E306", path, "nothing says when day 0 of the calendar is.", "Write then: enrol.")
    if is_alone and wave.then is not None:
        context.say("E306", (*path, "then"), "enrols for other waves, and there are none.", "Take it out.")


@needs("waves")
def spacing_fits(context: Context) -> None:
    """E308: spacing and time of day fit the anchor and the number of visits."""
    for at, wave in enumerate(context.study.waves):
        if at and wave.opens is not None:
            for key, what, remedy in _spacing(wave, wave.opens):
                context.say("E308", ("waves", at, "opens", key), what, remedy)


def _spacing(wave: Wave, opens: Opens) -> Iterator[tuple[str, str, str]]:
    is_relative = opens.anchor in RELATIVE
    if is_relative and opens.every is not None:
        yield "every", f"each visit is counted from the one before ({opens.anchor}).", "Use offset alone."
    elif wave.repeat == 1 and opens.every is not None:
        yield "every", "the wave has one visit.", "Write repeat: N, or take it out."
    elif wave.repeat > 1 and opens.every is None and not is_relative:
        yield "every", f"is missing: {wave.repeat} visits would open at once.", 'Write every: "3d".'
    if wave.repeat > 1 and opens.every is not None and every_of(opens)[0] <= NOTHING:
        yield "every", "is nothing: several visits would open at once.", 'Write every: "3d".'
    yield from _units(opens)


def _units(opens: Opens) -> Iterator[tuple[str, str, str]]:
    if isinstance(opens.every, Between):
        low, high = opens.every.between
        if low[-1] != high[-1]:
            yield "every", f"{low} and {high} are in different units.", "Write both in d, h or m."
        elif nominal(low) >= nominal(high):
            yield "every", f"{low} is not shorter than {high}.", "Write the shorter one first."
    for key, said in (("offset", opens.offset), *(("every", one) for one in _lengths(opens))):
        if opens.at is not None and span(said).rest > NOTHING:
            what = f'{said} is no whole number of days, but at: "{opens.at}" names the time of day.'
            yield key, what, "Write days, or take at out."


def _lengths(opens: Opens) -> list[str]:
    if isinstance(opens.every, Between):
        return list(opens.every.between)
    return [opens.every] if opens.every else []


@needs("waves")
def anchors_lead_back(context: Context) -> None:
    """E303, E305: what a wave is counted from comes before it."""
    waves = context.study.waves
    ids = [wave.id for wave in waves]
    for at, wave in enumerate(waves):
        anchor = wave.opens.anchor if wave.opens else None
        if not isinstance(anchor, WaveEvent):
            continue
        path: Path = ("waves", at, "opens", "anchor")
        if anchor.wave not in ids:
            what = f'no wave is called "{anchor.wave}".'
            context.say("E305", (*path, "wave"), what, meant(anchor.wave, ids[:at]))
        elif cycle := _cycle(waves, at):
            what = f"{' -> '.join(f'waves[{ids[each]}]' for each in cycle)} is a cycle."
            context.say("E303", path, what, "Count one of them from enrolment, or from an earlier wave.")
        elif ids.index(anchor.wave) > at:
            what = f'"{anchor.wave}" comes after this wave.'
            context.say("E305", (*path, "wave"), what, "Waves stand in the order in which they take place.")


def _cycle(waves: list[Wave], start: int) -> list[int]:
    """The waves on the way from a wave by its anchors back to itself; empty where there is no way back."""
    ids = [wave.id for wave in waves]
    way, here = [start], start
    while True:
        opens = waves[here].opens
        if opens is None:
            return []
        if isinstance(opens.anchor, WaveEvent) and opens.anchor.wave in ids:
            here = ids.index(opens.anchor.wave)
        elif opens.anchor in RELATIVE and here > 0:
            here -= 1
        else:
            return []
        way.append(here)
        if here == start:
            return way
        if here in way[:-1]:
            return []  # a cycle that this wave only leads into; it is told of at one of its own


@needs("waves")
def windows_are_apart(context: Context) -> None:
    """E301, E304, W302: the windows of one wave, and of waves counted from the same day, leave time for each other."""
    waves = context.study.waves
    for at, wave in enumerate(waves):
        if at and wave.opens is not None and wave.closes is not None:
            _within(context, ("waves", at), wave, wave.opens)
            before = waves[at - 1]
            if at > 1 and before.opens is not None and before.closes is not None:
                _between(context, ("waves", at), before, wave)


def _within(context: Context, path: Path, wave: Wave, opens: Opens) -> None:
    assert wave.closes is not None
    after, grace, gap = nominal(wave.closes.after), nominal(wave.grace), nominal(wave.min_gap)
    if opens.anchor == "previous_ended" and gap > nominal(opens.offset):
        what = f"({wave.min_gap}) is longer than opens.offset ({opens.offset}); the visit never opens when planned."
        context.say("E304", (*path, "min_gap"), what, "Make offset as long as min_gap, or min_gap shorter.")
    if after <= NOTHING:
        context.say("E301", (*path, "closes", "after"), "the visit could never be begun.", 'Write after: "48h".')
    if wave.repeat == 1 or opens.every is None or opens.anchor in RELATIVE:
        return
    (short, long), jitter = every_of(opens), nominal(opens.jitter)
    if after + jitter > short:
        what = f"({spelled(after)}{_with(jitter)}) is longer than opens.every ({spelled(short)}); windows overlap."
        context.say("E301", (*path, "closes", "after"), what, "Close earlier, or leave more time from visit to visit.")
    elif wave.late_start == "refuse" and gap >= long + after + jitter:
        what = f"({wave.min_gap}) reaches beyond the next window: whoever takes part in one visit misses the next."
        context.say("E304", (*path, "min_gap"), what, "Make it shorter, or write late_start: allow_until_next.")
    elif after + jitter + grace + gap > short:
        late = spelled(after + jitter + grace + gap - short)
        what = f"latest end plus min_gap falls {late} after the next opening; late people start late."
        context.say("W302", path, what, "Close earlier, or shorten grace or min_gap.")
    elif _counts_days(opens) and after + jitter > short - JUMP:
        what = "leaves less than an hour to the next opening; the day on which clocks go forward is an hour shorter."
        context.say("W302", (*path, "closes", "after"), what, "Close at least an hour before the next visit opens.")


def _counts_days(opens: Opens) -> bool:
    """Whether the distance between visits is counted in days of the calendar, of which one a year has 23 hours."""
    return any(span(one).days for one in _lengths(opens))


def _between(context: Context, path: Path, before: Wave, wave: Wave) -> None:
    """What two waves leave each other that are counted from the same day."""
    first, second = course_of(before), course_of(wave)
    assert wave.opens is not None and before.opens is not None and before.closes is not None  # noqa: PT018
    is_same = wave.opens.anchor == before.opens.anchor
    are_dates = all(isinstance(one, str) and is_date(one) for one in (wave.opens.anchor, before.opens.anchor))
    if first is None or second is None or not (is_same or are_dates):
        return
    closes = nominal(before.closes.after)
    if second.first[1] < first.last[0] + closes:
        what = f"opens {spelled(first.last[0] + closes - second.first[1])} before the last visit of waves[{before.id}] "
        context.say("E301", (*path, "opens"), f"{what}closes; windows overlap.", "Open it later: raise offset.")
    elif second.first[0] < first.last[1] + closes + nominal(before.grace) + nominal(wave.min_gap):
        late = spelled(first.last[1] + closes + nominal(before.grace) + nominal(wave.min_gap) - second.first[0])
        what = f"latest end of waves[{before.id}] plus min_gap falls {late} after the opening; late people start late."
        context.say("W302", path, what, "Open it later, or shorten grace or min_gap.")


def _with(jitter: timedelta) -> str:
    return f" and {spelled(jitter)} of jitter" if jitter else ""


@needs("waves", "timezone")
def zone_is_known(context: Context) -> None:
    """E309: where times of day are meant, somebody's zone says which."""
    zone, path = context.study.timezone, ("timezone",)
    if zone is None:
        if len(context.study.waves) > 1:
            remedy = "Write timezone: {source: browser_confirmed}, or {source: fixed, zone: Europe/Berlin}."
            context.say("E309", path, "is missing: nothing says on whose clock a visit opens.", remedy)
        return
    if zone.source == "fixed" and zone.zone is None:
        context.say("E309", (*path, "zone"), "is missing: the same for everybody.", "Write zone: Europe/Berlin.")
    elif zone.zone is not None and zone.zone not in available_timezones():
        close = get_close_matches(zone.zone, available_timezones(), n=1)
        remedy = f"Did you mean {close[0]}?" if close else "Write a name such as Europe/Berlin."
        context.say("E309", (*path, "zone"), f'no zone is called "{zone.zone}".', remedy)


@needs("waves", "attendance")
def attendance_is_ruled(context: Context) -> None:
    """E307: how many visits may be missed is said where there are several, and can be missed at all."""
    rule, path = context.study.attendance, ("attendance",)
    later = sum(wave.repeat for wave in context.study.waves[1:])
    if rule is None:
        if later:
            remedy = "Write attendance: {max_missed: 2, on_exceed: {exit: NAME}}."
            context.say("E307", path, "is missing: nothing says what follows when visits are missed.", remedy)
        return
    if not later:
        context.say("E307", path, "there is one wave, and no visit to miss.", "Take it out.")
    elif rule.max_missed >= later:
        what = f"all {later} visits may be missed, so that nobody ever has missed too many."
        context.say("E307", (*path, "max_missed"), what, "Make it smaller.")


@needs("waves", "attendance")
def what_is_offered_comes_later(context: Context) -> None:
    """E320, W320: what is still offered to whoever missed too much is a later wave, with nothing behind it."""
    rule = context.study.attendance
    if rule is not None:
        offered_later(context, ("attendance", "on_exceed"), rule.on_exceed)


def offered_later(context: Context, path: Path, ending: Ending) -> None:
    """Say E320 and W320 of one ending."""
    if ending.still_offer is None:
        return
    ids, path = [wave.id for wave in context.study.waves], (*path, "still_offer")
    if ending.still_offer not in ids:
        context.say("E320", path, f'no wave is called "{ending.still_offer}".', meant(ending.still_offer, ids[1:]))
        return
    at = ids.index(ending.still_offer)
    if at == 0:
        context.say("E320", path, "is the first wave, which everybody has behind them.", "Name a later one.")
    elif at < len(ids) - 1:
        what = f'"{ids[at + 1]}" comes after it, and is left out for whoever is still offered "{ids[at]}".'
        context.say("W320", path, what, "Name the last wave, if those who drop out shall come to the end.")


@needs("waves", "estimated_minutes")
def minutes_add_up(context: Context) -> None:
    """W340: what people are told of each visit comes to what they are told of all together."""
    waves, told = context.study.waves, context.study.estimated_minutes
    named = [wave.minutes * wave.repeat for wave in waves if wave.minutes is not None]
    is_known = len(named) == len(waves)  # otherwise the rest takes some time, too
    if sum(named) > told or (is_known and sum(named) != told):
        what = f"({told}) is told to people of all visits together, but the minutes of the waves come to {sum(named)}."
        context.say("W340", ("estimated_minutes",), what, "Mend one of them; a wave's minutes are those of each visit.")


CHECKS = [
    first_wave_enrols,
    spacing_fits,
    anchors_lead_back,
    windows_are_apart,
    zone_is_known,
    attendance_is_ruled,
    what_is_offered_comes_later,
    minutes_add_up,
]
