"""Answers: every attempt a row of its own, none ever changed."""

import pytest
from django.db import DatabaseError, transaction

from measures.models import Answer
from measures.services import record_answers
from paradigm import Points, Text
from studies.items import Item
from tests.machinery.people import MakeVersion, newcomer

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = [(1, Item(field=Points(name="sum"), correct=12)), (2, Item(field=Text(name="why", required=False)))]


def test_attempts_are_numbered_and_marked(make_version: MakeVersion) -> None:
    session = newcomer(make_version())
    assert record_answers(session, "quiz", ITEMS, {"sum": 3, "why": ""}) == 1
    assert record_answers(session, "quiz", ITEMS[:1], {"sum": 12}) == 2
    assert record_answers(session, "other", ITEMS, {"sum": 12}) == 1
    kept = Answer.objects.filter(stage="quiz").order_by("attempt", "position")
    assert list(kept.values_list("item", "attempt", "position", "value", "is_correct")) == [
        ("sum", 1, 1, 3, False),
        ("why", 1, 2, "", None),
        ("sum", 2, 1, 12, True),
    ]


def test_what_was_shown_and_not_answered_is_null(make_version: MakeVersion) -> None:
    record_answers(newcomer(make_version()), "after", ITEMS, {"why": "so"})
    assert Answer.objects.get(item="sum").value is None


def test_answers_are_never_changed(make_version: MakeVersion) -> None:
    record_answers(newcomer(make_version()), "after", ITEMS, {"sum": 1})
    with pytest.raises(DatabaseError), transaction.atomic():
        Answer.objects.update(value=2)
    assert Answer.objects.get(item="sum").value == 1
