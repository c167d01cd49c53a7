"""The Celery application: who consumes which queue, and the bots' loop beside the worker of queue `bots`."""

from __future__ import annotations

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("rapport", include=["events.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_ready.connect
def start_the_loop(sender: Any, **_facts: Any) -> None:
    """Start the one loop in the worker that consumes `bots`."""
    if "bots" in {queue.name for queue in sender.task_consumer.queues}:
        from events import loop

        loop.serve("bots")
        _warm_up_models()
        _make_rules()


def _warm_up_models() -> None:
    """Import the model library now, where a real model is configured: it takes seconds."""
    from llm.access import asks_any

    if asks_any():
        from llm.providers.litellm import warm_up

        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


def _make_rules() -> None:
    """Make the rules by which replies of models are screened, before the first one."""
    from chat.safety.policy import get_ready

    get_ready()


@worker_shutdown.connect
def stop_the_loop(**_facts: Any) -> None:
    """Give back what is in hand, so that the next worker need not wait for leases to run out."""
    from events import loop

    loop.stop_all()
