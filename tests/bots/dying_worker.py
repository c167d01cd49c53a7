"""A bots' loop in a process of its own that kills itself, as the kernel would, at a marked point of a turn.

Run as `python -m tests.bots.dying_worker POINT` with DATABASE_URL naming the test's database.
"""

import sys
import time

from tests.machinery.dying import first_die, then_die

POINTS = ["before claim", "after claim", "during the call", "before commit", "after commit"]


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

            settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"scripted": "tests.machinery.dying.ask_and_die"}
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
