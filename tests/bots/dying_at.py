"""A bots' loop in a process of its own that is given every hint five times, and kills itself at a marked point.

Run as `python -m tests.bots.dying_at POINT NUMBER` with DATABASE_URL naming the test's database: it dies when it comes
by the point for the n-th time.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random
from typing import Any

from tests.bots.dying_runner import die_at
from tests.machinery.dying import die

POINTS = ("before claim", "after claim", "during the call", "after the call", "before commit", "after commit")
COPIES = 5
LOOK_SECONDS = 0.1
PROVIDER = "tests.bots.thoughtful.ask"


def die_before(number: int, original: Callable[..., Any]) -> Callable[..., Any]:
    """Die before a function does its work for the n-th time."""
    times = count(1)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if next(times) == number:
            die()
        return original(*args, **kwargs)

    return dying


def arm(point: str, number: int) -> None:
    """Put the charge in its place."""
    from bots import services
    from events import due
    from llm import services as calls
    from tests.bots import thoughtful

    match point:
        case "before claim":
            due.claim_ids = die_before(number, due.claim_ids)
        case "after claim":
            services.begin = die_before(number, services.begin)
        case "during the call":
            thoughtful.die_during(number)
        case "after the call":
            calls.close_call = die_at(number, calls.close_call)
        case "before commit":
            services._conclude = die_at(number, services._conclude)
        case "after commit":
            services.deliver = die_at(number, services.deliver)


@contextmanager
def worker(tally: list[int]) -> Iterator[None]:
    """The loop of a worker in this process, to which every hint comes five times, shuffled, again and again.

    Args:
        tally: Gets the number of hints that were given.
    """
    from events import loop

    loop.serve("bots")
    over = threading.Event()
    hints = threading.Thread(target=_hint, args=(over, tally), name="hints", daemon=True)
    hints.start()
    try:
        yield
    finally:
        over.set()
        hints.join(10)
        loop.stop_all()


def _hint(over: threading.Event, tally: list[int]) -> None:
    from django.db import connection

    from events import tasks
    from events.models import Due

    rng = Random("hints")
    try:
        while not over.wait(LOOK_SECONDS):
            rows = list(Due.objects.filter(queue="bots", outcome="").values_list("pk", flat=True))
            hinted = rows * COPIES
            rng.shuffle(hinted)
            for row in hinted:
                tasks.hint(row, "bots")
            tally.append(len(hinted))
    finally:
        connection.close()


def main() -> None:
    """Serve the queue until the charge goes off."""
    import django
    from django.conf import settings

    django.setup()
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"scripted": PROVIDER}
    point, number = sys.argv[1:]
    arm(point, int(number))
    with worker([]):
        time.sleep(60)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
