"""`study run` in a process of its own that kills itself, as the kernel would, at a marked point.

Run as `python -m tests.bots.dying_runner POINT VERSION GROUPS` with DATABASE_URL naming the test's database.
"""

import os
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.machinery.dying import die, first_die, then_die

POINTS = ["before a group is kept", "after a group", "before a turn is kept", "after a turn", "before a group is over"]


def die_at(number: int, original: Callable[..., Any]) -> Callable[..., Any]:
    """Die after the n-th time that a function has done its work."""
    times = count(1)

    def dying(*args: Any, **kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        if next(times) == number:
            die()
        return found

    return dying


def arm(point: str) -> None:
    """Put the charge in its place."""
    from bots import services
    from bots.batches import services as batches

    match point:
        case "before a group is kept":
            batches.games.begin = then_die(batches.games.begin)
        case "after a group":
            batches.next_group = die_at(2, batches.next_group)
        case "before a turn is kept":
            services.due.settle = die_at(7, services.due.settle)
        case "after a turn":
            services.deliver = die_at(7, services.deliver)
        case "before a group is over":
            from flow.services import rounds

            rounds._finish = first_die(rounds._finish)


def main() -> None:
    """Play until the charge goes off."""
    import django
    from django.conf import settings

    django.setup()
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.language"]
    point, version, groups = sys.argv[1:]
    arm(point)
    from bots.run import run_groups
    from studies.models import Version

    run_groups(Version.objects.select_related("study").get(pk=version), int(groups))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
