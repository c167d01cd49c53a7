"""`manage.py up`: one command for one machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.refusal import SetupError
from config.supervisor.up import run


class Command(BaseCommand):
    """Starts and watches PostgreSQL, Redis, pages, sockets, both workers and the sweeper."""

    help = "Start everything that this installation needs, keep it running, stop it on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--demo`."""
        parser.add_argument("--demo", action="store_true", help="load the demo studies and print their addresses")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until stopped."""
        try:
            run(say=self._say, demo=options["demo"])
        except SetupError as error:
            raise CommandError(str(error)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(f"rapport: {line}")
        self.stdout.flush()
