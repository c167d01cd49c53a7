"""Writing that stops and goes on: within the time that it takes, seen by others, and in the data as it was planned."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from bots.bursts import LEAST_BURST_S, bursts, pauses
from bots.delivery import Delivery
from bots.models import BotTurn
from bots.turns import take_turn
from chat import notices
from chat.models import Entry
from events import clock, runner
from events.models import Due
from exports.scope import Scope
from exports.tables.talk import ENTRIES
from tests.bots import answers
from tests.bots.talking import reply, room, seat
from tests.bots.test_turns import claims_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLOW = {"min_s": 0, "max_s": 100, "chars_per_s": 1, "think_s": [0, 0], "miss": 0}
STOPS = {"pauses": 3, "pause_s": [6, 8]}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Until when a program was said to write, each time."""
    found: list[datetime] = []
    monkeypatch.setattr(notices, "by_program", lambda *_match, until, **_more: found.append(until))
    return found


@given(st.integers(0, 3), st.floats(1, 60), st.floats(0, 30), st.floats(0, 120), st.integers(0, 10_000))
def test_pauses_lie_in_the_writing_between_bursts_that_can_be_seen(
    most: int, low: float, more: float, writing_s: float, seed: int
) -> None:
    said = Delivery(pauses=most, pause_s=[low, low + more])
    found = pauses(said, writing_s, rng=Random(seed))
    assert found == pauses(said, writing_s, rng=Random(seed))
    assert len(found) <= most
    assert all(low - 0.01 <= length <= low + more + 0.01 for _, length in found)
    parts = bursts(NOON, NOON + timedelta(seconds=writing_s), found)
    assert (parts[0].begin, parts[-1].until) == (NOON, NOON + timedelta(seconds=writing_s))
    if found:
        shortest = min((one.until - one.begin).total_seconds() for one in parts)
        assert shortest >= LEAST_BURST_S - 0.05
    gaps = [(after.begin - before.until).total_seconds() for before, after in pairwise(parts)]
    assert gaps == pytest.approx([length for _, length in found], abs=1e-5)


def test_each_number_of_pauses_is_as_likely_where_there_is_time_for_all() -> None:
    said = Delivery(pauses=2, pause_s=[6, 12])
    counted = Counter(len(pauses(said, 60, rng=Random(seed))) for seed in range(3000))
    assert set(counted) == {0, 1, 2}
    assert all(900 < count < 1100 for count in counted.values())


def test_unless_it_is_declared_nothing_stops() -> None:
    assert {len(pauses(Delivery(), 60, rng=Random(seed))) for seed in range(100)} == {0}


@pytest.mark.django_db
def test_others_see_each_burst_and_the_plan_is_in_the_data(seen: list[datetime]) -> None:
    stopped = 0
    for _ in range(6):
        seen.clear()
        answers.will(reply("x" * 60))
        match = room(seat(STOPS, pace=SLOW), typing="shown")
        runner.drain("bots")
        entry = Entry.objects.get(conversation__match=match)
        assert entry.typing_at is not None
        assert entry.planned_at is not None
        expected = bursts(entry.typing_at, entry.planned_at, [(at, length) for at, length in entry.pauses])
        assert seen == [one.until for one in expected]
        (row,) = ENTRIES.rows(Scope(match.group.version.study))
        assert row["pauses_planned"] == (entry.pauses or None)
        stopped += len(entry.pauses)
    assert stopped, "of six one stops in all but one of four thousand runs"


@pytest.mark.django_db
def test_worker_that_comes_back_shows_no_burst_that_is_over(
    seen: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.turns.pauses_of", lambda *_: [(4.0, 8.0)])
    answers.will(reply("x" * 60))
    match = room(seat(STOPS, pace=SLOW), typing="shown")
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "planned", "the pause is longer than is waited for in memory"
    turn, now = BotTurn.objects.get(), clock.now()
    assert turn.typing_at is not None
    assert seen == [turn.typing_at + timedelta(seconds=4)]
    seen.clear()
    gone: dict[str, Any] = {"typing_at": now - timedelta(seconds=12.5), "planned_at": now + timedelta(seconds=40)}
    BotTurn.objects.update(**gone)
    Due.objects.filter(outcome="").update(run_after=now)
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "planned"
    assert seen == [gone["planned_at"]]
    assert not Entry.objects.exists()
