"""When visits can be begun: pure. Times on a person's own clock become instants in UTC, once.

The clock of a zone jumps twice a year. A time of day that it skips is moved forward by as much as it jumps, one that it
shows twice is taken at the first, and a window lasts as long as the file says, in time that passes (PEP 495, fold 0).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from studies.schema import StudyFile
from studies.schema_waves import Between, Opens, Wave, WaveEvent
from studies.spans import Span, clock, is_date, span

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Window:
    """When one visit can be begun and finished; instants in UTC.

    Attributes:
        planned: When it was to open.
        opens: When it does: later where somebody enrols later, or the visit before leaves no earlier time.
        due: Until when it could be begun had it opened when planned.
        closes: Until when it can be begun.
        grace_until: Until when it can be finished.
    """

    planned: datetime
    opens: datetime
    due: datetime
    closes: datetime
    grace_until: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned visit: its wave, its number in the wave from 1, and the place of the wave in the study from 0."""

    wave: str
    repeat: int
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """What became of a planned visit that is over.

    Attributes:
        opened: When it opened; of one that never did, when that was clear.
        ended: When it was finished, or could not be any more.
        was_attended: Whether the person began it.
    """

    slot: Slot
    opened: datetime
    ended: datetime
    was_attended: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Whose calendar it is.

    Attributes:
        zone: Of the person's clock.
        seed: Of the study.
        code: The person's pseudonym, which with the seed decides what is drawn.
        recruited: When the person came.
        enrolled: When the first wave ended; day 0.
    """

    zone: ZoneInfo
    seed: str
    code: str
    recruited: datetime
    enrolled: datetime

    def draw(self, purpose: str, slot: Slot) -> random.Random:
        """Chance for one purpose at one visit."""
        return random.Random(f"{self.seed}/{purpose}/{self.code}/{slot.wave}/{slot.repeat}")  # noqa: S311


def slots_of(study: StudyFile) -> list[Slot]:
    """Every visit after the first wave's, in the order in which they take place."""
    later = enumerate(study.waves[1:], start=1)
    return [Slot(wave.id, repeat, at) for at, wave in later for repeat in range(1, wave.repeat + 1)]


def first_day(study: StudyFile) -> date | None:
    """The earliest day of the calendar from which visits are counted; None where all are counted from the person."""
    anchors = [wave.opens.anchor for wave in study.waves if wave.opens is not None]
    return min((date.fromisoformat(one) for one in anchors if isinstance(one, str) and is_date(one)), default=None)


def instant(day: date, at: time, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    """The instant at which the clock of a zone shows a time of day; skipped is later, repeated is the first.

    Args:
        fold: 1 for the second showing of a time that is repeated.
    """
    return datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC)


def later(start: datetime, length: Span, zone: ZoneInfo, *, at: time | None = None) -> datetime:
    """A length of time after an instant: days by the calendar of a zone, then hours and minutes that pass.

    Args:
        at: The time of day instead of that of `start`.
    """
    if at is None and not length.days:
        return start.astimezone(UTC) + length.rest
    local = start.astimezone(zone)
    time_of_day = at if at is not None else local.time()
    return instant(local.date() + timedelta(days=length.days), time_of_day, zone) + length.rest


