"""The two Celery workers, real ones on real Redis: a hint is answered at once, and a canary comes back."""

from __future__ import annotations

import signal

import pytest
from django.db import transaction

from events import announce, due, queries
from events.models import Due
from tests.events.conftest import Spawn, WaitFor
from tests.events.due_handlers import HERE, effects_of

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = """
from config.celery import app
app.worker_main(["worker", "-Q", "{queue}", "-P", "{pool}", "-c", "2", "--without-gossip", "--without-mingle"])
"""


@pytest.mark.parametrize(("queue", "pool", "handler"), [("jobs", "prefork", "effect"), ("bots", "threads", "aeffect")])
def test_worker_answers_hints_and_canaries_and_ends_cleanly(
    queue: str, pool: str, handler: str, spawn: Spawn, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "queue_of", lambda _path: queue)
    worker = spawn(WORKER.format(queue=queue, pool=pool))
    announce.canary(queue=queue)
    wait_for(lambda: f"worker.{queue}" in queries.status()["beats"], seconds=40)
    took = []
    for number in range(5):
        with transaction.atomic():
            due_id = due.schedule(f"{HERE}.{handler}", f"turn-{number}", None)
        wait_for(lambda due_id=due_id: Due.objects.get(pk=due_id).outcome == "made", seconds=10)
        (effect,) = effects_of(due_id)
        took.append((effect.at - Due.objects.get(pk=due_id).created_at).total_seconds())
    assert sorted(took)[2] < 0.5, took
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
