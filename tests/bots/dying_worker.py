"""A bots' loop in a process of its own that kills itself, as the kernel would, at a marked point of a turn.

Run as `python -m tests.bots.dying_worker POINT` with DATABASE_URL naming the test's database.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

POINTS = ["before claim", "after claim", "during the call", "before commit", "after commit"]


def die() -> None:
    """As from outside: no handler, no cleanup."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def first_die(original: Callable[..., Any]) -> Callable[..., Any]:
    """Die before a function does its work."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        die()
        return original(*args, **kwargs)

    return dying


def then_die(original: Callable[..., Any]) -> Callable[..., Any]:
    """Die after a function has done its work."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        original(*args, **kwargs)
        die()

    return dying


async def ask_and_die(question: Any) -> Any:
    """A provider during whose call the process ends."""
    del question
    die()


def arm(point: str) -> None:
    """Put the charge in its place."""
    from bots import services
    from events import due

    match point:
        case "before claim":
            due.claim_ids = first_die(due.claim_ids)
        case "after claim":
            services.begin = first_die(services.begin)
        case "during the call":
            from django.conf import settings

            settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"scripted": "tests.bots.dying_worker.ask_and_die"}
        case "before commit":
            services.due.settle = then_die(services.due.settle)
        case "after commit":
            services.deliver = then_die(services.deliver)


def main() -> None:
    """Serve the queue until the charge goes off."""
    import django
    from django.conf import settings

    django.setup()
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    arm(sys.argv[1])
    from events.loop import Loop

    Loop("bots").start()
    time.sleep(60)


if __name__ == "__main__":
    main()
