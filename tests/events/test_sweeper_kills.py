"""Processes die at marked points, workers and Redis are absent: the sweeper completes everything, once."""

from __future__ import annotations

import gc
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from events import announce, clock, due, queries
from events.models import Beat, Due, Event
from events.sweeper import SWEEP_SECONDS, Sweeper
from tests.events.conftest import Make, Spawn, WaitFor
from tests.events.due_handlers import effects_of
from tests.sizes import sized

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sized]

POINTS = ["before claim", "after claim", "during call", "before commit", "after commit"]
RUN = """
from events import due, runner
from tests.events import due_handlers
due_handlers.mark("before claim")
runner.run_id({due_id})
"""
RUN_LOOP = """
import time
from events.loop import Loop
loop = Loop("bots")
loop.start()
time.sleep(60)
"""


@pytest.fixture
def sweeping() -> Iterator[Sweeper]:
    """A sweeper at work in a thread."""
    sweeper = Sweeper()
    thread = threading.Thread(target=sweeper.run)
    thread.start()
    yield sweeper
    sweeper.stop()
    thread.join(20)
    assert not thread.is_alive()


def all_done(count: int) -> bool:
    return Due.objects.exclude(outcome="").count() == count


def test_jobs_killed_at_every_point_are_completed_once_within_fifteen_seconds(
    make_due: Make, spawn: Spawn, request: pytest.FixtureRequest, wait_for: WaitFor
) -> None:
    rows = {point: make_due("effect") for point in POINTS}
    children = [spawn(RUN.format(due_id=row.pk), KILL_AT=point) for point, row in rows.items()]
    assert [child.wait(60) for child in children] == [-signal.SIGKILL] * len(POINTS)
    assert Due.objects.exclude(outcome="").count() == 1  # the one that died after its commit
    request.getfixturevalue("sweeping")
    assert wait_for(lambda: all_done(len(rows)), seconds=15) < 15
    assert {point: len(effects_of(row.pk)) for point, row in rows.items()} == dict.fromkeys(POINTS, 1)
    assert set(Due.objects.values_list("outcome", flat=True)) == {"made"}


@pytest.mark.parametrize("point", ["during call", "before commit"])
def test_turns_of_a_killed_loop_are_completed_once_within_fifteen_seconds(
    point: str, make_due: Make, spawn: Spawn, request: pytest.FixtureRequest, wait_for: WaitFor
) -> None:
    rows = [make_due("aeffect", queue="bots") for _ in range(10)]
    assert spawn(RUN_LOOP, KILL_AT=point).wait(60) == -signal.SIGKILL
    request.getfixturevalue("sweeping")
    assert wait_for(lambda: all_done(len(rows)), seconds=15) < 15
    assert [len(effects_of(row.pk)) for row in rows] == [1] * 10


def test_loops_killed_again_and_again_do_every_turn_once(make_due: Make, spawn: Spawn, wait_for: WaitFor) -> None:
    """Fewer kills than `due.MAX_ATTEMPTS`: a row that was in hand at every kill must not fail.

    Turns are of different length, so that at each kill some are done and some in hand, however slow the machine.
    """
    rng = random.Random("kills")
    rows = [make_due("aeffect", queue="bots") for _ in range(sized(test=60, long=400))]
    for row in rows[:-1]:
        row.facts = {"seconds": rng.uniform(0.1, 2), "deliver_seconds": rng.uniform(0, 2)}
    rows[-1].facts = {"seconds": 30}  # never done before a kill
    Due.objects.bulk_update(rows, ["facts"])
    for kills in range(3):
        child = spawn(RUN_LOOP)
        wait_for(lambda least=kills: Due.objects.filter(attempts__gt=least).exists(), seconds=60)
        time.sleep(rng.uniform(0, 1))
        child.kill()
        child.wait()
        in_hand = Due.objects.filter(outcome="", lease_until__gt=clock.RapportNow())
        assert in_hand.update(lease_until=clock.RapportNow()) > 0, "nothing died with it"
    Due.objects.filter(pk=rows[-1].pk).update(facts={})
    spawn(RUN_LOOP)
    wait_for(lambda: all_done(len(rows)), seconds=90)
    assert Counter(Event.objects.values_list("subject_id", flat=True)) == Counter(row.pk for row in rows)
    assert set(Due.objects.values_list("outcome", flat=True)) == {"made"}
    assert Due.objects.get(pk=rows[-1].pk).attempts == 4


def test_sweeper_pauses_until_the_next_planned_job_and_no_longer(make_due: Make) -> None:
    """A deadline that waited would be met sooner where more people's pages ask for it."""
    make_due("effect", seconds=3.1)
    make_due("effect", seconds=30)
    sweeper = Sweeper()
    sweeper.sweep()
    assert 0.5 < sweeper._pause() <= SWEEP_SECONDS
    Due.objects.update(run_after=clock.now() + timedelta(seconds=0.4))
    assert 0.05 <= sweeper._pause() < 0.4
    sweeper.close()


