"""The clock: real unless an empty database was made for simulation."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from events import clock, log
from events.models import Clock, Event

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
START = datetime(2100, 1, 4, 9, tzinfo=UTC)


def real_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def something_happens() -> Event:
    with transaction.atomic():
        return log.record("thing.happened", study=None, subject=("thing", 1))


def test_clock_is_the_databases_and_in_utc() -> None:
    before, now, after = real_now(), clock.now(), real_now()
    assert before <= now <= after
    assert now.tzinfo is UTC


@pytest.mark.parametrize("has_row", [True, False])
def test_clock_offset_is_refused_by_the_trigger(has_row: bool) -> None:
    Clock.objects.all().delete()
    if has_row:
        Clock.objects.create()
    with pytest.raises(IntegrityError, match="made for simulation"):
        Clock.objects.update_or_create(id=1, defaults={"ahead_by": HOUR})
    with pytest.raises(clock.ClockError) as refused:
        clock.shift(HOUR)
    assert refused.value.code == "not_simulated"
    assert clock.now() - real_now() < timedelta(seconds=5)


def test_simulated_clock_moves_forward_and_stamps_events() -> None:
    clock.simulate()
    before = real_now()
    clock.shift(2 * HOUR)
    clock.shift(HOUR)
    event = something_happens()
    event.refresh_from_db()
    assert timedelta(0) <= event.at - before - 3 * HOUR < timedelta(seconds=5)
    assert clock.is_simulated()


def test_simulated_clock_never_goes_back() -> None:
    clock.simulate()
    clock.shift(HOUR)
    something_happens()
    with pytest.raises(clock.ClockError) as refused:
        clock.shift(-HOUR)
    assert refused.value.code == "backwards"
    with pytest.raises(IntegrityError, match="never goes back"):
        Clock.objects.update(ahead_by=timedelta(0))


def test_standing_clock_is_refused_where_time_is_real() -> None:
    with pytest.raises(IntegrityError, match="made for simulation"):
        Clock.objects.update_or_create(id=1, defaults={"stands_at": real_now()})
    with pytest.raises(clock.ClockError) as refused:
        clock.stand(real_now())
    assert refused.value.code == "not_simulated"
    assert not clock.read().stands


def test_standing_clock_moves_only_when_it_is_told_to() -> None:
    clock.simulate()
    clock.stand(START)
    first, second = something_happens(), something_happens()
    first.refresh_from_db()
    second.refresh_from_db()
    reading = clock.read()
    assert first.at == second.at == reading.now() == clock.now() == START
    clock.stand(START + HOUR)
    assert clock.now() == START + HOUR
    assert clock.shift(HOUR) == START + 2 * HOUR, "a clock that stands is shifted to where it stands next"


def test_standing_clock_never_goes_back() -> None:
    clock.simulate()
    clock.stand(START + HOUR)
    clock.stand(START)  # nothing has happened yet
    clock.stand(START + HOUR)
    something_happens()
    with pytest.raises(clock.ClockError) as refused:
        clock.stand(START)
    assert refused.value.code == "backwards"
    with pytest.raises(IntegrityError, match="never goes back"):
        Clock.objects.update(stands_at=None)  # the real time is long before
    assert clock.now() == START + HOUR


def test_database_with_events_can_neither_become_nor_stop_being_a_simulation() -> None:
    something_happens()
    with pytest.raises(clock.ClockError) as refused:
        clock.simulate()
    assert refused.value.code == "not_empty"
    with pytest.raises(IntegrityError, match="events already"):
        Clock.objects.update_or_create(id=1, defaults={"made_for_simulation": True})
    assert not clock.is_simulated()


def test_clock_command_shows_and_moves_a_simulated_clock() -> None:
    said = StringIO()
    call_command("clock", stdout=said)
    assert said.getvalue().endswith("(real)\n")
    with pytest.raises(CommandError, match="not made for simulation"):
        call_command("clock", "--ahead", "60")
    call_command("clock", "--simulate", "--ahead", "3600", stdout=said)
    assert said.getvalue().endswith("(simulated)\n")
    assert clock.now() - real_now() > timedelta(minutes=59)
    clock.stand(START)
    call_command("clock", stdout=said)
    assert said.getvalue().endswith("2100-01-04T09:00:00+00:00 (simulated, stands)\n")


def test_use_case_takes_place_at_the_instant_it_was_given() -> None:
    with clock.one_instant():
        first = clock.now()
        assert clock.now() > first, "nothing is held before somebody says what"
        clock.hold(START)
        assert clock.now() == START
        with clock.one_instant():
            assert clock.now() < START, "a use case in another has an instant of its own"
            clock.hold(first)
            assert clock.now() == first
        assert clock.now() == START
    assert clock.now() < START


def test_instant_is_let_go_of_after_an_error_and_never_held_outside() -> None:
    with pytest.raises(ValueError, match="broken"):
        _break_at(START)
    assert clock.now() < START
    clock.hold(START)
    assert clock.now() < START


def test_instant_is_held_for_one_thread_only() -> None:
    with clock.one_instant(), ThreadPoolExecutor(1) as other:
        clock.hold(START)
        assert other.submit(_and_close, clock.now).result() < START


@clock.one_instant()
def _break_at(at: datetime) -> None:
    clock.hold(at)
    raise ValueError("broken")


def _and_close(work: Callable[[], datetime]) -> datetime:
    try:
        return work()
    finally:
        connection.close()
