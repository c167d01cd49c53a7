"""The weeks of seven conversations with a change of clocks among them: forward and back, in every zone that has one."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.places import ROOT
from scheduling.windows import Held, Person, Slot, Window, next_planned, planned_opening, slots_of
from scheduling.windows import instant as instant_at
from scheduling.windows import window as window_of
from studies.check import check_folder
from studies.schema import StudyFile
from tests.scheduling.test_windows import ZONES, clocks, jumps, person

STUDY = ROOT / "experiments" / "longitudinal_chat" / "studies" / "seven_chats"
YEARS = range(2025, 2031)
FORWARD, BACK = 1, -1
LENGTH = {"chat": timedelta(hours=36), "final": timedelta(days=5)}
GAP = timedelta(hours=8)
FIRST, LEAST_DAYS = 1, 13  # the first conversation is the day after, the seventh at the soonest twelve days later


@dataclass(frozen=True)
class Change:
    """A day on which the clock of a zone jumps, and which way."""

    zone: ZoneInfo
    day: date
    way: int


def changes_of(name: str) -> Sequence[Change]:
    zone = ZoneInfo(name)
    return [Change(zone, day, _way(zone, day)) for year in YEARS for day in jumps(zone, year)]


def _way(zone: ZoneInfo, day: date) -> int:
    before, after = (datetime.combine(each, time(12), zone).utcoffset() for each in (day - timedelta(days=1), day))
    assert before is not None
    assert after is not None
    return FORWARD if after > before else BACK


CHANGES = [change for name in ZONES for change in changes_of(name)]
changes = st.sampled_from([FORWARD, BACK]).flatmap(
    lambda way: st.sampled_from([change for change in CHANGES if change.way == way])
)


@cache
def seven_chats() -> StudyFile:
    found = check_folder(STUDY).study
    assert found is not None
    return found


def test_zones_are_many_and_change_both_ways() -> None:
    assert len(ZONES) >= 20
    for way in (FORWARD, BACK):
        assert len({change.zone.key for change in CHANGES if change.way == way}) >= 15


def weeks(who: Person, chance: random.Random) -> list[tuple[Slot, Window, Held]]:
    """The window of each visit of somebody who comes, or does not, as it happens, and what became of it."""
    here, past, found = seven_chats(), list[Held](), []
    for slot in slots_of(here):
        planned = planned_opening(here, slot, who, past)
        assert planned is not None
        until = next_planned(here, slot, who, past)
        window = window_of(here.waves[slot.at], planned, person=who, past=past, until=until)
        assert window is not None, "36 hours, 2 of grace and a gap of 8 fit into two days, also into one of 23 hours"
        if chance.random() < 0.3:
            past.append(Held(slot, window.opens, window.closes, was_attended=False))
        else:
            begun = window.opens + chance.random() * (window.closes - window.opens)
            past.append(Held(slot, window.opens, begun + chance.random() * (window.grace_until - begun)))
        found.append((slot, window, past[-1]))
    return found


@settings(deadline=None, max_examples=300)
@given(change=changes, before=st.integers(FIRST + 1, LEAST_DAYS - 1), at=clocks, seed=st.integers(0, 10**6))
def test_visits_on_both_sides_of_a_change_have_one_window_each_at_the_same_time_of_day(
    change: Change, before: int, at: time, seed: int
) -> None:
    zone = change.zone
    who = person(zone, instant_at(change.day - timedelta(days=before), at, zone), seed=str(seed))
    found = weeks(who, random.Random(seed))
    assert [slot for slot, _, _ in found] == slots_of(seven_chats()), "one for each visit, in order"
    end = who.enrolled
    for slot, window, held in found:
        assert window.opens == window.planned, "never moved: there is always time for it"
        assert window.closes - window.opens == LENGTH[slot.wave], "of the same length also where a day has 23 hours"
        assert (window.opens.astimezone(zone).hour, window.opens.astimezone(zone).minute) == (8, 0)
        assert window.opens >= end, "none before the one before is over"
        end = held.ended
    chats = [window.opens.astimezone(zone) for slot, window, _ in found if slot.wave == "chat"]
    offsets = [opens.utcoffset() or timedelta(0) for opens in chats]
    steps = [(later.date() - earlier.date()).days for earlier, later in pairwise(chats)]
    assert all(2 <= step <= 4 for step in steps), "days of the calendar, whatever their hours"
    first, last = offsets[0], offsets[-1]
    assert (last > first) - (last < first) == change.way, "the clock did change among them"
    assert offsets == sorted(offsets, reverse=change.way == BACK), "and once"


@pytest.mark.parametrize("name", sorted({change.zone.key for change in CHANGES}))
def test_day_on_which_the_clock_jumps_has_its_window_like_any_other(name: str) -> None:
    """Where somebody enrols on the day before, so that the first conversation opens on that very day."""
    for change in changes_of(name):
        who = person(change.zone, instant_at(change.day - timedelta(days=1), time(12), change.zone))
        (_, window, _), *_ = weeks(who, random.Random(1))
        assert window.opens == instant_at(change.day, time(8), change.zone)
        assert window.closes - window.opens == LENGTH["chat"]
