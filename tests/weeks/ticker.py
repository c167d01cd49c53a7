"""A sweeper that looks ten times a second: weeks pass in a minute. `python -m tests.weeks.ticker`."""

import os


def main() -> None:
    """Sweep, until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from events import sweeper

    sweeper.SWEEP_SECONDS = 0.1
    call_command("sweep")


if __name__ == "__main__":
    main()
