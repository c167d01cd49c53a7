"""Prepared statements do what the ORM's own do, only without working out the SQL again."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.signals import post_init, pre_init
from django.db.transaction import TransactionManagementError
from django.db.utils import DataError, IntegrityError

from events.clock import RapportNow
from events.models import Beat, Due, Event
from events.prepared import Given, Question, insert, insert_all, inserting, prepared, run, together, update, updating

pytestmark = pytest.mark.django_db


def event(kind: str = "thing.done", **facts: Any) -> Event:
    return Event(kind=kind, study_id=None, subject_kind="thing", subject_id=7, facts=facts)


def stored(row: Any) -> dict[str, Any]:
    """Every column as Django reads it."""
    return dict(type(row).objects.filter(pk=row.pk).values().get())


def values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@prepared
def of_kind(kind: Given) -> QuerySet[Event]:
    return Event.objects.filter(kind=kind).order_by("pk")


@prepared
def due_of(keys: Given, least: Given) -> QuerySet[Due]:
    first = Event.objects.filter(pk=OuterRef("event"), kind="thing.done")
    rows = Due.objects.filter(key__any=keys, attempts__gte=least).select_related("event")
    return rows.annotate(is_first=Exists(first), asked_at=RapportNow()).order_by("key")


@prepared
def counted(kind: Given) -> QuerySet[Event, tuple[str, int]]:
    return Event.objects.filter(kind=kind).values("kind").annotate(n=Count("pk")).values_list("kind", "n")


@prepared
def facts_of(kind: Given) -> QuerySet[Event, Any]:
    return Event.objects.filter(kind=kind).order_by("-pk").values_list("facts", flat=True)[:1]


@prepared
def locked(kind: Given) -> QuerySet[Event]:
    return Event.objects.select_for_update().filter(kind=kind)


def test_inserted_row_is_as_the_orm_would_have_it() -> None:
    row = insert(event(n=1, words=["é", None]))
    assert row.pk
    assert not row._state.adding
    assert values(row) == stored(row)


def test_rows_inserted_together_each_get_their_own_key() -> None:
    rows = insert_all([event(n=n) for n in range(3)])
    assert len({row.pk for row in rows}) == 3
    assert [stored(row)["facts"]["n"] for row in rows] == [0, 1, 2]
    assert insert_all([]) == []


def test_key_that_is_given_is_kept() -> None:
    insert(Beat(name="somebody", facts={"n": 1}))
    assert Beat.objects.get(pk="somebody").facts == {"n": 1}
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Beat(name="somebody"))


def test_update_writes_the_named_fields_only() -> None:
    beat = insert(Beat(name="somebody", facts={"n": 1}))
    at = beat.at
    beat.facts, beat.name = {"n": 2}, "somebody"
    beat.at += timedelta(days=1)
    update(beat, "facts")
    assert stored(beat) == {"name": "somebody", "at": at, "facts": {"n": 2}}


def test_rows_are_stored_and_changed_together_in_their_order() -> None:
    beat = insert(Beat(name="somebody", facts={"n": 1}))
    beat.facts = {"n": 2}
    row = event(n=3)
    changed, made, seen = together(updating(beat, "facts"), inserting(row), of_kind.given(kind="thing.done"))
    assert (len(changed), made) == (1, [row])
    assert values(row) == stored(row)
    assert [one.pk for one in seen] == [row.pk], "each sees what was stored before it"
    assert stored(beat)["facts"] == {"n": 2}
    (nothing,) = together(updating(Beat(name="nobody", facts={}), "facts"))
    assert nothing == []
    with pytest.raises(IntegrityError), transaction.atomic():
        together(inserting(event()), inserting(Beat(name="somebody")))
    assert Event.objects.count() == 1


def test_update_of_a_row_that_is_gone_says_so() -> None:
    with pytest.raises(Beat.DoesNotExist, match="nobody"):
        update(Beat(name="nobody", facts={}), "facts")


def test_query_gives_the_same_rows_for_each_value() -> None:
    insert_all([event(kind, n=n) for n, kind in enumerate(["thing.done", "thing.seen", "thing.done"])])
    for kind in ["thing.done", "thing.seen", "nothing"]:
        assert [values(row) for row in of_kind.all(kind=kind)] == list(
            Event.objects.filter(kind=kind).order_by("pk").values()
        )
    assert of_kind.first(kind="nothing") is None
    with pytest.raises(IndexError):
        of_kind.get(kind="nothing")


def test_query_joins_annotates_and_takes_lists() -> None:
    first, second = insert_all([event(), event("thing.seen")])
    for key, cause in [("a", first), ("b", second), ("c", None)]:
        Due.objects.create(reaction="flow.tasks.close_step", queue="jobs", key=key, event=cause, run_after=first.at)
    count = Counting()
    with connection.execute_wrapper(count):
        found = due_of.all(keys=["a", "b"], least=0)
        assert [(row.key, row.event and row.event.kind) for row in found] == [("a", "thing.done"), ("b", "thing.seen")]
    assert count.n == 1, "what is joined is not asked for again"
    assert [row.is_first for row in found] == [True, False]  # type: ignore[attr-defined]
    assert all(row.asked_at >= first.at for row in found)  # type: ignore[attr-defined]
    assert due_of.all(keys=["a"], least=1) == []


def test_query_of_values_gives_tuples_and_single_values() -> None:
    insert_all([event(n=1), event(n=2)])
    assert counted.all(kind="thing.done") == [("thing.done", 2)]
    assert facts_of.first(kind="thing.done") == {"n": 2}


def test_instances_are_as_the_orm_makes_them() -> None:
    first = insert(event())
    for key, cause in [("a", first), ("b", None)]:
        Due.objects.create(reaction="flow.tasks.close_step", queue="jobs", key=key, event=cause, run_after=first.at)
    theirs = Due.objects.select_related("event").only("key", "event__kind").order_by("key")
    for one, other in zip(partly_read.all(keys=["a", "b"]), theirs, strict=True):
        assert _made_of(one) == _made_of(other)
        assert one.event is None or other.event is None or _made_of(one.event) == _made_of(other.event)
        assert one.queue == "jobs", "what was not read is read when it is asked for"


@prepared
def partly_read(keys: Given) -> QuerySet[Due]:
    return Due.objects.filter(key__any=keys).select_related("event").only("key", "event__kind").order_by("key")


def _made_of(row: Any) -> Any:
    """All that an instance holds."""
    return {**vars(row), "_state": vars(row._state)}


def test_no_signal_waits_for_instances_of_our_models() -> None:
    ours = [model for model in apps.get_models() if not model.__module__.startswith("django.")]
    assert Event in ours
    assert not [model for model in ours for signal in (pre_init, post_init) if signal.has_listeners(model)]
    assert not [model for model in ours if "from_db" in vars(model) or "__init__" in vars(model)]


def test_value_that_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="kind"):
        of_kind.all()
    with pytest.raises(TypeError, match="colour"):
        of_kind.all(kind="a", colour="b")


@pytest.mark.django_db(transaction=True)
def test_lock_is_refused_outside_a_transaction_every_time() -> None:
    with transaction.atomic():
        locked.all(kind="a")
    with pytest.raises(TransactionManagementError):
        locked.all(kind="a")


class Counting:
    """Counts statements: prepared ones must be seen by whoever counts Django's."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, execute: Any, *args: Any) -> Any:
        self.n += 1
        return execute(*args)


