"""`manage.py restore FILE`: read a backup into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.backups import programs, services
from config.backups.errors import BackupError
from config.backups.servers import own_server
from config.refusal import SetupError
from flow.services.reminding import doubt


class Command(BaseCommand):
    """All of it, or nothing. Never into a database that holds anything."""

    help = "Read a backup into the database of DATABASE_URL, or of RAPPORT_HOME, which must be empty."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what is there now, and what is still to be done."""
        try:
            with own_server():
                done = services.restore(options["file"], programs.address_of(connection))
                doubtful = doubt() if not done.missing else 0
        except (BackupError, SetupError) as error:
            raise CommandError(str(error)) from error
        manifest, version = done.manifest, f"made by Rapport {done.manifest.rapport}"
        for line in (
            f"restored {manifest.total} rows of {len(manifest.rows)} tables in {done.seconds:.0f} s, {version}",
            f"It is as of {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC: what was done later is not in it. Do again what was",
            "deleted since at somebody's wish, and settle by hand with whoever finished since.",
            *self._still_to_do(done.missing, doubtful),
            "Then: manage.py verify",
        ):
            self.stdout.write(line)

    @staticmethod
    def _still_to_do(missing: list[str], doubtful: int) -> list[str]:
        """What is to come before anything is started."""
        if missing:
            line = (
                f"This version has {len(missing)} migrations that the backup has not: run manage.py migrate, and then"
            )
            return [line, "manage.py reminders --restored, or what was sent since may be sent again"]
        if doubtful:
            return [f"{doubtful} reminders may have been sent since, and are not sent again: manage.py reminders STUDY"]
        return []
