"""A worker in a process of its own that kills itself, as the kernel would, at a marked point of sending a reminder.

Run as `python -m tests.reminders.dying_worker POINT FOLDER` with DATABASE_URL naming the test's database.
"""

import sys

from tests.machinery.dying import first_die, then_die

POINTS = ["before claim", "after claim", "after sending", "after record"]


def arm(point: str) -> None:
    """Put the charge in its place."""
    from flow.mail import Email
    from flow.services import reminding

    match point:
        case "before claim":
            reminding._claimed = first_die(reminding._claimed)
        case "after claim":
            reminding._send = first_die(reminding._send)
        case "after sending":
            Email.send = then_die(Email.send)  # type: ignore[method-assign]
        case "after record":
            reminding.record = then_die(reminding.record)


def main() -> None:
    """Do what is due until the charge goes off."""
    import django
    from django.conf import settings

    django.setup()
    settings.EMAIL_FILE_PATH = sys.argv[2]
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.studies.experiments"]
    arm(sys.argv[1])
    from events import runner

    runner.drain("jobs")


if __name__ == "__main__":
    main()
