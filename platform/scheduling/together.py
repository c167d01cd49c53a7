"""When two people meet who are planned together: where their own windows overlap, each by its own clock. Pure.

What is drawn is drawn for both at once, and what a visit is counted from is what happened later to one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from scheduling.windows import (
    Held,
    Person,
    Slot,
    Window,
    earliest_of,
    fitted,
    later,
    length_of,
    next_planned,
    planned_opening,
    slots_of,
    window,
)
from studies.lasting import meets_in
from studies.schema import StudyFile
from studies.spans import Span


@dataclass(frozen=True, slots=True)
class Couple:
    """Two people as they are planned together: they differ by the zones of their clocks alone."""

    one: Person
    other: Person

    @classmethod
    def of(cls, one: Person, other: Person, code: str) -> "Couple":
        """Two people, with the pair's code for chance.

        Args:
            code: The pseudonym of the pair, which with the seed decides what is drawn.
        """
        recruited, enrolled = max(one.recruited, other.recruited), max(one.enrolled, other.enrolled)
        both = [replace(each, code=code, recruited=recruited, enrolled=enrolled) for each in (one, other)]
        return cls(*both)

    @property
    def both(self) -> tuple[Person, Person]:
        """The one, then the other."""
        return self.one, self.other


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where the windows of two people overlap, had each opened as planned; instants in UTC.

    Attributes:
        planned: When it was to open for the one, and for the other.
        opens: When it is open for both.
        closes: Until when it is. Not after `opens` where they do not overlap at all.
    """

    planned: tuple[datetime, datetime]
    opens: datetime
    closes: datetime

    @property
    def length(self) -> timedelta:
        """For how long both can begin; never less than nothing."""
        return max(timedelta(0), self.closes - self.opens)


def overlap(study: StudyFile, slot: Slot, couple: Couple, past: Sequence[Held]) -> Overlap | None:
    """Where the two windows of a visit overlap; None as long as that depends on a visit that is not over.

    Args:
        past: The visits of both that are over: see `merged`.
    """
    planned = [planned_opening(study, slot, each, past) for each in couple.both]
    one, other = planned
    if one is None or other is None:
        return None
    return _overlap(one, other, length_of(study.waves[slot.at]))


def _overlap(one: datetime, other: datetime, length: timedelta) -> Overlap:
    return Overlap((one, other), max(one, other), min(one, other) + length)


def merged(one: Sequence[Held], other: Sequence[Held]) -> list[Held]:
    """What became of the visits of both that are over, as one: whatever happened later counts."""
    return [
        Held(a.slot, max(a.opened, b.opened), max(a.ended, b.ended), a.was_attended or b.was_attended)
        for a, b in zip(one, other, strict=False)
    ]


def shared_window(
    study: StudyFile,
    slot: Slot,
    found: Overlap,
    *,
    couple: Couple,
    pasts: tuple[Sequence[Held], Sequence[Held]],
) -> Window | None:
    """When both can begin a visit, after what became of those before it; None where that leaves no time."""
    wave, past = study.waves[slot.at], merged(*pasts)
    earliest = max(earliest_of(wave, each, own) for each, own in zip(couple.both, pasts, strict=True))
    behind = [next_planned(study, slot, each, past) for each in couple.both]
    until = max((at for at in behind if at is not None), default=None)
    return fitted(wave, found.opens, found.length, earliest=earliest, until=until)


def meeting_again(
    study: StudyFile, slot: Slot, found: Overlap, after: Span, *, couple: Couple, least: timedelta
) -> Overlap | None:
    """The same times of day some days later; None where the windows then overlap by less than will do.

    Args:
        found: Of the first attempt.
        after: How much later, in days of each one's calendar.
    """
    one, other = (later(at, after, who.zone) for at, who in zip(found.planned, couple.both, strict=True))
    again = _overlap(one, other, length_of(study.waves[slot.at]))
    return again if again.length >= least else None


@dataclass(frozen=True, slots=True)
class Shared:
    """One visit in the calendar of two people.

    Attributes:
        planned: When it is to open for the one, and for the other.
        windows: Of the one and of the other; the same where they meet, None where it cannot be begun.
        overlap: Where they meet: for how long their windows overlap; None where each comes alone.
        is_short: Whether they meet, and that is too short.
    """

    slot: Slot
    planned: tuple[datetime, datetime]
    windows: tuple[Window | None, Window | None]
    overlap: timedelta | None = None
    is_short: bool = False


def shared_calendar(study: StudyFile, people: tuple[Person, Person], code: str, least: timedelta) -> list[Shared]:
    """Every visit of two people, as of two who come when a visit opens.

    Args:
        code: The pseudonym of the pair.
        least: The shortest window that will do.
    """
    couple, pasts = Couple.of(*people, code), _Pasts([], [])
    found: list[Shared] = []
    for slot in slots_of(study):
        meets = meets_in(study, study.waves[slot.at])
        here = _meeting(study, slot, couple, pasts, least) if meets else _alone(study, slot, people, pasts)
        for own, planned, opened in zip(pasts, here.planned, here.windows, strict=True):
            ended = opened.opens if opened is not None else max([planned, *(each.ended for each in own[-1:])])
            own.append(Held(slot, ended, ended, opened is not None))
        found.append(here)
    return found


class _Pasts(NamedTuple):
    """What became of the visits of the one, and of the other."""

    one: list[Held]
    other: list[Held]


def _meeting(study: StudyFile, slot: Slot, couple: Couple, pasts: _Pasts, least: timedelta) -> Shared:
    here = overlap(study, slot, couple, merged(*pasts))
    assert here is not None, "E305: everything that a visit is counted from comes before it"
    is_short = here.length < least
    both = None if is_short else shared_window(study, slot, here, couple=couple, pasts=pasts)
    return Shared(slot, here.planned, (both, both), here.length, is_short)


def _alone(study: StudyFile, slot: Slot, people: tuple[Person, Person], pasts: _Pasts) -> Shared:
    planned, windows = [], []
    for who, past in zip(people, pasts, strict=True):
        at = planned_opening(study, slot, who, past)
        assert at is not None, "E305: everything that a visit is counted from comes before it"
        planned.append(at)
        until = next_planned(study, slot, who, past)
        windows.append(window(study.waves[slot.at], at, person=who, past=past, until=until))
    return Shared(slot, (planned[0], planned[1]), (windows[0], windows[1]))
