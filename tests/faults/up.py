"""`manage.py up` whose processes are armed: `python -m tests.faults.up`."""

import os
import sys


def main() -> None:
    """Start everything, each process by `tests.faults.armed`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from config.supervisor import children

    original = children.argv_of

    def armed(name: str) -> list[str]:
        return [sys.executable, "-m", "tests.faults.armed", name, *original(name)[1:]]

    children.argv_of = armed
    call_command("up")


if __name__ == "__main__":
    main()
