"""Two people who are planned together: their windows overlap by both clocks, on any day and in any two zones."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.together import Couple, Overlap, meeting_again, merged, overlap, shared_calendar, shared_window
from scheduling.windows import Held, Person, instant, length_of, slots_of
from studies.schema import StudyFile
from studies.schema_partners import GroupPlan
from studies.schema_waves import Timezone, Wave
from studies.spans import span
from tests.scheduling.test_windows import ZONES, clocks, days, jumps, zones

ROOM = {
    "id": "lobby", "kind": "waiting_room", "forms": "two", "page": "waiting.md", "pay_per_minute": "0.10",
    "on_timeout": {"exit": "no_group"},
}  # fmt: skip
SURVEY = {"id": "s", "kind": "survey", "items": "survey.yaml"}
TALK: dict[str, Any] = {
    "id": "talk",
    "repeat": 4,
    "opens": {"anchor": "enrolment", "offset": "1d", "every": "3d", "at": "18:00"},
    "closes": {"after": "6h"},
    "grace": "1h",
    "min_gap": "20h",
    "stages": [ROOM],
}
AFTER = {"id": "after", "opens": {"anchor": {"wave": "talk", "event": "last_closed_or_completed"}, "offset": "1d"},
         "closes": {"after": "5d"}, "stages": [SURVEY]}  # fmt: skip
LASTS = {
    "least": "30m", "on_short": "excuse", "on_absent": {"then": "end_visit"}, "on_drop_out": {"then": "end_pair"},
}  # fmt: skip
LEAST = timedelta(minutes=30)
START = datetime(2027, 3, 20, 13, tzinfo=UTC)


def study(*waves: dict[str, Any]) -> StudyFile:
    first: dict[str, Any] = {"id": "intake", "then": "enrol", "stages": [ROOM]}
    made = [Wave.model_validate(each) for each in (first, *waves)]
    plan = {"roles": {"talker": {"humans": 2}}, "partners": {"human": "person"}, "lasts": LASTS}
    groups = {"two": GroupPlan.model_validate(plan)}
    return StudyFile.model_construct(
        waves=made, groups=groups, timezone=Timezone(source="browser_confirmed", zone=None)
    )


def person(zone: str | ZoneInfo, enrolled: datetime = START, code: str = "p1") -> Person:
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    return Person(zone, "seed", code, recruited=enrolled - timedelta(minutes=20), enrolled=enrolled)


def couple(one: str | ZoneInfo, other: str | ZoneInfo, enrolled: datetime = START) -> Couple:
    return Couple.of(person(one, enrolled), person(other, enrolled, "p2"), "d1")


@settings(deadline=None, max_examples=300)
@given(one=zones, other=zones, day=days, at=clocks, hours=st.integers(1, 48))
def test_every_instant_of_an_overlap_is_in_both_windows_and_no_other_is(
    one: ZoneInfo, other: ZoneInfo, day: date, at: time, hours: int
) -> None:
    here = study({**TALK, "closes": {"after": f"{hours}h"}})
    slot, two = slots_of(here)[0], couple(one, other, instant(day, at, one))
    found = overlap(here, slot, two, [])
    assert found is not None
    windows = [(opens, opens + timedelta(hours=hours)) for opens in found.planned]
    instants = {edge + timedelta(minutes=n) for window in windows for edge in window for n in (-1, 0, 1)}
    for each in instants:
        is_in_both = all(opens <= each < closes for opens, closes in windows)
        assert is_in_both == (found.opens <= each < found.closes)
    assert found.length == max(timedelta(0), timedelta(hours=hours) - abs(found.planned[0] - found.planned[1]))
    for opens, who in zip(found.planned, two.both, strict=True):
        local = opens.astimezone(who.zone)
        assert local.date() == instant(day, at, one).astimezone(who.zone).date() + timedelta(days=1)
        assert (
            timedelta(0) <= local.replace(tzinfo=None) - datetime.combine(local.date(), time(18)) <= timedelta(hours=1)
        )


@settings(deadline=None)
@given(one=zones, other=zones, day=days, at=clocks)
def test_it_does_not_matter_who_is_the_one_and_who_the_other(
    one: ZoneInfo, other: ZoneInfo, day: date, at: time
) -> None:
    here, enrolled = study(TALK), instant(day, at, one)
    slot = slots_of(here)[1]
    there, back = (overlap(here, slot, couple(*two, enrolled), []) for two in ((one, other), (other, one)))
    assert there is not None
    assert back is not None
    assert (there.opens, there.closes, there.planned) == (back.opens, back.closes, back.planned[::-1])


@pytest.mark.parametrize("name", ZONES)
def test_two_with_the_same_clock_share_the_whole_window_on_each_day_on_which_it_jumps(name: str) -> None:
    zone = ZoneInfo(name)
    for day in [day for year in range(2025, 2031) for day in jumps(zone, year)]:
        here = study(TALK)
        enrolled = instant(day - timedelta(days=1), time(12), zone)
        found = overlap(here, slots_of(here)[0], couple(zone, zone, enrolled), [])
        assert found is not None
        assert found.length == timedelta(hours=6)
        assert found.opens.astimezone(zone).date() == day


def test_weeks_in_which_only_one_clock_has_changed_move_the_overlap() -> None:
    """Clocks go forward in New York on 14 March 2027, and in Berlin on 28 March."""
    here = study({**TALK, "repeat": 7, "opens": {**TALK["opens"], "every": "7d"}})
    enrolled = datetime(2027, 3, 6, 13, tzinfo=UTC)
    found = shared_calendar(
        here, (person("Europe/Berlin", enrolled), person("America/New_York", enrolled)), "d1", LEAST
    )
    assert [each.overlap for each in found] == [
        timedelta(0), timedelta(hours=1), timedelta(hours=1), timedelta(0), timedelta(0), timedelta(0), timedelta(0),
    ]  # fmt: skip
    assert [each.is_short for each in found] == [True, False, False, True, True, True, True]
    window = found[1].windows[0]
    assert window is not None
    assert window.opens.astimezone(ZoneInfo("America/New_York")).hour == 18
    assert window.closes.astimezone(ZoneInfo("Europe/Berlin")).hour == 0


@settings(deadline=None, max_examples=60)
@given(one=zones, other=zones, day=days, at=clocks, seed=st.integers(0, 999))
def test_calendar_of_two_is_in_order_and_never_in_anybodys_own_time_alone(
    one: ZoneInfo, other: ZoneInfo, day: date, at: time, seed: int
) -> None:
    opens = {"anchor": "enrolment", "every": {"between": ["2d", "4d"]}, "at": "09:00", "jitter": "90m"}
    here = study({**TALK, "opens": opens, "closes": {"after": "20h"}}, AFTER)
    enrolled = instant(day, at, one)
    two = (person(one, enrolled), person(other, enrolled, "p2"))
    found = shared_calendar(here, two, f"d{seed}", LEAST)
    assert found == shared_calendar(here, two, f"d{seed}", LEAST), "always the same again"
    assert [each.slot for each in found] == slots_of(here)
    for each in found[:-1]:
        assert each.windows[0] == each.windows[1]
        assert each.overlap is not None
        assert each.is_short == (each.overlap < LEAST)
        drawn = [at.astimezone(who.zone) for at, who in zip(each.planned, two, strict=True)]
        assert drawn[0].time() == drawn[1].time(), "one jitter for both"
    opened = [each.windows[0] for each in found[:-1] if each.windows[0] is not None]
    assert all(later.opens >= earlier.opens for earlier, later in pairwise(opened))
    assert found[-1].overlap is None
    assert not found[-1].is_short


def test_pair_draws_once_and_others_draw_otherwise() -> None:
    every = {"anchor": "enrolment", "every": {"between": ["2d", "9d"]}, "at": "09:00"}
    here = study({**TALK, "opens": every})
    two = (person("UTC"), person("UTC", code="p2"))
    found = {tuple(each.planned[0] for each in shared_calendar(here, two, f"d{n}", LEAST)) for n in range(20)}
    assert len(found) > 10
    for each in shared_calendar(here, two, "d1", LEAST):
        assert each.planned[0] == each.planned[1]


def test_what_happened_later_to_one_counts_for_both() -> None:
    here = study(TALK)
    slots = slots_of(here)
    late, early = START + timedelta(days=2), START + timedelta(days=1)
    one = [Held(slots[0], early, late)]
    other = [Held(slots[0], late, early, was_attended=False)]
    assert merged(one, other) == [Held(slots[0], late, late, was_attended=True)]
    two = Couple.of(person("UTC", early), person("UTC", late, "p2"), "d1")
    assert {each.enrolled for each in two.both} == {late}
    assert {each.code for each in two.both} == {"d1"}


def test_gap_after_the_visit_of_either_moves_both() -> None:
    here = study(TALK)
    slots, two = slots_of(here), couple("UTC", "UTC")
    found = overlap(here, slots[1], two, [])
    assert found is not None
    early = Held(slots[0], START, found.opens - timedelta(hours=30))
    late = Held(slots[0], START, found.opens - timedelta(hours=18))
    for pasts in (([early], [late]), ([late], [early])):
        window = shared_window(here, slots[1], found, couple=two, pasts=pasts)
        assert window is not None
        assert window.opens == found.opens + timedelta(hours=2)
        assert window.closes - window.opens == timedelta(hours=6)
    too_late = Held(slots[0], START, found.opens - timedelta(hours=13))
    assert shared_window(here, slots[1], found, couple=two, pasts=([early], [too_late])) is None


@settings(deadline=None)
@given(one=zones, other=zones, day=days, after=st.integers(1, 5))
def test_second_chance_is_at_the_same_times_of_day(one: ZoneInfo, other: ZoneInfo, day: date, after: int) -> None:
    here = study({**TALK, "closes": {"after": "20h"}})
    slot, two = slots_of(here)[0], couple(one, other, instant(day, time(12), one))
    first = overlap(here, slot, two, [])
    assert first is not None
    assume(first.length >= timedelta(hours=3))
    again = meeting_again(here, slot, first, span(f"{after}d"), couple=two, least=LEAST)
    assert again is not None, "clocks jump by two hours at most, one for each"
    for before, later, who in zip(first.planned, again.planned, two.both, strict=True):
        assert later.astimezone(who.zone).date() == before.astimezone(who.zone).date() + timedelta(days=after)
    assert again.length == length_of(here.waves[1]) - abs(again.planned[0] - again.planned[1])


def test_second_chance_that_is_too_short_is_none() -> None:
    here = study(TALK)
    slot, two = slots_of(here)[0], couple("Europe/Berlin", "America/New_York")
    far = Overlap((START, START + timedelta(hours=6)), START + timedelta(hours=6), START + timedelta(hours=6))
    assert far.length == timedelta(0)
    assert meeting_again(here, slot, far, span("1d"), couple=two, least=LEAST) is None


def test_visit_in_which_they_do_not_meet_is_each_ones_own() -> None:
    here = study({**TALK, "repeat": 1}, AFTER)
    found = shared_calendar(here, (person("Europe/Berlin"), person("Asia/Tokyo", code="p2")), "d1", timedelta(hours=9))
    meeting, own = found
    assert meeting.is_short
    assert meeting.windows == (None, None)
    assert all(window is not None for window in own.windows)
