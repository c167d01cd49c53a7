"""Recording: in the caller's transaction or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction

from events import announce, clock, log, prepared
from events.models import Beat, Due, Event
from events.prepared import inserting
from events.reaction import Reaction

pytestmark = pytest.mark.django_db(transaction=True)


class Overheard:
    """What was put out by `announce`."""

    def __init__(self) -> None:
        self.pointers: list[tuple[str, int]] = []
        self.hints: list[tuple[str, int]] = []


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    heard = Overheard()
    monkeypatch.setattr(announce, "pointer", lambda *, stream, seq: heard.pointers.append((stream, seq)))
    monkeypatch.setattr(announce, "hint", lambda *, queue, due_id: heard.hints.append((queue, due_id)))
    return heard


def test_record_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="must run in the transaction"):
        log.record("thing.happened", study=None, subject=("thing", 1))
    assert not Event.objects.exists()


def test_record_writes_the_event_and_its_due_rows(settings: Any) -> None:
    settings.REACTIONS = {
        "thing.happened": [
            Reaction("bots.tasks.answer", key="thing:{subject_id}:{seat}"),
            Reaction("measures.tasks.score"),
        ]
    }
    before = clock.now()
    with transaction.atomic():
        event = log.record("thing.happened", study=3, subject=("thing", 7), facts={"seat": 2})
    assert before <= Event.objects.get().at <= clock.now()
    rows = list(Due.objects.order_by("reaction").values_list("reaction", "queue", "key", "event_id", "facts"))
    assert rows == [
        ("bots.tasks.answer", "bots", "thing:7:2", event.pk, {"seat": 2}),
        ("measures.tasks.score", "jobs", str(event.pk), event.pk, {"seat": 2}),
    ]


def test_reaction_of_those_whom_it_cannot_concern_is_left_out(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {
        "thing.happened": [Reaction("bots.tasks.answer", concerns="programs"), Reaction("measures.tasks.score")]
    }
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1), without=("programs",))
    assert [row.reaction for row in Due.objects.all()] == ["measures.tasks.score"]
    assert len(overheard.hints) == 1
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 2))
    assert sorted(row.reaction for row in Due.objects.filter(event__subject_id=2)) == [
        "bots.tasks.answer", "measures.tasks.score",
    ]  # fmt: skip


def test_what_is_stored_beside_an_event_is_stored_before_it() -> None:
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1), beside=[inserting(Beat(name="somebody"))])
    assert Beat.objects.get().at <= Event.objects.get().at
    with pytest.raises(IntegrityError), transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 2), beside=[inserting(Beat(name="somebody"))])
    assert Event.objects.count() == 1


def test_record_sends_pointers_and_hints_after_the_commit_only(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {"thing.happened": [Reaction("measures.tasks.score")]}
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1), wake={"chat.1": 4, "board": 2})
        assert (overheard.pointers, overheard.hints) == ([], [])
    assert overheard.pointers == [("chat.1", 4), ("board", 2)]
    assert overheard.hints == [("jobs", Due.objects.get().pk)]


def test_rollback_leaves_no_row_and_no_pointer(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {"thing.happened": [Reaction("measures.tasks.score")]}
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1), wake={"chat.1": 4})
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not Due.objects.exists()
    assert (overheard.pointers, overheard.hints) == ([], [])


def test_record_gives_no_hint_for_work_of_later(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {"thing.happened": [Reaction("measures.tasks.score")]}
    with transaction.atomic():
        later = clock.now() + timedelta(seconds=20)
        log.record("thing.happened", study=None, subject=("thing", 1), run_after=later)
    assert overheard.hints == []
    assert Due.objects.get().run_after == later


@pytest.mark.parametrize("statement", ["UPDATE events_event SET kind = 'x'", "DELETE FROM events_event"])
def test_event_is_append_only(statement: str) -> None:
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1))
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.get().kind == "thing.happened"


def test_erasure_may_delete_events_in_its_own_transaction_only() -> None:
    with transaction.atomic():
        log.record("thing.happened", study=None, subject=("thing", 1))
        log.record("thing.happened", study=None, subject=("thing", 2))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL rapport.erasing = 'on'")
        cursor.execute("DELETE FROM events_event WHERE subject_id = 1")
    assert Event.objects.get().subject_id == 2
    with pytest.raises(IntegrityError):
        Event.objects.all().delete()


def test_what_follows_goes_with_its_event_without_waiting_for_an_answer(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {
        "thing.happened": [
            Reaction("bots.tasks.answer", key="thing:{subject_id}"),
            Reaction("measures.tasks.score", key="score:{seat}"),
        ]
    }
    with transaction.atomic(), mock.patch.object(prepared, "_psycopg_of", wraps=prepared._psycopg_of) as asked:
        events = [log.record("thing.happened", study=3, subject=("thing", n), facts={"seat": n}) for n in (1, 2)]
    assert asked.call_count == 2, "each with all that follows from it"
    rows = sorted(Due.objects.values_list("key", "event_id"))
    assert rows == sorted(
        (f"{what}:{n}", one.pk) for n, one in enumerate(events, start=1) for what in ("thing", "score")
    )
    assert {due_id for _, due_id in overheard.hints} == set(Due.objects.values_list("pk", flat=True))


def test_several_events_go_together_in_their_order_each_with_what_follows(settings: Any, overheard: Overheard) -> None:
    settings.REACTIONS = {"turn.opened": [Reaction("bots.tasks.answer", key="turn:{subject_id}")]}
    with transaction.atomic(), mock.patch.object(prepared, "_psycopg_of", wraps=prepared._psycopg_of) as asked:
        opened = log.recording("step.opened", study=3, subject=("match", 7), wake={"a": 4})
        turns = [log.recording("turn.opened", study=3, subject=("seat", n), facts={"n": n}) for n in (1, 2)]
        prepared.together(*opened, *turns[0], *turns[1])
    assert asked.call_count == 1
    kinds = list(Event.objects.order_by("pk").values_list("kind", "subject_id"))
    assert kinds == [("step.opened", 7), ("turn.opened", 1), ("turn.opened", 2)]
    for due in Due.objects.all():
        assert due.event is not None
        assert due.key == f"turn:{due.event.subject_id}"
    assert (len(overheard.hints), overheard.pointers) == (2, [("a", 4)])
    settings.REACTIONS = {"turn.opened": [Reaction("bots.tasks.answer")]}
    with pytest.raises(ValueError, match="record it by itself"), transaction.atomic():
        log.recording("turn.opened", study=3, subject=("seat", 1))
