"""`manage.py clock`: show the platform's clock, or make an empty database one for simulation."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events import clock


class Command(BaseCommand):
    help = (
        "Show the clock. --simulate makes an empty database one for simulation, for good; --ahead moves such a clock."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the two options."""
        parser.add_argument("--simulate", action="store_true", help="only while nothing has been recorded")
        parser.add_argument("--ahead", type=float, metavar="SECONDS", help="move a simulated clock forward")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked, then print the time and whether it is simulated."""
        try:
            if options["simulate"]:
                clock.simulate()
            if options["ahead"] is not None:
                clock.shift(timedelta(seconds=options["ahead"]))
        except clock.ClockError as error:
            raise CommandError(str(error)) from error
        reading = clock.read()
        kind = "simulated" if clock.is_simulated() else "real"
        self.stdout.write(f"{reading.at.isoformat()} ({kind}{', stands' if reading.stands else ''})")
