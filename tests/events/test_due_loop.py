"""The one asyncio loop: on time, once, within its bounds, and not to be killed by a bad moment."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from events import clock, due, loop, runner, tasks
from events.loop import Loop
from events.models import Beat, Due, Event
from tests.events.conftest import Make, WaitFor
from tests.events.due_handlers import effects_of

pytestmark = pytest.mark.django_db(transaction=True)


def settled(outcome: str = "made") -> int:
    return Due.objects.filter(outcome=outcome).count()


def test_loop_needs_no_hint(make_due: Make, bots_loop: Loop, wait_for: WaitFor) -> None:
    rows = [make_due("aeffect", queue="bots") for _ in range(20)]
    assert wait_for(lambda: settled() == 20, seconds=5) < 3
    assert all(len(effects_of(row.pk)) == 1 for row in rows)


def test_hint_is_answered_at_once_and_many_hints_run_a_row_once(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor
) -> None:
    time.sleep(1.1)  # in the pause between two looks
    row = make_due("aeffect", queue="bots")
    for _ in range(20):
        bots_loop.hint(row.pk)
    wait_for(lambda: settled() == 1, seconds=5)
    assert (effects_of(row.pk)[0].at - row.run_after).total_seconds() < 0.5
    assert Due.objects.get().attempts == 1


def test_two_hundred_slow_rows_run_side_by_side(make_due: Make, bots_loop: Loop, wait_for: WaitFor) -> None:
    rows = [make_due("aeffect", queue="bots", seconds=1) for _ in range(200)]
    Due.objects.update(run_after=clock.now(), facts={"seconds": 1})
    started = time.monotonic()
    for row in rows:
        bots_loop.hint(row.pk)
    wait_for(lambda: settled() == 200, seconds=20)
    assert time.monotonic() - started < 10
    assert Event.objects.count() == 200


def test_planned_row_starts_on_time(make_due: Make, bots_loop: Loop, wait_for: WaitFor) -> None:
    rows = [make_due("aeffect", queue="bots", seconds=seconds) for seconds in (1.3, 1.9, 2.4)]
    wait_for(lambda: settled() == 3, seconds=10)
    late = [(effects_of(row.pk)[0].at - row.run_after).total_seconds() for row in rows]
    assert all(0 <= each < 0.15 for each in late), late


def test_handler_computes_first_and_delivers_at_its_planned_instant(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor
) -> None:
    row = make_due("aeffect", queue="bots", deliver_seconds=1.5)
    wait_for(lambda: settled() == 1, seconds=10)
    assert 0 <= (effects_of(row.pk)[0].at - row.run_after).total_seconds() - 1.5 < 0.15


def test_wait_notices_a_shifted_simulated_clock(make_due: Make, bots_loop: Loop, wait_for: WaitFor) -> None:
    clock.simulate()
    make_due("aeffect", queue="bots", deliver_seconds=3600)
    wait_for(lambda: bots_loop.in_hand == 1, seconds=5)
    clock.shift(timedelta(seconds=3600))
    assert wait_for(lambda: settled() == 1, seconds=6) < 4


def test_loop_keeps_to_its_bound(make_due: Make, wait_for: WaitFor) -> None:
    bounded = Loop("bots", concurrency=3)
    for _ in range(10):
        make_due("aeffect", queue="bots")
    Due.objects.update(facts={"seconds": 0.3})
    bounded.start()
    most = 0
    while settled() < 10:
        most = max(most, bounded.in_hand)
        time.sleep(0.01)
    assert bounded.stop()
    assert most == 3


def test_lease_of_what_is_in_hand_is_renewed(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.3)
    row = make_due("aeffect", queue="bots")
    Due.objects.update(facts={"seconds": 3})
    wait_for(lambda: settled() == 1, seconds=10)
    row.refresh_from_db()
    assert (row.attempts, row.fence) == (1, 1)


def test_lease_is_renewed_while_every_thread_of_the_handlers_is_busy(
    make_due: Make, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slow moment makes what is in hand look as if its holder had died, and after five it is given up."""
    monkeypatch.setattr(due, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.2)
    for _ in range(8):
        make_due("effect", queue="bots")
    Due.objects.update(facts={"seconds": 0.5})
    busy, other = Loop("bots", db_threads=1), Loop("bots")
    busy.start()
    wait_for(lambda: busy.in_hand == 8, seconds=5)
    other.start()  # it takes whatever nobody holds
    wait_for(lambda: settled() == 8, seconds=20)
    assert busy.stop()
    assert other.stop()
    assert set(Due.objects.values_list("attempts", "fence")) == {(1, 1)}


