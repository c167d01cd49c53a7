"""How long a talk was alive: a silence counts only so far, and what counted once counts for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.activity import Minimum, active_seconds

BEGAN = datetime(2030, 1, 7, 9, tzinfo=UTC)
TIMES = st.lists(st.integers(0, 5000), max_size=20).map(sorted)


def at(*seconds: float) -> list[datetime]:
    return [BEGAN + timedelta(seconds=one) for one in seconds]


@pytest.mark.parametrize(
    ("moments", "now", "active"),
    [
        ([0], 0, 0),
        ([0], 50, 50),
        ([0], 500, 60),
        ([0, 30, 90], 100, 100),
        ([0, 30, 400, 430], 430, 30 + 60 + 30),
        ([0, 30], 29, 30),  # a clock that a reader took before the last entry takes nothing away
    ],
)
def test_silence_counts_up_to_the_limit(moments: list[int], now: int, active: float) -> None:
    assert active_seconds(at(*moments), at(now)[0], idle_seconds=60) == active


@given(TIMES, st.integers(0, 6000), st.integers(1, 300), st.integers(0, 6000), st.integers(0, 5000))
def test_active_time_never_gets_less_and_never_more_than_the_clock(
    said: list[int], after: int, idle: int, later: int, another: int
) -> None:
    now = max(said, default=0) + after
    active = active_seconds(at(0, *said), at(now)[0], idle_seconds=idle)
    assert 0 <= active <= now
    assert active_seconds(at(0, *said), at(now + later)[0], idle_seconds=idle) >= active
    more = sorted([*said, min(another, now)])
    assert active_seconds(at(0, *more), at(now)[0], idle_seconds=idle) >= active
    assert active <= idle * (len(said) + 1)


def test_minimum_asks_for_time_and_turns() -> None:
    both = Minimum(active_seconds=300, turns=4)
    assert both.is_set
    assert [both.is_met(active=a, turns=t) for a, t in ((300, 4), (299.9, 9), (999, 3))] == [True, False, False]
    assert not Minimum().is_set
    assert Minimum().is_met(active=0, turns=0)
