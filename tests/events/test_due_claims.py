"""Claims: nothing lost, nothing doubled, whoever races and whoever dies."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from config.logs import JsonFormatter
from events import clock, due, runner
from events.claim import Claim
from events.due import LostClaim
from events.models import Due, Event
from tests.events.conftest import Make
from tests.events.due_handlers import HERE, effects_of, make_effect

pytestmark = pytest.mark.django_db(transaction=True)


def end_lease(claim: Claim) -> None:
    Due.objects.filter(pk=claim.id).update(lease_until=clock.now() - timedelta(seconds=1))


def in_threads(count: int, work: Callable[[], None]) -> None:
    def closing() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=closing) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_eight_racing_claimers_do_every_row_once(make_due: Make) -> None:
    rows = [make_due("effect") for _ in range(120)]
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        while claims := due.claim("jobs", limit=3):
            for claim in claims:
                runner.run(claim)

    in_threads(8, work)
    assert Counter(Event.objects.values_list("subject_id", flat=True)) == Counter(row.pk for row in rows)
    assert set(Due.objects.values_list("outcome", "attempts", "fence")) == {("made", 1, 1)}


def test_work_takes_its_like_along_and_nothing_else(make_due: Make) -> None:
    """Not what another holds, what was planned for a time of its own, what is about something else, or other work."""
    cause = Event.objects.create(kind="thing.done", subject_kind="thing", subject_id=7)
    keys = {"1:a": cause, "1:later": cause, "1:held": cause, "1:planned": None, "11:a": cause}
    for key, event in keys.items():
        row = make_due("effect", seconds=60 if key == "1:later" else 0)
        Due.objects.filter(pk=row.pk).update(key=key, event=event)
    other = make_due("aeffect")
    Due.objects.filter(pk=other.pk).update(key="1:other", event=cause)
    mine, held = due.claim_ids([Due.objects.get(key=key).pk for key in ("1:a", "1:held")])
    assert due.take_along(mine, "1:") == 1
    assert Due.objects.exclude(outcome="").values_list("key", "outcome").get() == ("1:later", "done")
    due.settle(mine)
    due.settle(held)


def test_one_row_claimed_by_eight_at_once_has_one_holder(make_due: Make) -> None:
    row = make_due("effect")
    together, won = threading.Barrier(8), []

    def work() -> None:
        together.wait()
        won.extend(due.claim_ids([row.pk]))

    in_threads(8, work)
    assert [claim.fence for claim in won] == [1]


def test_claim_is_refused_before_its_time_and_while_leased(make_due: Make) -> None:
    later, now = make_due(seconds=60), make_due()
    assert due.claim_ids([later.pk]) == []
    assert [claim.id for claim in due.claim_ids([later.pk], ahead_seconds=61)] == [later.pk]
    assert [claim.id for claim in due.claim("jobs", limit=10)] == [now.pk]
    assert due.claim("jobs", limit=10) == []


def test_claim_leaves_a_hinted_row_to_its_worker_for_a_moment(make_due: Make) -> None:
    hinted, planned = make_due(), make_due(seconds=-0.1)
    Due.objects.filter(pk=planned.pk).update(created_at=clock.now() - timedelta(seconds=60))
    assert [claim.id for claim in due.claim("jobs", limit=10, hint_seconds=30)] == [planned.pk]
    assert [claim.id for claim in due.claim("jobs", limit=10)] == [hinted.pk]


def test_old_holder_cannot_settle_after_a_new_claim(make_due: Make) -> None:
    row = make_due("effect")
    (old,) = due.claim_ids([row.pk])
    end_lease(old)
    (new,) = due.claim_ids([row.pk])
    assert new.fence == old.fence + 1
    with pytest.raises(LostClaim):
        make_effect(old)
    assert not Event.objects.exists()
    due.settle(new, "made")
    with pytest.raises(LostClaim):
        due.settle(new, "made")
    assert Due.objects.get().outcome == "made"


def test_renewal_keeps_the_lease_and_names_what_is_lost(make_due: Make) -> None:
    rows = [make_due() for _ in range(3)]
    claims = due.claim_ids([row.pk for row in rows])
    for claim in claims:
        end_lease(claim)
    due.claim_ids([claims[0].id])
    due.cancel(claims[1].reaction, claims[1].key)
    assert due.renew(claims) == {claims[2].id}
    lease = Due.objects.get(pk=claims[2].id).lease_until
    assert lease is not None
    assert lease > clock.now() + timedelta(seconds=9)


def test_renewal_does_not_wait_for_a_row_being_settled(make_due: Make) -> None:
    row = make_due()
    (claim,) = due.claim_ids([row.pk])
    took: list[float] = []

    def renew() -> None:
        started = time.monotonic()
        assert due.renew([claim]) == {claim.id}
        took.append(time.monotonic() - started)

    with transaction.atomic():
        due.settle(claim)
        in_threads(1, renew)
    assert took[0] < 1


def test_failing_work_is_tried_five_times_and_then_fails_with_an_event(
    make_due: Make, caplog: pytest.LogCaptureFixture
) -> None:
    row = make_due("broken")
    outcomes = []
    for _ in range(due.MAX_ATTEMPTS):
        Due.objects.update(run_after=clock.now())
        outcomes.append(runner.run_id(row.pk))
    row.refresh_from_db()
    assert outcomes == ["retry"] * 4 + ["failed"]
    assert (row.outcome, row.error_code, row.attempts) == ("failed", "ZeroDivisionError", 5)
    event = Event.objects.get(kind=due.FAILED)
    assert event.facts == {"reaction": f"{HERE}.broken", "attempts": 5, "error_code": "ZeroDivisionError"}
    assert any(record.levelname == "ERROR" and record.msg == "due work failed for good" for record in caplog.records)
    assert runner.run_id(row.pk) is None


def test_retries_wait_longer_each_time(make_due: Make) -> None:
    row = make_due("broken")
    pauses = []
    for _ in range(3):
        Due.objects.update(run_after=clock.now())
        runner.run_id(row.pk)
        row.refresh_from_db()
        pauses.append(round((row.run_after - clock.now()).total_seconds()))
    assert pauses == [1, 2, 4]


def test_row_whose_holders_all_died_is_buried(make_due: Make) -> None:
    row = make_due("effect")
    for _ in range(due.MAX_ATTEMPTS):
        (claim,) = due.claim_ids([row.pk])
        assert due.bury() == 0
        end_lease(claim)
    assert due.claim_ids([row.pk]) == []
    assert due.bury() == 1
    row.refresh_from_db()
    assert (row.outcome, row.error_code) == ("failed", "holder_died")
    assert Event.objects.get().kind == due.FAILED


def test_release_without_blame_costs_no_attempt(make_due: Make) -> None:
    row = make_due()
    (claim,) = due.claim_ids([row.pk])
    assert due.release(claim, retry_after_seconds=0, is_counted=False)
    (again,) = due.claim_ids([row.pk])
    assert (again.attempts, again.fence) == (1, 2)
    assert not due.release(claim, retry_after_seconds=0)


def test_runner_settles_what_its_handler_did_not(make_due: Make) -> None:
    row = make_due("word")
    assert runner.run_id(row.pk) == "said"
    row.refresh_from_db()
    assert (row.outcome, row.lease_until) == ("said", None)
    assert row.done_at is not None


def test_runner_renews_the_lease_of_slow_work(make_due: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "LEASE_SECONDS", 0.4)
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.1)
    row = make_due("slow_without_settling", seconds_asleep=0)
    Due.objects.update(facts={"seconds": 1.2})
    stolen: list[Claim] = []
    done = threading.Event()

    def steal() -> None:
        while not done.wait(0.02):
            stolen.extend(due.claim_ids([row.pk]))
        connection.close()

    thieves = threading.Thread(target=steal)
    (claim,) = due.claim_ids([row.pk])
    thieves.start()
    assert runner.run(claim) == "slow"
    done.set()
    thieves.join()
    assert stolen == []


def test_drain_runs_coroutines_and_plain_functions_without_waiting(make_due: Make) -> None:
    job, turn = make_due("effect"), make_due("aeffect", queue="bots", deliver_seconds=3600)
    started = time.monotonic()
    assert runner.drain() == 2
    assert time.monotonic() - started < 5
    assert (len(effects_of(job.pk)), len(effects_of(turn.pk))) == (1, 1)


def test_log_line_of_a_failure_holds_no_text(make_due: Make, caplog: pytest.LogCaptureFixture) -> None:
    from config.logs import JsonFormatter

    runner.run_id(make_due("broken").pk)
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name == "rapport.task"]
    assert any('"outcome": "retry"' in line for line in lines)
    assert not any("secret-text" in line for line in lines)


def test_line_of_a_run_keeps_its_name_beside_the_event_that_caused_it(
    make_due: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caused_by = Event.objects.create(kind="thing.done", subject_kind="thing", subject_id=1)
    row = make_due("word")
    Due.objects.filter(pk=row.pk).update(event=caused_by)
    with caplog.at_level(logging.INFO, logger="rapport.task"):
        runner.run_id(row.pk)
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (line["event"], line["event_id"], line["due"]) == ("task", caused_by.pk, row.pk)
