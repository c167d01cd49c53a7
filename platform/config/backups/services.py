"""Every write: make a backup, remove the old ones, restore one, and note what happened."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from config.backups import archive, programs, reading
from config.backups.errors import BackupError
from config.backups.manifest import Manifest
from config.backups.programs import Address
from config.version import VERSION
from console.upkeep import FAILED, MADE
from events import due, signs
from events.claim import Claim
from events.log import record

REACTION = "config.backups.daily.make"
NO_HINT_SECONDS = 1.0
ABANDONED_SECONDS = 24 * 3600.0

log = logging.getLogger("rapport.backup")


@dataclass(frozen=True)
class Made:
    """A backup that is there now."""

    file: Path
    manifest: Manifest
    size: int  # bytes
    seconds: float
    removed: list[str]


@dataclass(frozen=True)
class Restored:
    """What a restore has done.

    Attributes:
        missing: Migrations of the installed version that the backup does not have.
    """

    manifest: Manifest
    missing: list[str]
    seconds: float


def make(folder: Path, *, is_daily: bool = False) -> Made:
    """Write one consistent archive of the whole database, and remove those that are older than the setting says.

    Args:
        is_daily: Whether it takes the place of an earlier one of its day.

    Raises:
        BackupError: "database_unreachable", "dump_failed", "folder_refused", "no_program".
    """
    began = time.monotonic()
    address = programs.address_of(connection)
    with reading.snapshot_of(address) as snapshot:
        program = programs.find("pg_dump", server=snapshot.info.server_version)
        # pg_dump joins the very snapshot in which the rows are counted.
        now, exported = snapshot.execute("SELECT rapport_now(), pg_export_snapshot()").fetchall()[0]
        described = Manifest(
            rapport=VERSION,
            as_of=now.astimezone(UTC),
            server=snapshot.info.server_version,
            program=program.said,
            migrations=reading.migrations_of(snapshot),
            rows={
                table: 0 if table in programs.NOT_KEPT else rows for table, rows in reading.rows_of(snapshot).items()
            },
        )
        file = folder / archive.name_of(described.as_of, is_daily=is_daily)
        manifest = archive.write(file, described, lambda take: programs.dump(program, address, exported, take))
    return Made(file, manifest, file.stat().st_size, time.monotonic() - began, prune(folder, now=manifest.as_of))


def plan(at: datetime) -> None:
    """Have a row for the backup of a day, due at an instant of it; one that is open already stays as it is."""
    with transaction.atomic():
        due.schedule(REACTION, f"{at:%Y-%m-%d}", at, after_seconds=NO_HINT_SECONDS)


def prune(folder: Path, *, now: datetime) -> list[str]:
    """Remove backups of days more than RAPPORT_BACKUP_DAYS ago, by their names; never the newest, nor other files.

    Drafts that somebody was killed over go, too. Returns the names of the backups that are gone.
    """
    found = sorted(file for file in folder.iterdir() if archive.NAME.fullmatch(file.name))
    first = f"rapport-{now - timedelta(days=settings.BACKUP_DAYS):%Y-%m-%d}"
    old = [file for file in found[:-1] if settings.BACKUP_DAYS and file.name < first]
    for file in folder.iterdir():
        if archive.DRAFT.fullmatch(file.name) and _is_abandoned(file, now=now):
            _remove(file)
    return [file.name for file in old if _remove(file)]


def _is_abandoned(file: Path, *, now: datetime) -> bool:
    """Whether nobody writes a draft any more: its writer was killed, and it holds all that the database held."""
    with suppress(FileNotFoundError):
        return now.timestamp() - file.stat().st_mtime > ABANDONED_SECONDS
    return False


def _remove(file: Path) -> bool:
    """Whether a file is gone. One that stays is told of, and does not undo the backup that was made."""
    try:
        file.unlink(missing_ok=True)  # another host may have been quicker
    except OSError as error:
        log.error("old backup not removed", extra={"facts": {"file": file.name, "error": type(error).__name__}})
        return False
    return True


def restore(file: Path, address: Address) -> Restored:
    """Read an archive into an empty database: all of it, or nothing.

    Raises:
        BackupError: "damaged", "not_a_backup", "made_by_newer", "server_older", "not_empty", "restore_failed",
            "rows_differ", "no_program", "database_unreachable".
    """
    began = time.monotonic()
    manifest = archive.checked(file)
    missing = _missing_migrations(manifest)
    with programs.connect(address, autocommit=True) as target:
        _refuse_unfit(target.info.server_version, manifest)
        if things := reading.things_in(target):
            raise _not_empty(address, things)
        program = programs.find("pg_restore", server=target.info.server_version)
        with archive.dump_of(file) as dump:
            programs.restore(program, address, dump)
        differing = [*_differing(reading.rows_of(target), manifest.rows), *reading.lagging_sequences(target)]
        target.execute("ANALYZE")  # plans are made at once, and by statistics
    if differing:
        text = (
            f"what was restored is not what the manifest says: {', '.join(differing)}. Drop the database; do not use it"
        )
        raise BackupError("rows_differ", text)
    return Restored(manifest, missing, time.monotonic() - began)


def note_made(made: Made, *, by: str) -> None:
    """Let everybody who looks know that there is a backup."""
    with transaction.atomic():
        _note_made(made, by=by)


def settle_made(claim: Claim, made: Made) -> None:
    """The same, together with the settlement of the day's row.

    Raises:
        LostClaim: another sweeper has taken the row meanwhile, and notes its own.
    """
    with transaction.atomic():
        _note_made(made, by="sweeper")
        due.settle(claim, "made")


def note_failed(error: BackupError, *, key: str = "", again: datetime | None = None) -> None:
    """Let everybody who looks know that one could not be made, and why; try the day's again at an instant."""
    with transaction.atomic():
        if again is not None:  # its row is in hand: settling it will open it anew
            due.schedule(REACTION, key, again, after_seconds=NO_HINT_SECONDS)
        record("backup.failed", study=None, subject=("backup", 0), facts={"code": error.code})
        signs.beat(FAILED, code=error.code)
    log.error("backup failed", extra={"facts": {"code": error.code}})


