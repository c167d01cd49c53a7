"""Quiet hours in every zone, on the days on which its clock jumps; when reminders are due, and what may follow what."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scheduling.errors import SchedulingError
from scheduling.models import ScheduledSession
from scheduling.reminders import MOVES, SETTLED, State, after_quiet, check_state, is_so, reminder_at, useful_until
from studies.schema_waves import Reminder
from tests.scheduling.test_windows import ZONES, jumps

NIGHT = ["21:00", "08:00"]
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
OPENS = datetime(2027, 3, 23, 7, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=48)
zones = st.sampled_from(ZONES).map(ZoneInfo)
clocks = st.times().map(lambda at: f"{at:%H:%M}")
minutes = st.integers(0, 47 * 60)
instants = st.integers(0, 3_000_000).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


def rule(since: str, *, only_if: str = "not_started", **length: str) -> Reminder:
    """`rule("opens", plus="24h")`."""
    return Reminder.model_validate({"at": {"from": since, **length}, "if": only_if})


def is_quiet(at: datetime, hours: list[str], zone: ZoneInfo) -> bool:
    """The plain meaning, minute by minute: does the person's clock show a time between the two?"""
    shown = f"{at.astimezone(zone):%H:%M}"
    start, end = hours
    return start <= shown < end if start < end else shown >= start or shown < end


@given(zone=zones, year=st.integers(2025, 2030), pick=st.integers(0, 5), offset=minutes, start=clocks, end=clocks)
@example(zone=BERLIN, year=2027, pick=0, offset=26 * 60, start="21:00", end="02:30")  # which the clock skips
@example(zone=BERLIN, year=2027, pick=1, offset=24 * 60 + 130, start="21:00", end="02:30")  # which it shows twice
@example(zone=BERLIN, year=2027, pick=1, offset=24 * 60 + 190, start="21:00", end="02:30")  # the second time
@example(zone=BERLIN, year=2027, pick=0, offset=26 * 60, start="03:00", end="02:30")  # all day but half an hour
def test_quiet_hours_over_days_on_which_clocks_jump(
    zone: ZoneInfo, year: int, pick: int, offset: int, start: str, end: str
) -> None:
    assume(start != end)
    days = jumps(zone, year) or [date(year, 6, 1)]
    day = days[pick % len(days)] - timedelta(days=1)
    at = datetime.combine(day, time(0), zone).astimezone(UTC) + timedelta(minutes=offset)
    hours = [start, end]
    found = after_quiet(at, hours, zone)
    assert found >= at
    assert not is_quiet(found, hours, zone), "whatever the clock does, nobody is reminded in quiet hours"
    if not is_quiet(at, hours, zone):
        assert found == at
        return
    early = [at + timedelta(minutes=n) for n in range(int((found - at).total_seconds() // 60))]
    loud = [one for one in early if not is_quiet(one, hours, zone)]
    # An end that is skipped comes as much later as the clock jumps; and no later than that.
    assert len(loud) <= 60, "sent as soon as it may be, on the days of a jump give or take that jump"
    if len({one.astimezone(zone).utcoffset() for one in (at, *early, found)}) == 1:
        assert loud == []
        assert f"{found.astimezone(zone):%H:%M}" == end


@given(zone=zones, at=instants)
def test_without_quiet_hours_nothing_is_moved(zone: ZoneInfo, at: datetime) -> None:
    assert after_quiet(at, None, zone) == at


def test_the_night_ends_at_eight() -> None:
    late = datetime(2027, 3, 26, 21, 30, tzinfo=BERLIN).astimezone(UTC)
    assert after_quiet(late, NIGHT, BERLIN) == datetime(2027, 3, 27, 8, tzinfo=BERLIN)
    assert after_quiet(late - HOUR, NIGHT, BERLIN) == late - HOUR
    exactly = datetime(2027, 3, 27, 8, tzinfo=BERLIN).astimezone(UTC)
    assert after_quiet(exactly, NIGHT, BERLIN) == exactly
    skipped = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # half past one in Berlin; at two it is three
    assert after_quiet(skipped, ["21:00", "02:30"], BERLIN) == datetime(2027, 3, 28, 3, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"since": "opens", "plus": "0m"}, OPENS),
        ({"since": "opens", "plus": "24h"}, OPENS + timedelta(hours=24)),
        ({"since": "opens", "minus": "12h"}, OPENS - timedelta(hours=12)),
        ({"since": "closes", "minus": "4h"}, CLOSES - timedelta(hours=4)),
        ({"since": "closes", "minus": "60h"}, OPENS),  # a window that became shorter: never before it opens
        ({"since": "closes", "plus": "30m", "only_if": "not_completed"}, CLOSES + timedelta(minutes=30)),
    ],
)
def test_reminders_are_counted_from_the_opening_or_the_close(said: dict[str, str], expected: datetime) -> None:
    assert reminder_at(rule(**said), opens=OPENS, closes=CLOSES, zone=BERLIN) == expected


def test_days_are_days_of_the_calendar() -> None:
    opens = datetime(2027, 3, 27, 8, tzinfo=BERLIN)
    by_day = reminder_at(rule("opens", plus="1d"), opens=opens, closes=CLOSES, zone=BERLIN)
    by_hour = reminder_at(rule("opens", plus="24h"), opens=opens, closes=CLOSES, zone=BERLIN)
    assert (by_day.astimezone(BERLIN).hour, by_hour.astimezone(BERLIN).hour) == (8, 9)


@given(zone=zones, plus=st.integers(0, 48), start=instants)
def test_hours_pass_whatever_the_clock_does(zone: ZoneInfo, plus: int, start: datetime) -> None:
    found = reminder_at(rule("opens", plus=f"{plus}h"), opens=start, closes=start + 50 * HOUR, zone=zone)
    assert found - start == plus * HOUR


def test_what_must_be_so_of_a_visit() -> None:
    states = ScheduledSession.State
    so = {(condition, state) for condition, state in product(
        ("not_started", "started_not_completed", "not_completed"), states) if is_so(condition, state)}  # fmt: skip
    assert so == {
        ("not_started", states.PLANNED), ("not_started", states.OPEN), ("started_not_completed", states.STARTED),
        ("not_completed", states.PLANNED), ("not_completed", states.OPEN), ("not_completed", states.STARTED),
    }  # fmt: skip


def test_a_reminder_is_useful_as_long_as_somebody_can_do_what_it_asks() -> None:
    grace = CLOSES + HOUR
    begin, finish = rule("opens", plus="0m"), rule("opens", plus="0m", only_if="started_not_completed")
    assert useful_until(begin, closes=CLOSES, grace_until=grace) == CLOSES
    assert useful_until(finish, closes=CLOSES, grace_until=grace) == grace


@given(path=st.lists(st.sampled_from(list(State)), max_size=12))
def test_nothing_that_was_settled_or_is_unknown_is_ever_sent_again(path: list[State]) -> None:
    state = str(State.QUEUED)
    left = False  # whether somebody may have handed it over
    for after in path:
        if after not in MOVES[state]:
            with pytest.raises(SchedulingError):
                check_state(state, after)
            continue
        if after == State.SENDING:
            assert not left, "claimed again although it may have left"
        left |= after in (State.SENT, State.UNKNOWN)
        state = check_state(state, after)
        assert state not in SETTLED or MOVES[state] == set()
