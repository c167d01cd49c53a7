"""More hints than any process would send, and more work than a study has."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random

from celery import Celery

from tests.faults.rig import Rig

COPIES = 5
LOOK_SECONDS = 0.1
FREE = """
    SELECT id, queue FROM events_due
    WHERE outcome = '' AND run_after <= rapport_now() AND (lease_until IS NULL OR lease_until < rapport_now())
"""

AGAIN = """
    INSERT INTO events_due (reaction, queue, key, event_id, facts, run_after, fence, attempts, outcome, error_code)
    SELECT reaction, queue, key, event_id, facts, rapport_now(), 0, 0, '', '' FROM events_due
    WHERE reaction = 'flow.tasks.form_groups' ORDER BY id DESC LIMIT 1
    ON CONFLICT (reaction, key) WHERE outcome = '' DO NOTHING RETURNING id
"""


def pushed_hints(rig: Rig) -> AbstractContextManager[None]:
    """Hint at every free row that is due, five times and shuffled, again and again, as long as the block lasts.

    So the worker of `jobs` has something to do: what a study has for it is mostly late work, which the sweeper finds.
    """
    return _meanwhile(_push, rig)


def planted_work(rig: Rig) -> AbstractContextManager[None]:
    """Let a waiting room be looked at again and again, as long as the block lasts: work that anybody may repeat.

    So the sweeper has something to do even where every deadline goes with its step, and pages form groups themselves.
    """
    return _meanwhile(_plant, rig)


@contextmanager
def _meanwhile(work: Callable[[Rig, threading.Event], None], rig: Rig) -> Iterator[None]:
    over = threading.Event()
    worker = threading.Thread(target=work, args=(rig, over), name=work.__name__, daemon=True)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(30)


def _plant(rig: Rig, over: threading.Event) -> None:
    while not over.wait(LOOK_SECONDS):
        rig.ask(AGAIN)


def _push(rig: Rig, over: threading.Event) -> None:
    address = rig.redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    app, rng = Celery("hints", broker=address, set_as_current=False), Random("hints")
    with app.connection_for_write() as connection:
        while not over.wait(LOOK_SECONDS):
            hints = rig.ask(FREE) * COPIES
            rng.shuffle(hints)
            for row, queue in hints:
                facts = {"args": (row, queue), "queue": queue, "connection": connection}
                app.send_task("events.tasks.hint", retry=False, ignore_result=True, **facts)