def test_sweep_comes_in_time_however_many_jobs_are_planned(
    make_due: Make, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between sweeps it looks at jobs alone."""
    looks, original = list[float](), Sweeper.sweep

    def sweep(self: Sweeper) -> int:
        looks.append(time.monotonic())
        return original(self)

    monkeypatch.setattr(Sweeper, "sweep", sweep)
    rows = [make_due("effect", seconds=0.1 * n) for n in range(45)]
    sweeper = Sweeper()
    thread = threading.Thread(target=sweeper.run)
    thread.start()
    wait_for(lambda: all_done(len(rows)), seconds=15)
    sweeper.stop()
    thread.join(20)
    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert pauses
    assert all(SWEEP_SECONDS <= pause < 2 * SWEEP_SECONDS for pause in pauses)


def test_several_sweepers_race_without_doubling(make_due: Make, wait_for: WaitFor) -> None:
    rows = [make_due("effect", seconds=-5) for _ in range(60)]
    sweepers = [Sweeper() for _ in range(3)]
    threads = [threading.Thread(target=sweeper.run) for sweeper in sweepers]
    for thread in threads:
        thread.start()
    wait_for(lambda: all_done(60), seconds=20)
    for sweeper in sweepers:
        sweeper.stop()
    for thread in threads:
        thread.join(20)
    assert Event.objects.count() == len(rows)


def test_one_long_job_does_not_hold_up_the_others(make_due: Make, sweeping: Sweeper, wait_for: WaitFor) -> None:
    make_due("effect", seconds=60)  # not yet: it is due with what makes it long, in one statement
    Due.objects.update(facts={"seconds": 14}, run_after=clock.now() - timedelta(seconds=5))
    time.sleep(2.5)
    later = [make_due("effect", seconds=-5) for _ in range(5)]
    wait_for(lambda: all_done(len(later)), seconds=10)  # while the long one is in hand, however slow the machine
    assert queries.status()["queues"]["jobs"]["in_hand"] == 1


@pytest.fixture(params=["as in tests", "as where it runs"])
def kept_connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that are closed after each look, and such as are kept."""
    seconds = 600 if request.param == "as where it runs" else 0
    monkeypatch.setitem(connections.settings[DEFAULT_DB_ALIAS], "CONN_MAX_AGE", seconds)
    yield
    gc.collect()  # what threads that have ended kept


@pytest.mark.usefixtures("kept_connections")
def test_sweeper_survives_the_loss_of_its_connections(
    make_due: Make, request: pytest.FixtureRequest, wait_for: WaitFor
) -> None:
    request.getfixturevalue("sweeping")
    make_due("effect", seconds=-5)
    wait_for(lambda: all_done(1), seconds=10)  # so that the thread of a job has a connection, too
    with connection.cursor() as cursor:
        for _ in range(5):
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            time.sleep(0.5)
    make_due("effect", seconds=-5)
    assert wait_for(lambda: all_done(2), seconds=10) < 10


def test_sweeper_buries_poison(make_due: Make, sweeping: Sweeper, wait_for: WaitFor) -> None:
    make_due("effect", seconds=60)  # so that the sweeper does not take it before it is poison
    Due.objects.update(attempts=due.MAX_ATTEMPTS, lease_until=clock.now())
    poison = Due.objects.filter(reaction__endswith=".effect")
    wait_for(lambda: poison.get().outcome == "failed", seconds=15)
    assert poison.get().attempts == due.MAX_ATTEMPTS, "it was not tried again"


def test_sweeper_beats_and_sends_canaries(
    sweeping: Sweeper, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(lambda: Beat.objects.filter(name="sweeper").exists(), seconds=5)
    assert queries.status()["beats"]["sweeper"]["age_seconds"] < 5
    assert announce.announcer().flush(5)
    assert announce.announcer().counters.sent >= 2


def test_sweep_command_ends_cleanly_on_sigterm(make_due: Make, spawn: Spawn, wait_for: WaitFor) -> None:
    child = spawn("from django.core.management import call_command; call_command('sweep')")
    make_due("effect", seconds=-5)
    wait_for(lambda: all_done(1), seconds=30)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0


def test_status_names_what_is_late(make_due: Make) -> None:
    make_due("effect", seconds=-7)
    make_due("effect", seconds=60)
    make_due("aeffect", queue="bots")
    jobs, bots = queries.status()["queues"]["jobs"], queries.status()["queues"]["bots"]
    assert (jobs["open"], jobs["overdue"], jobs["in_hand"], jobs["failed"]) == (2, 1, 0, 0)
    assert 7 <= jobs["oldest_overdue_seconds"] < 9
    assert bots["oldest_overdue_seconds"] < 2
    due.claim("jobs", limit=1)
    assert queries.status()["queues"]["jobs"]["overdue"] == 0
