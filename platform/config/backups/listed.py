"""The list of what was deleted at somebody's wish, or because its time was over: kept beside the backups.

A backup holds people as they were. So there is a list, in the folder of the backups and not in the database: one line
for each wish and each purge, by code and instant, without a word. After a restore it says what to delete again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from config.backups.errors import BackupError
from events import clock
from events.claim import Claim
from exports.tombstones import purges_of
from participants.models import ErasureRequest
from studies.models import Study

LIST = "erasures.jsonl"
KEPT_LONGER = timedelta(days=31)
"""For so long after backups are overwritten here copies of them may be left elsewhere."""


@dataclass(frozen=True, order=True)
class Line:
    """One line of the list: a wish of a participant, or a purge of what a study keeps.

    Attributes:
        participant: The code; "" for a purge.
        purged: The class of `retention`; "" for a wish.
        asked_at: Since when the month counts; None for a purge.
    """

    at: datetime
    study: str
    participant: str = ""
    purged: str = ""
    asked_at: datetime | None = field(default=None, compare=False)

    def as_json(self) -> str:
        """The line."""
        said = {"at": self.at, "study": self.study, "participant": self.participant, "purged": self.purged}
        said |= {"asked_at": self.asked_at} if self.asked_at else {}
        return json.dumps({name: value for name, value in said.items() if value}, default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Line:
        """Read it. Raises ValueError, KeyError or TypeError where it is none."""
        said: dict[str, Any] = json.loads(text)
        for name in ("at", "asked_at"):
            if said.get(name):
                said[name] = datetime.fromisoformat(said[name])
        line = cls(**said)
        if bool(line.participant) == bool(line.purged):
            raise ValueError("neither a wish nor a purge")
        return line


def keep(claim: Claim) -> str:  # noqa: ARG001  every handler is given one
    """Write the list; the row is a sweeper's, whose host has the folder."""
    write_down(settings.BACKUP_FOLDER)
    return "written"


def write_down(folder: Path) -> int:
    """Add to the list in a folder what it lacks, and drop what no backup can hold any more; how many lines it has.

    Raises:
        BackupError: "folder_refused", "list_damaged".
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(folder):
            file = folder / LIST
            before = read(file) if file.exists() else []
            # The earliest of each: what was done again after a restore has a later instant in the database.
            first: dict[tuple[str, str, str], Line] = {}
            for line in sorted([*before, *_known()]):
                first.setdefault((line.study, line.participant, line.purged), line)
            kept = [line for line in first.values() if not _is_outlived(line)]
            _replace(file, kept)  # an empty one says that nobody has asked
    except OSError as error:
        text = f"{folder} does not take {LIST} ({error.strerror}): make room, or set RAPPORT_BACKUP_FOLDER"
        raise BackupError("folder_refused", text) from error
    return len(kept)


def read(file: Path) -> list[Line]:
    """Every line of a list. Raises BackupError: "no_list", "list_damaged"."""
    try:
        said = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        text = f"there is no list at {file} ({error.strerror}): copy it from where the backups are kept"
        remedy = "name it with --list FILE, or say why there is none with --without-list REASON"
        raise BackupError("no_list", f"{text}, {remedy}") from error
    try:
        return [Line.from_json(line) for line in said if line.strip()]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("list_damaged", f"{file} is damaged: take another copy of it ({error})") from error


def _known() -> Iterator[Line]:
    """What the database says was asked for, or purged."""
    for one in ErasureRequest.objects.select_related("participant__study").iterator():
        person = one.participant
        at = person.withdrawn_at or one.asked_at
        yield Line(at, person.study.slug, participant=person.code, asked_at=one.asked_at)
    for study in Study.objects.order_by("pk"):
        yield from (Line(at, study.slug, purged=what) for what, at in purges_of(study).items())


def _is_outlived(line: Line) -> bool:
    """Whether every backup in which it is not done yet is overwritten by now, also where copies of them go."""
    days = settings.BACKUP_DAYS
    return bool(days) and line.at < clock.now() - timedelta(days=days) - KEPT_LONGER


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two who write at once would each drop what the other adds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, lines: Sequence[Line]) -> None:
    draft = file.with_name(f".{file.name}.partial")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.writelines(f"{line.as_json()}\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
