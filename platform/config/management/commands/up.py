"""`manage.py up`: one command for one machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.refusal import SetupError
from config.supervisor.children import NAMES
from config.supervisor.up import Wanted, run


class Command(BaseCommand):
    """Starts and watches PostgreSQL, Redis, pages, sockets, both workers and the sweeper."""

    help = "Start everything that this installation needs, keep it running, stop it on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be wanted or not."""
        parser.add_argument("--demo", action="store_true", help="load the demo studies and print their addresses")
        parser.add_argument("--without", metavar="NAMES", default="", help=f"leave out some of {', '.join(NAMES)}")
        simulation = "make the (empty) database one for simulation: its clock may be moved, its data may be lost"
        parser.add_argument("--simulation", action="store_true", help=simulation)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until stopped."""
        without = frozenset(filter(None, options["without"].split(",")))
        if unknown := without - set(NAMES):
            raise CommandError(f"--without {','.join(sorted(unknown))}: name some of {', '.join(NAMES)}")
        wanted = Wanted(demo=options["demo"], simulation=options["simulation"], without=without)
        try:
            run(wanted, say=self._say)
        except SetupError as error:
            raise CommandError(str(error)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(f"rapport: {line}")
        self.stdout.flush()
