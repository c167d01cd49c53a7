"""A database that was restored is not opened before it knows again what was deleted since its backup."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from config.backups.errors import BackupError
from config.backups.listed import LIST, read
from config.refusal import SetupError
from events.models import Beat
from participants.models import Participant

PENDING = "restore.pending"
"""The sign that a restore leaves in the database: nothing is opened before it is gone."""


def why_closed() -> str:
    """Why a database must not be opened yet; "" where nothing is in the way. Asks the database alone, and is quick."""
    return "erasures_pending" if Beat.objects.filter(name=PENDING).exists() else ""


def refuse_closed() -> None:
    """Raise SetupError: "erasures_pending", where a restored database does not know yet what was deleted since.

    Where the list is at hand it is also asked whether the database knows all of it: it may have been restored by other
    means.
    """
    try:
        is_closed = bool(why_closed()) or _lacks(settings.BACKUP_FOLDER / LIST)
    except DatabaseError:  # what is wrong with it is said by whoever needs it
        return
    if is_closed:
        text = "this database was restored, and may hold people who have asked for deletion since"
        raise SetupError("erasures_pending", f"{text}: run `manage.py erasures --again` first")


def _lacks(file: Path) -> bool:
    """Whether somebody in the list is in the database as if they had never asked."""
    try:
        asked = {line.participant for line in read(file) if line.participant}
    except BackupError:
        return False
    people = Participant.objects.filter(code__in=asked).exclude(status=Participant.Status.WITHDRAWN)
    return bool(asked) and people.exists()


def close(connection_to: Any, as_of: datetime) -> None:
    """Leave the sign in a database that was just restored; `connection_to` is psycopg's."""
    connection_to.execute(
        """INSERT INTO events_beat (name, at, facts) VALUES (%s, now(), %s::jsonb)
           ON CONFLICT (name) DO UPDATE SET at = excluded.at, facts = excluded.facts""",
        [PENDING, json.dumps({"as_of": as_of.isoformat()})],
    )
