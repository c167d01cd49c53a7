"""`manage.py restore FILE`: read a backup into an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.backups import programs, services
from config.backups.errors import BackupError
from config.backups.listed import LIST
from config.backups.servers import own_server
from config.refusal import SetupError
from flow.services.reminding import doubt


class Command(BaseCommand):
    """All of it, or nothing. Never into a database that holds anything."""

    help = "Read a backup into the database of DATABASE_URL, or of RAPPORT_HOME, which must be empty."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
        text = f"what was deleted since; the {LIST} beside the file unless given"
        parser.add_argument("--list", type=Path, metavar="LIST", default=None, help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what is there now, and what is still to be done."""
        try:
            with own_server():
                done = services.restore(options["file"], programs.address_of(connection))
                deleted = self._deleted_again(options["list"] or options["file"].with_name(LIST), done.missing)
                doubtful = doubt() if not done.missing else 0
                connection.close()  # before its server goes
        except (BackupError, SetupError) as error:
            raise CommandError(str(error)) from error
        manifest, version = done.manifest, f"made by Rapport {done.manifest.rapport}"
        for line in (
            f"restored {manifest.total} rows of {len(manifest.rows)} tables in {done.seconds:.0f} s, {version}",
            f"It is as of {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC: what was done later is not in it.",
            "Settle by hand with whoever finished since.",
            *self._still_to_do(done.missing, deleted, doubtful),
            "Then: manage.py verify",
        ):
            self.stdout.write(line)

    @staticmethod
    def _deleted_again(file: Path, missing: list[str]) -> services.Again | None:
        """Delete again what was deleted since, where the tables are up to date and the list is there."""
        return services.delete_again(file) if file.exists() and not missing else None

    @staticmethod
    def _still_to_do(missing: list[str], deleted: services.Again | None, doubtful: int) -> Iterator[str]:
        """What was done besides, and what is to come before anything is started."""
        if missing:
            yield f"This version has {len(missing)} migrations that the backup has not: run manage.py migrate, and then"
            yield "manage.py reminders --restored, or what was sent since may be sent again"
        if doubtful:
            yield f"{doubtful} reminders may have been sent since, and are not sent again: manage.py reminders STUDY"
        if deleted is not None:
            yield f"Deleted again: {deleted.asked} people, {deleted.purged} purges, of {deleted.listed} in the list."
        else:
            yield "Nothing is opened before `manage.py erasures --again` has deleted again what was deleted since."
