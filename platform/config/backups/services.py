"""Every write: make a backup, remove the old ones, restore one, and note what happened."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from config.backups import archive, gate, programs, reading
from config.backups.errors import BackupError
from config.backups.listed import Line, read
from config.backups.manifest import Manifest
from config.backups.programs import Address
from config.health import migrations_applied
from config.refusal import SetupError
from config.version import VERSION
from console.upkeep import FAILED, MADE
from events import due, signs
from events.claim import Claim
from events.log import record
from events.models import Beat, Due
from exports.services import erasure, purge, wishes
from exports.tombstones import purges_of
from flow.services import rescue
from participants.models import ErasureRequest, Participant
from participants.rules import a_month_after
from studies.models import Study

REACTION = "config.backups.daily.make"
NO_HINT_SECONDS = 1.0
ABANDONED_SECONDS = 24 * 3600.0
OPENED = "restore.opened"
WHY = "asked for it before the database was restored"

log = logging.getLogger("rapport.backup")


@dataclass(frozen=True)
class Made:
    """A backup that is there now."""

    file: Path
    manifest: Manifest
    size: int  # bytes
    seconds: float
    removed: list[str]
    oldest: datetime  # of when the oldest one is that is left in the folder


@dataclass(frozen=True)
class Restored:
    """What a restore has done.

    Attributes:
        missing: Migrations of the installed version that the backup does not have.
    """

    manifest: Manifest
    missing: list[str]
    seconds: float


@dataclass(frozen=True)
class Again:
    """What was done again.

    Attributes:
        known: Lines of which the restored database says the same.
        unknown: People who came after the backup, and so are not in it.
    """

    listed: int
    asked: int = 0
    erased: int = 0
    purged: int = 0
    known: int = 0
    unknown: int = 0


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
    removed = prune(folder, now=manifest.as_of)
    took = time.monotonic() - began
    return Made(file, manifest, file.stat().st_size, took, removed, _oldest(folder) or manifest.as_of)


def _oldest(folder: Path) -> datetime | None:
    """From when the oldest backup in a folder may be, by the names; those of a day are from its beginning on."""
    days = [found[1] for file in folder.iterdir() if (found := archive.NAME.fullmatch(file.name))]
    return datetime.fromisoformat(min(days)).replace(tzinfo=UTC) if days else None


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
        if not differing:
            gate.close(target, manifest.as_of)
    if differing:
        text = (
            f"what was restored is not what the manifest says: {', '.join(differing)}. Drop the database; do not use it"
        )
        raise BackupError("rows_differ", text)
    return Restored(manifest, missing, time.monotonic() - began)


def delete_again(file: Path) -> Again:
    """Do in this database whatever a list says that it does not know, and open it.

    Doing it twice changes nothing. Whoever sits in a group that plays is deleted when it is over; nothing of theirs
    leaves before.

    Raises:
        BackupError: "no_list", "list_damaged"; "migrations_missing".
    """
    _need_tables()
    lines = read(file)
    done = Again(len(lines))
    for line in sorted(lines):
        done = _do(line, done)
    _open({"listed": done.listed, "asked": done.asked, "erased": done.erased, "purged": done.purged})
    return done


def open_without_list(reason: str) -> None:
    """Open a restored database though nobody knows what was deleted since. Raises BackupError: "migrations_missing"."""
    _need_tables()
    _open({"reason": reason})


def _need_tables() -> None:
    try:
        migrations_applied()
    except SetupError as error:
        raise BackupError("migrations_missing", f"{error}, and then this again") from error


@transaction.atomic
def _open(facts: dict[str, Any]) -> None:
    Beat.objects.filter(name=gate.PENDING).delete()
    record(OPENED, study=None, subject=("backup", 0), facts=facts)


def _do(line: Line, done: Again) -> Again:
    study = Study.objects.filter(slug=line.study).first()
    if line.purged:
        return _purge(study, line, done)
    person = Participant.objects.filter(study=study, code=line.participant).first() if study else None
    if person is None:
        return _plus(done, unknown=1)
    if person.status == Participant.Status.WITHDRAWN and person.erased_at is not None:
        return _plus(done, known=1)
    if person.status != Participant.Status.WITHDRAWN:
        rescue.withdraw(person.code, reason=WHY)
    _date_back(person, line)  # also where whoever did this before was interrupted in between
    return _plus(done, asked=1, erased=_erase(person))


@transaction.atomic
def _date_back(person: Participant, line: Line) -> None:
    """The month goes on counting from the day on which it was asked for."""
    request = ErasureRequest.objects.select_for_update(of=("self",)).get(participant=person)
    if line.asked_at is not None and line.asked_at < request.asked_at:
        request.asked_at, request.due_at = line.asked_at, a_month_after(line.asked_at)
        request.save(update_fields=["asked_at", "due_at"])


def _erase(person: Participant) -> int:
    """Delete at once, where nobody plays with them; how many that were."""
    rows = Due.objects.filter(reaction=erasure.ERASE, key=f"participant:{person.pk}", outcome="")
    for claim in due.claim_ids(list(rows.values_list("pk", flat=True))):
        erasure.erase(claim)
    return int(Participant.objects.filter(pk=person.pk, erased_at__isnull=False).exists())


def _purge(study: Study | None, line: Line, done: Again) -> Again:
    if study is None:
        return _plus(done, unknown=1)
    if line.purged in purges_of(study):
        return _plus(done, known=1)
    purge.purge(study, [line.purged], by="restore")
    return _plus(done, purged=1)


def _plus(done: Again, **more: int) -> Again:
    found = {name: getattr(done, name) + number for name, number in more.items()}
    return Again(**{name: found.get(name, getattr(done, name)) for name in Again.__dataclass_fields__})


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
    signs.beat(MADE, **facts, oldest=made.oldest.isoformat())
    wishes.settle()  # nothing of somebody may be left in any backup from now on
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
