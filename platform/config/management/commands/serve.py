"""`manage.py serve NAME`: one process of the platform, for systemd or containers."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.backups.gate import refuse_closed
from config.places import ROOT
from config.refusal import SetupError
from config.supervisor.children import NAMES, argv_of, environment_of


class Command(BaseCommand):
    """Becomes the very process that `manage.py up` would start, with the same flags."""

    help = "Run one process of the platform in the foreground, as `up` would start it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the process's name."""
        parser.add_argument("name", choices=NAMES)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Replace this process, so that signals reach the server itself."""
        try:
            refuse_closed()
        except SetupError as error:
            raise CommandError(str(error)) from error
        connection.close()
        argv = argv_of(options["name"])
        os.chdir(ROOT)
        os.execvpe(argv[0], argv, {**os.environ, **environment_of(options["name"])})  # noqa: S606  our own argv