def planned_opening(study: StudyFile, slot: Slot, person: Person, past: Sequence[Held]) -> datetime | None:
    """When a visit is to open, in UTC; None as long as that depends on a visit that is not over.

    Args:
        past: The visits that are over, in their order.
    """
    opens = study.waves[slot.at].opens
    assert opens is not None, "E306: a wave after the first says when it opens"
    if opens.anchor in ("previous_opened", "previous_ended") and len(past) < slots_of(study).index(slot):
        return None
    anchor = _anchor(study, opens, person, past)
    if anchor is None:
        return None
    length = _plus(span(opens.offset), _spacing(opens, slot, person))
    at = clock(opens.at) if opens.at is not None else None
    if at is None and isinstance(opens.anchor, str) and is_date(opens.anchor):
        at = MIDNIGHT
    opening = later(anchor, length, person.zone, at=at)
    minutes = int(span(opens.jitter).nominal.total_seconds() // 60)
    return opening + timedelta(minutes=person.draw("jitter", slot).randint(0, minutes)) if minutes else opening


def _anchor(study: StudyFile, opens: Opens, person: Person, past: Sequence[Held]) -> datetime | None:
    match opens.anchor:
        case "recruitment":
            return person.recruited
        case "enrolment":
            return person.enrolled
        case "previous_opened":
            return past[-1].opened if past else person.recruited
        case "previous_ended":
            return past[-1].ended if past else person.enrolled
        case WaveEvent():
            return _event(study, opens.anchor, person, past)
        case day:
            return instant(date.fromisoformat(day), MIDNIGHT, person.zone)


def _event(study: StudyFile, anchor: WaveEvent, person: Person, past: Sequence[Held]) -> datetime | None:
    if anchor.wave == study.waves[0].id:
        return person.enrolled if anchor.event == "last_closed_or_completed" else person.recruited
    wave = next(each for each in study.waves if each.id == anchor.wave)
    held = [each for each in past if each.slot.wave == anchor.wave]
    if anchor.event == "first_opened":
        return held[0].opened if held else None
    if len(held) < wave.repeat:
        return None
    return held[-1].opened if anchor.event == "last_opened" else held[-1].ended


def _spacing(opens: Opens, slot: Slot, person: Person) -> Span:
    """How much later than its wave's first visit this one is planned."""
    if opens.every is None:
        return Span()
    found = Span()
    for repeat in range(2, slot.repeat + 1):
        found = _plus(found, _step(opens.every, Slot(slot.wave, repeat, slot.at), person))
    return found


def _step(every: str | Between, slot: Slot, person: Person) -> Span:
    if isinstance(every, str):
        return span(every)
    low, high = (span(one) for one in every.between)
    chance = person.draw("every", slot)
    if low.days or high.days:
        return Span(days=chance.randint(low.days, high.days))
    minutes = chance.randint(*(int(one.rest.total_seconds() // 60) for one in (low, high)))
    return Span(rest=timedelta(minutes=minutes))


def _plus(one: Span, other: Span) -> Span:
    return Span(one.days + other.days, one.rest + other.rest)


def window(
    wave: Wave, planned: datetime, *, person: Person, past: Sequence[Held], until: datetime | None = None
) -> Window | None:
    """When a visit opens and closes, after what became of those before it; None where it cannot be begun at all.

    Args:
        planned: As `planned_opening` gave it.
        until: When the next visit is planned, where that is known.
    """
    return fitted(wave, planned, length_of(wave), earliest=earliest_of(wave, person, past), until=until)


def length_of(wave: Wave) -> timedelta:
    """For how long each visit of a wave can be begun."""
    assert wave.closes is not None, "E306: a wave after the first says when it closes"
    return span(wave.closes.after).nominal


def earliest_of(wave: Wave, person: Person, past: Sequence[Held]) -> datetime:
    """Before when somebody's next visit cannot open, whatever is planned."""
    attended = [each.ended for each in past if each.was_attended]
    gaps = [ended + span(wave.min_gap).nominal for ended in attended[-1:]]
    return max([person.enrolled, *(each.ended for each in past[-1:]), *gaps])


def fitted(
    wave: Wave, planned: datetime, length: timedelta, *, earliest: datetime, until: datetime | None
) -> Window | None:
    """The window of a visit that was planned to open and to last so; None where it cannot be begun at all."""
    opens, due = max(planned, earliest), planned + length
    closes = opens + length
    if opens >= due:
        if wave.late_start == "refuse":
            return None
        closes = closes if until is None else min(closes, until)
        if closes <= opens:
            return None
    return Window(planned, opens, due, closes, closes + span(wave.grace).nominal)


def next_planned(study: StudyFile, slot: Slot, person: Person, past: Sequence[Held]) -> datetime | None:
    """When the visit after one is planned, where that does not depend on it."""
    slots = slots_of(study)
    behind = slots[slots.index(slot) + 1 : slots.index(slot) + 2]
    opens = study.waves[behind[0].at].opens if behind else None
    if opens is None or opens.anchor in ("previous_opened", "previous_ended"):
        return None
    return planned_opening(study, behind[0], person, past)


def calendar(study: StudyFile, person: Person) -> list[tuple[Slot, datetime, Window | None]]:
    """Every visit with its planned opening and its window, as of somebody who comes when a visit opens."""
    past: list[Held] = []
    found: list[tuple[Slot, datetime, Window | None]] = []
    for slot in slots_of(study):
        planned = planned_opening(study, slot, person, past)
        assert planned is not None, "E305: everything that a visit is counted from comes before it"
        until = next_planned(study, slot, person, past)
        here = window(study.waves[slot.at], planned, person=person, past=past, until=until)
        ended = here.opens if here is not None else max([planned, *(each.ended for each in past[-1:])])
        past.append(Held(slot, ended, ended, here is not None))
        found.append((slot, planned, here))
    return found
