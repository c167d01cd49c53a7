"""Recording: in the caller's transaction or not at all."""

import pytest
from django.db import transaction

from events import clock, log
from events.models import Due, Event
from events.reaction import Reaction

pytestmark = pytest.mark.django_db(transaction=True)


def test_record_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="must run in the transaction"):
        log.record("thing.happened", study=None, subject=("thing", 1))
    assert not Event.objects.exists()


def test_record_writes_the_event_and_its_due_rows(settings) -> None:
    settings.REACTIONS = {"thing.happened": [Reaction("bots.tasks.answer", key="thing:{subject_id}:{seat}"), Reaction("measures.tasks.score")]}
    before = clock.now()
    with transaction.atomic():
        event = log.record("thing.happened", study=3, subject=("thing", 7), facts={"seat": 2})
    assert before <= Event.objects.get().at <= clock.now()
    rows = list(Due.objects.order_by("reaction").values_list("reaction", "queue", "key", "event_id", "facts"))
    assert rows == [
        ("bots.tasks.answer", "bots", "thing:7:2", event.pk, {"seat": 2}),
        ("measures.tasks.score", "jobs", str(event.pk), event.pk, {"seat": 2}),
    ]
