"""Coarse keys: many causes, one open row, and no cause forgotten."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from events import clock, due, log
from events.models import Due, Event
from events.reaction import Reaction

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "tests.events.due_handlers.word"


@pytest.fixture(autouse=True)
def reactions(settings: Any) -> None:
    settings.REACTIONS = {"entry.stored": [Reaction(PATH, key="conversation:{subject_id}")]}


def store_entry(conversation: int = 1) -> Event:
    with transaction.atomic():
        return log.record("entry.stored", study=None, subject=("conversation", conversation))


def open_rows() -> list[Due]:
    return list(Due.objects.filter(outcome="").order_by("pk"))


def test_many_events_with_a_coarse_key_make_one_open_row() -> None:
    for conversation in (1, 1, 2, 1):
        store_entry(conversation)
    assert [row.key for row in open_rows()] == ["conversation:1", "conversation:2"]


def test_racing_events_with_a_coarse_key_make_one_open_row() -> None:
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(10):
            store_entry()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.count() == 80
    assert len(open_rows()) == 1


def test_event_during_the_work_opens_the_key_once_more() -> None:
    first = store_entry()
    (row,) = open_rows()
    (claim,) = due.claim_ids([row.pk])
    store_entry()
    store_entry()
    assert open_rows() == [row]
    due.settle(claim, "said")
    (again,) = open_rows()
    assert (again.pk != row.pk, again.key, again.event_id) == (True, row.key, first.pk)
    (claim,) = due.claim_ids([again.pk])
    due.settle(claim, "said")
    assert open_rows() == []


def test_event_before_the_claim_does_not_open_the_key_again() -> None:
    store_entry()
    store_entry()
    (claim,) = due.claim("jobs", limit=5)
    due.settle(claim, "said")
    assert open_rows() == []


def test_racing_events_and_settlements_forget_no_event() -> None:
    """The last look at the conversation always comes after the last entry."""
    done = threading.Event()
    looks: list[int] = []

    def write() -> None:
        for _ in range(60):
            store_entry()
        done.set()
        connection.close()

    def work() -> None:
        while True:
            was_done = done.is_set()
            claims = due.claim("jobs", limit=1)
            for claim in claims:
                looks.append(Event.objects.count())
                due.settle(claim, "said")
            if was_done and not claims and not open_rows():
                break
        connection.close()

    threads = [threading.Thread(target=write), *(threading.Thread(target=work) for _ in range(3))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert max(looks) == 60


def test_schedule_moves_an_open_row_earlier_but_never_later() -> None:
    now = clock.now()
    for seconds in (60, 30, 90):
        with transaction.atomic():
            due.schedule(PATH, "step:1", now + timedelta(seconds=seconds))
    assert [row.run_after for row in open_rows()] == [now + timedelta(seconds=30)]


def test_cancel_then_schedule_moves_a_row_later() -> None:
    now = clock.now()
    with transaction.atomic():
        due.schedule(PATH, "step:1", now + timedelta(seconds=30))
    with transaction.atomic():
        assert due.cancel(PATH, "step:1")
        due.schedule(PATH, "step:1", now + timedelta(seconds=90), facts={"step": 1})
    (row,) = open_rows()
    assert (row.run_after, row.facts) == (now + timedelta(seconds=90), {"step": 1})
    assert not due.cancel(PATH, "step:2")


def test_cancelled_row_is_lost_to_its_holder() -> None:
    store_entry()
    (claim,) = due.claim("jobs", limit=1)
    assert due.cancel(claim.reaction, claim.key)
    with pytest.raises(due.LostClaim):
        due.settle(claim)
    assert Due.objects.get().outcome == "cancelled"


def test_schedule_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="must run in the transaction"):
        due.schedule(PATH, "step:1", None)


def test_key_that_names_an_unknown_fact_stores_nothing(settings: Any) -> None:
    settings.REACTIONS = {"entry.stored": [Reaction(PATH, key="seat:{seat}")]}
    with pytest.raises(KeyError):
        store_entry()
    assert not Event.objects.exists()
