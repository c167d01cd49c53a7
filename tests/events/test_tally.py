"""A count of a stretch of time: whatever becomes of it in Redis, it bars nobody for longer than that."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from django.conf import LazySettings
from django.core.cache import cache

from events.tally import Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    return Tally(f"test:{request.node.name}:{id(request)}", seconds=10)


@contextmanager
def at(second: int) -> Iterator[None]:
    with mock.patch("events.tally.time", return_value=second):
        yield


def test_count_begins_anew_with_each_stretch(tally: Tally) -> None:
    with at(1000):
        assert [tally.add() for _ in range(3)] == [1, 2, 3]
    with at(1009):
        assert (tally.add(), tally.count()) == (4, 4)
    with at(1010):
        assert (tally.count(), tally.add()) == (0, 1)


def test_counter_that_ran_out_and_came_back_without_an_end_bars_nobody(tally: Tally) -> None:
    with at(2000):
        cache.set(f"{tally.name}:200", 1_000_000, timeout=None)
        assert tally.add() > 1_000_000
    with at(2010):
        assert tally.add() == 1


def test_counter_outlives_its_stretch_and_not_for_long(tally: Tally) -> None:
    with mock.patch.object(cache, "add", wraps=cache.add) as added:
        tally.add()
    assert added.call_args.kwargs["timeout"] == 20


def test_counts_are_taken_back_and_forgotten(tally: Tally) -> None:
    with at(3000):
        tally.add()
        tally.add()
        tally.take_back()
        assert tally.count() == 1
        tally.forget()
        assert tally.count() == 0
        tally.take_back()  # of nothing
        assert tally.count() == 0


def test_nothing_is_counted_without_redis(tally: Tally, settings: LazySettings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere.sock"}}
    assert (tally.add(), tally.count()) == (0, 0)
    tally.take_back()
    tally.forget()
