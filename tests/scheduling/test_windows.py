"""Windows in every zone, on the days on which its clock jumps, and for people who come late, too late or never."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.windows import Held, Person, Slot, Window, calendar, instant, next_planned, planned_opening, slots_of
from scheduling.windows import window as window_of
from studies.schema import StudyFile
from studies.schema_waves import Timezone, Wave

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles",
    "America/St_Johns", "America/Santiago", "America/Havana", "America/Asuncion", "America/Sao_Paulo",
    "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata",
    "Asia/Tokyo", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Chatham", "Pacific/Auckland",
    "Pacific/Kiritimati", "Pacific/Norfolk", "Atlantic/Azores",
]  # fmt: skip
STAGES = [{"id": "s", "kind": "survey", "items": "survey.yaml"}]
CHAT: dict[str, Any] = {
    "id": "chat",
    "repeat": 7,
    "opens": {"anchor": "enrolment", "offset": "0d", "every": "3d", "at": "08:00"},
    "closes": {"after": "48h"},
    "grace": "4h",
    "min_gap": "20h",
}
FINAL: dict[str, Any] = {
    "id": "final",
    "opens": {"anchor": {"wave": "chat", "event": "last_closed_or_completed"}},
    "closes": {"after": "5d"},
}
zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2025, 1, 1), date(2030, 12, 31))
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def study(*waves: dict[str, Any]) -> StudyFile:
    first: dict[str, Any] = {"id": "intake", "then": "enrol"}
    made = [Wave.model_validate({"stages": STAGES, **each}) for each in (first, *waves)]
    return StudyFile.model_construct(waves=made, timezone=Timezone(source="browser_confirmed", zone=None))


def person(zone: str | ZoneInfo, enrolled: datetime, *, code: str = "p1", seed: str = "seed") -> Person:
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    return Person(zone, seed, code, recruited=enrolled - timedelta(minutes=20), enrolled=enrolled)


def jumps(zone: ZoneInfo, year: int) -> list[date]:
    """The local days of a year on which the clock of a zone jumps."""
    noons = [datetime(year, 1, 1, 12, tzinfo=zone) + timedelta(days=n) for n in range(365)]
    pairs = pairwise(noons)
    return [after.date() for before, after in pairs if before.utcoffset() != after.utcoffset()]


@pytest.mark.parametrize("name", ZONES)
def test_clock_times_are_right_on_every_day_on_which_the_clock_jumps(name: str) -> None:
    zone = ZoneInfo(name)
    for day in [day for year in range(2025, 2031) for day in jumps(zone, year)]:
        for minutes in range(0, 24 * 60, 15):
            at = time(minutes // 60, minutes % 60)
            found = instant(day, at, zone)
            shown = found.astimezone(zone)
            repeats = [datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)]
            if (shown.date(), shown.time()) == (day, at):
                assert found == min(repeats), "of a time that is shown twice, the first"
            else:
                ahead = shown.replace(tzinfo=None) - datetime.combine(day, at)
                assert timedelta(0) < ahead <= timedelta(hours=1), "a time that is skipped moves forward by the jump"


@given(zone=zones, day=days, at=clocks)
def test_clock_time_keeps_its_day(zone: ZoneInfo, day: date, at: time) -> None:
    shown = instant(day, at, zone).astimezone(zone)
    assert shown.date() == day
    assert timedelta(0) <= shown.replace(tzinfo=None) - datetime.combine(day, at) <= timedelta(hours=1)


@settings(deadline=None)
@given(zone=zones, day=days, at=clocks, seed=st.integers(0, 10**6))
def test_windows_of_whoever_comes_as_they_like(zone: ZoneInfo, day: date, at: time, seed: int) -> None:
    """One window for each visit, of the stated length, never before the last has ended or the gap has passed."""
    here, chance = study(CHAT, FINAL), random.Random(seed)
    who = person(zone, instant(day, at, zone))
    past: list[Held] = []
    for slot in slots_of(here):
        planned = planned_opening(here, slot, who, past)
        assert planned is not None
        until = next_planned(here, slot, who, past)
        found = window_of(here.waves[slot.at], planned, person=who, past=past, until=until)
        assert found is not None, "48 hours, 4 of grace and a gap of 20 fit into three days"
        _is_sound(found, slot, who, past)
        past.append(_visit(slot, found, chance))
    assert [each.slot for each in past] == slots_of(here)


def _is_sound(found: Window, slot: Slot, who: Person, past: list[Held]) -> None:
    after = timedelta(hours=48) if slot.wave == "chat" else timedelta(days=5)
    assert found.closes - found.opens == after
    assert found.planned <= found.opens < found.due
    assert found.opens >= who.enrolled
    assert all(found.opens >= each.ended for each in past)
    gap = timedelta(hours=20) if slot.wave == "chat" else timedelta(0)
    assert all(found.opens >= each.ended + gap for each in past if each.was_attended)
    if slot.wave == "chat":
        local = found.planned.astimezone(who.zone)
        assert local.date() == who.enrolled.astimezone(who.zone).date() + timedelta(days=3 * (slot.repeat - 1))
        skipped = local.replace(tzinfo=None) - datetime.combine(local.date(), time(8))
        assert skipped == timedelta(0), "no zone skips eight in the morning"


def _visit(slot: Slot, found: Window, chance: random.Random) -> Held:
    if chance.random() < 0.3:
        return Held(slot, found.opens, found.closes, was_attended=False)
    begun = found.opens + chance.random() * (found.closes - found.opens)
    return Held(slot, found.opens, begun + chance.random() * (found.grace_until - begun))


@given(zone=zones, day=days, at=clocks)
def test_days_without_a_clock_time_keep_that_of_the_anchor(zone: ZoneInfo, day: date, at: time) -> None:
    here = study({"id": "week", "opens": {"anchor": "enrolment", "offset": "7d"}, "closes": {"after": "24h"}})
    enrolled = instant(day, at, zone)
    planned = planned_opening(here, slots_of(here)[0], person(zone, enrolled), [])
    assert planned == instant(day + timedelta(days=7), enrolled.astimezone(zone).time(), zone)


@given(seed=st.text(max_size=5), code=st.text(max_size=5))
def test_drawn_spacing_is_within_bounds_and_the_same_again(seed: str, code: str) -> None:
    every = {"anchor": "enrolment", "every": {"between": ["2d", "4d"]}, "at": "09:00", "jitter": "90m"}
    here = study({"id": "chat", "repeat": 6, "opens": every, "closes": {"after": "20h"}})
    who = person("Europe/Berlin", datetime(2027, 3, 20, 14, tzinfo=UTC), seed=seed, code=code)
    planned = [planned for _, planned, _ in calendar(here, who)]
    assert planned == [planned for _, planned, _ in calendar(here, who)]
    local = [each.astimezone(who.zone) for each in planned]
    steps = [(later.date() - earlier.date()).days for earlier, later in pairwise(local)]
    assert all(2 <= step <= 4 for step in steps)
    assert all(time(9) <= each.time() <= time(10, 30) for each in local)


def test_people_draw_different_spacings() -> None:
    every = {"anchor": "enrolment", "every": {"between": ["2d", "4d"]}, "at": "09:00"}
    here = study({"id": "chat", "repeat": 6, "opens": every, "closes": {"after": "20h"}})
    start = datetime(2027, 3, 20, 14, tzinfo=UTC)
    found = {tuple(each[1] for each in calendar(here, person("UTC", start, code=f"p{n}"))) for n in range(20)}
    assert len(found) > 10


def test_calendar_of_seven_chats_across_a_change_of_clocks() -> None:
    who = person("Europe/Berlin", datetime(2027, 3, 20, 13, tzinfo=UTC))
    found = calendar(study(CHAT, FINAL), who)
    opens = [here.opens for _, _, here in found if here is not None]
    assert opens[0] == who.enrolled, "enrolled in the afternoon: not at eight in the morning of that day"
    assert [each.hour for each in opens[1:3]] == [7, 7]
    assert [each.hour for each in opens[3:7]] == [6, 6, 6, 6], "eight in Berlin, once the clocks have changed"
    assert opens[7] == opens[6], "the last wave opens when the last chat is completed"


LATE = {**CHAT, "repeat": 2, "min_gap": "6d", "opens": {**CHAT["opens"], "every": "3d"}}


@pytest.mark.parametrize(("rule", "closes"), [("refuse", None), ("allow_until_next", timedelta(hours=48))])
def test_visit_that_the_gap_leaves_no_time_for(rule: str, closes: timedelta | None) -> None:
    here = study({**LATE, "late_start": rule})
    who = person("UTC", datetime(2027, 1, 4, 8, tzinfo=UTC))
    first, second = (found for _, _, found in calendar(here, who))
    assert first is not None
    if closes is None:
        assert second is None
    else:
        assert second is not None
        assert (second.opens, second.closes - second.opens) == (first.opens + timedelta(days=6), closes)


def test_late_visit_closes_when_the_next_is_planned() -> None:
    here = study({**CHAT, "repeat": 3, "min_gap": "0m", "grace": "0m", "late_start": "allow_until_next"})
    who = person("UTC", datetime(2027, 1, 4, 8, tzinfo=UTC))
    one, two, three = slots_of(here)
    opened = datetime(2027, 1, 4, 8, tzinfo=UTC)
    past = [Held(one, opened, opened + timedelta(days=5, hours=12))]
    planned, until = planned_opening(here, two, who, past), next_planned(here, two, who, past)
    assert (planned, until) == (opened + timedelta(days=3), opened + timedelta(days=6))
    assert planned is not None
    found = window_of(here.waves[1], planned, person=who, past=past, until=until)
    assert found is not None
    assert (found.opens, found.closes) == (
        opened + timedelta(days=5, hours=12),
        planned_opening(here, three, who, past),
    )


def test_visits_counted_from_what_has_not_happened_have_no_opening_yet() -> None:
    opens = {"anchor": "previous_ended", "offset": "2d"}
    here = study({"id": "a", "repeat": 2, "opens": opens, "closes": {"after": "1d"}}, {**FINAL, "opens": {
        "anchor": {"wave": "a", "event": "last_closed_or_completed"}, "offset": "1d", "at": "18:00"}})  # fmt: skip
    start = datetime(2027, 1, 4, 8, tzinfo=UTC)
    who = person("UTC", start)
    one, two, final = slots_of(here)
    assert planned_opening(here, one, who, []) == start + timedelta(days=2)
    assert planned_opening(here, final, who, []) is None
    past = [Held(one, start + timedelta(days=2), start + timedelta(days=3), was_attended=False)]
    assert planned_opening(here, two, who, past) == start + timedelta(days=5)
    assert planned_opening(here, final, who, past) is None
    past.append(Held(two, start + timedelta(days=5), start + timedelta(days=5, hours=1)))
    assert planned_opening(here, final, who, past) == datetime(2027, 1, 10, 18, tzinfo=UTC)


def test_day_of_the_calendar_begins_at_each_persons_midnight() -> None:
    opens = {"anchor": "2027-03-01", "offset": "1d"}
    here = study({"id": "a", "opens": opens, "closes": {"after": "1d"}})
    found = {
        name: planned_opening(here, slots_of(here)[0], person(name, datetime(2027, 2, 1, tzinfo=UTC)), [])
        for name in ("Asia/Tokyo", "America/New_York")
    }
    assert found["Asia/Tokyo"] == datetime(2027, 3, 1, 15, tzinfo=UTC)
    assert found["America/New_York"] == datetime(2027, 3, 2, 5, tzinfo=UTC)