def test_questions_asked_together_are_answered_in_their_order() -> None:
    insert_all([event(n=1), event(n=2), event("thing.undone", n=3)])
    undone, facts, done = together(
        of_kind.given(kind="thing.undone"), facts_of.given(kind="thing.done"), of_kind.given(kind="thing.done")
    )
    assert [row.facts for row in undone] == [{"n": 3}]
    assert facts == [{"n": 2}]
    assert [row.facts["n"] for row in done] == [1, 2]
    assert together() == []


def test_question_sees_what_was_asked_before_it_in_the_same_message() -> None:
    with transaction.atomic():
        found, _, again = together(
            of_kind.given(kind="thing.done"), locked.given(kind="thing.done"), of_kind.given(kind="thing.done")
        )
    assert found == again == []


def test_one_statement_asked_twice_together_is_answered_twice() -> None:
    insert_all([event(n=1), event("thing.undone", n=2)])
    done, undone = together(of_kind.given(kind="thing.done"), of_kind.given(kind="thing.undone"))
    assert [row.facts["n"] for row in (*done, *undone)] == [1, 2]


def test_error_of_one_question_is_djangos_and_ends_the_transaction_as_ever() -> None:
    insert(event())
    with pytest.raises(DataError), transaction.atomic():
        together(due_of.given(keys=["a"], least="many"), of_kind.given(kind="thing.done"))
    assert len(together(of_kind.given(kind="thing.done"))[0]) == 1


def test_whoever_counts_statements_sees_each_of_those_asked_together() -> None:
    seen: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        together(of_kind.given(kind="thing.done"), facts_of.given(kind="thing.done"))
    assert len(seen) == 2


def test_statement_gives_what_it_returns() -> None:
    assert run("UPDATE events_event SET kind = kind WHERE id = %(id)s RETURNING id", {"id": -1}) == []
    assert run("SELECT 1") == [(1,)]


def test_statement_that_failed_is_asked_again_as_if_it_had_not() -> None:
    insert(event())
    with pytest.raises(DataError), transaction.atomic():
        due_of.all(keys=["a"], least="many")
    assert due_of.all(keys=["a"], least=0) == []
    assert len(of_kind.all(kind="thing.done")) == 1


def test_postgresql_keeps_them_planned() -> None:
    for _ in range(3):
        of_kind.all(kind="thing.done")
        together(counted.given(kind="thing.done"), facts_of.given(kind="thing.done"))
    kept = dict(run("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"))
    asked: list[Question[Any]] = [of_kind.given(kind=""), counted.given(kind=""), facts_of.given(kind="")]
    assert [kept.get(_numbered(one.sql), 0) >= 3 for one in asked] == [True] * 3


def _numbered(sql: str) -> str:
    """The statement as PostgreSQL gets it."""
    parts = sql.split("%s")
    return "".join(part + f"${number}" for number, part in enumerate(parts[:-1], start=1)) + parts[-1]
