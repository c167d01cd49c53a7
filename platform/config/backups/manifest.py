"""What a backup says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from config.backups.errors import BackupError

FORMAT = "rapport-backup/1"


@dataclass(frozen=True)
class Manifest:
    """Facts about one backup.

    Attributes:
        rapport: The version of Rapport that made it.
        as_of: The instant of the snapshot, by the database's clock.
        server: PostgreSQL's version there, as a number such as 180001.
        program: What wrote the dump, such as "pg_dump (PostgreSQL) 18.1".
        migrations: "app.name" of each that was applied.
        rows: Table -> how many rows it has in the snapshot.
        sha256: Of the dump; "" until it is written.
    """

    rapport: str
    as_of: datetime
    server: int
    program: str
    migrations: tuple[str, ...]
    rows: dict[str, int]
    sha256: str = ""

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())

    def as_json(self) -> str:
        """The file in the archive."""
        said = {"format": FORMAT, **asdict(self), "as_of": self.as_of.isoformat()}
        return json.dumps(said, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read it.

        Raises:
            BackupError: "not_a_backup".
        """
        try:
            said: dict[str, Any] = json.loads(text)
            if said.pop("format") != FORMAT:
                raise ValueError("another format")
            said["as_of"] = datetime.fromisoformat(said["as_of"])
            said["migrations"] = tuple(said["migrations"])
            return cls(**said)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            text = f"the manifest is not one of {FORMAT}: the backup is damaged or of another version of Rapport"
            raise BackupError("not_a_backup", text) from error
