"""Does a backup hold what it must? It is restored into a database of its own, and every study in it is verified."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from config.backups import services
from config.backups.errors import BackupError
from config.backups.servers import scratch_server
from config.backups.services import Restored
from config.places import ROOT


@dataclass(frozen=True)
class Drilled:
    """What came of it.

    Attributes:
        status: As `manage.py verify` ended: 0 where nothing differs.
        said: What it reported, study by study.
        errors: What it wrote to the standard error.
    """

    restored: Restored
    status: int
    said: str
    errors: str


def drill(file: Path, *arguments: str) -> Drilled:
    """Restore an archive into a scratch database and verify all of its studies as they stood at its instant.

    Args:
        arguments: More of `manage.py verify`.

    Raises:
        BackupError: as `services.restore` says; "restore_failed" where its tables cannot be brought up to date.
        SetupError: no scratch server.
    """
    with scratch_server() as url:
        restored = services.restore(file, {name: str(value) for name, value in conninfo_to_dict(url).items()})
        migrated = _manage(url, "migrate", "--no-input", "--verbosity", "0")
        if migrated.returncode:
            raise BackupError("restore_failed", f"`manage.py migrate` refused what was restored: {migrated.stderr}")
        # Due work is late by the age of the backup: it is judged by what time it was then.
        done = _manage(url, "verify", "--at", restored.manifest.as_of.isoformat(), *arguments)
    return Drilled(restored, done.returncode, done.stdout, done.stderr)


def _manage(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "RAPPORT_DB_STATEMENT_SECONDS": "0", "RAPPORT_DB_POOL": "none"}
    argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own argv
