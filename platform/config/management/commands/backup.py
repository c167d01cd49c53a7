"""`manage.py backup`: write a copy of the whole database into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from config.backups import listed, services
from config.backups.errors import BackupError
from config.backups.servers import own_server
from config.refusal import SetupError


class Command(BaseCommand):
    """May run while people play: it reads one instant, and holds up nobody."""

    help = "Write a copy of the whole database into one file; remove those older than RAPPORT_BACKUP_DAYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("--to", type=Path, metavar="FOLDER", default=settings.BACKUP_FOLDER,
                            help="where to; %(default)s unless given")  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say where it is, what is in it, and what was removed."""
        try:
            with own_server():
                made = self._made(options["to"])
                connection.close()  # before its server goes
        except (BackupError, SetupError) as error:
            raise CommandError(str(error)) from error
        manifest = made.manifest
        rows = f"{manifest.total} rows of {len(manifest.rows)} tables"
        self.stdout.write(f"{made.file}: {made.size:,} bytes, {rows}, as of {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC")
        for name in made.removed:
            self.stdout.write(f"removed {name}: older than {settings.BACKUP_DAYS} days")
        self.stdout.write(f"Is it good? manage.py verify --backup {made.file}")

    @staticmethod
    def _made(folder: Path) -> services.Made:
        try:
            made = services.make(folder)
            services.note_made(made, by="command")
            listed.write_down(folder)
        except BackupError as error:
            services.note_failed(error)
            raise
        except DatabaseError as error:
            raise BackupError("database_unreachable", f"the database does not take a note of it: {error}") from error
        return made