def test_handler_of_a_cancelled_row_is_stopped(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.2)
    row = make_due("forever", queue="bots")
    time.sleep(3.1)  # the renewer's first pause is the old one
    wait_for(lambda: bots_loop.in_hand == 1, seconds=5)
    due.cancel(row.reaction, row.key)
    wait_for(lambda: bots_loop.in_hand == 0, seconds=5)
    row.refresh_from_db()
    assert (row.outcome, row.attempts) == ("cancelled", 1)


def test_hanging_handler_is_ended_and_tried_again(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "HANDLER_SECONDS", 0.3)
    row = make_due("forever", queue="bots")
    wait_for(lambda: Due.objects.get().attempts == 1 and Due.objects.get().lease_until is None, seconds=5)
    row.refresh_from_db()
    assert (row.error_code, row.outcome) == ("TimeoutError", "")


def test_failing_handler_fails_after_five_attempts(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LONGEST_BACKOFF_SECONDS", 0)
    make_due("abroken", queue="bots")
    wait_for(lambda: settled("failed") == 1, seconds=15)
    assert Event.objects.get().kind == due.FAILED


def test_loop_survives_a_database_that_fails_for_a_moment(
    make_due: Make, bots_loop: Loop, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = due.upcoming, [DatabaseError("gone"), DatabaseError("gone")]

    def upcoming(*args: Any, **kwargs: Any) -> due.Upcoming:
        if failures:
            raise failures.pop()
        return real(*args, **kwargs)

    monkeypatch.setattr(due, "upcoming", upcoming)
    wait_for(lambda: not failures, seconds=10)
    row = make_due("aeffect", queue="bots")
    wait_for(lambda: settled() == 1, seconds=10)
    assert len(effects_of(row.pk)) == 1


def test_stop_gives_back_what_is_in_hand_without_blame(make_due: Make, wait_for: WaitFor) -> None:
    stopping = Loop("bots")
    stopping.start()
    row = make_due("forever", queue="bots")
    wait_for(lambda: stopping.in_hand == 1, seconds=5)
    assert stopping.stop()
    row.refresh_from_db()
    assert (row.lease_until, row.attempts, row.outcome) == (None, 0, "")
    assert [claim.id for claim in due.claim_ids([row.pk])] == [row.pk]
    stopping.hint(row.pk)  # after its end: harmless


def test_late_loop_takes_only_what_is_late(make_due: Make, wait_for: WaitFor) -> None:
    helper = Loop("bots", late_by_seconds=5)
    fresh, late = make_due("aeffect", queue="bots"), make_due("aeffect", queue="bots", seconds=-6)
    helper.start()
    wait_for(lambda: settled() == 1, seconds=5)
    assert helper.stop()
    assert (len(effects_of(fresh.pk)), len(effects_of(late.pk))) == (0, 1)


def test_reading_follows_the_database_clock() -> None:
    reading = clock.read()
    time.sleep(0.3)
    assert abs((reading.now() - clock.now()).total_seconds()) < 0.05
    assert timezone.is_aware(reading.now())


def test_canary_is_silent_when_the_loop_hangs(bots_loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(loop._running, "bots", bots_loop)
    monkeypatch.setattr(loop, "WELL_SECONDS", 0.0)
    tasks.canary("bots")
    assert not Beat.objects.exists()
    monkeypatch.setattr(loop, "WELL_SECONDS", 30.0)
    tasks.canary("bots")
    assert Beat.objects.get().facts == {"in_hand": 0}