def _note_made(made: Made, *, by: str) -> None:
    facts = {"file": made.file.name, "bytes": made.size, "seconds": round(made.seconds, 1), "rows": made.manifest.total}
    record("backup.made", study=None, subject=("backup", 0), facts={**facts, "by": by})
    signs.beat(MADE, **facts)
    log.info("backup made", extra={"facts": {**facts, "removed": len(made.removed)}})


def _missing_migrations(manifest: Manifest) -> list[str]:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    if strange := sorted(set(manifest.migrations) - known):
        text = f"it was made by Rapport {manifest.rapport}, and this one does not know {', '.join(strange[:3])}"
        raise BackupError("made_by_newer", f"{text}: restore it with that version")
    return sorted(known - set(manifest.migrations))


def _refuse_unfit(server: int, manifest: Manifest) -> None:
    if server // 10_000 < manifest.server // 10_000:
        text = f"it was made on PostgreSQL {manifest.server // 10_000}, and this server is {server // 10_000}"
        raise BackupError("server_older", f"{text}: restore it on one that is no older")


def _not_empty(address: Address, things: list[str]) -> BackupError:
    name = address.get("dbname", "")
    text = f"the database {name} is not empty ({', '.join(things[:3])} …), and nothing is ever overwritten"
    remedy = (
        f"make a new one (createdb {name}_restored) and name it in DATABASE_URL, or set RAPPORT_HOME to a new folder"
    )
    return BackupError("not_empty", f"{text}: {remedy}")


def _differing(found: dict[str, int], expected: dict[str, int]) -> list[str]:
    return [
        f"{table} has {found.get(table, 'no')} rows of {expected.get(table, 'no')}"
        for table in sorted(found.keys() | expected.keys())
        if found.get(table) != expected.get(table)
    ]
