"""`manage.py up` for a clock that jumps: `python -m tests.weeks.up --simulation`.

Its sweeper looks often, and nobody is taken for dead because the last sign of life is hours old by such a clock.
"""

import os
import sys


def main(arguments: list[str]) -> None:
    """Start everything."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from config.supervisor import canary, children

    for question in ("sweeper_is_well", "worker_is_well"):
        setattr(canary, question, lambda *_args, **_facts: True)
    original = children.argv_of

    def quick(name: str) -> list[str]:
        return [sys.executable, "-m", "tests.weeks.ticker"] if name == "sweeper" else original(name)

    children.argv_of = quick
    call_command("up", *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
