"""What researchers should know about the installation itself: whether there is a fresh backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from events import clock, signs
from events.queries import beats_of

MADE, FAILED = signs.BACKUP_MADE, signs.BACKUP_FAILED
"""The two signs that the backups leave."""
LATE_AFTER_HOURS = 26  # a day, and two hours in which a failure may be tried again
OFF, FRESH, NONE, OLD, FAILING = "off", "fresh", "none", "old", "failing"


@dataclass(frozen=True)
class Standing:
    """How the daily backups stand.

    Attributes:
        state: "off", "fresh", "none" (never one), "old" (more than 26 hours) or "failing" (tried since, in vain).
        made_at: When the last one was made.
        error: Code of the last failure, while it is "failing".
    """

    state: str
    made_at: datetime | None
    error: str

    @property
    def is_bad(self) -> bool:
        """Whether somebody must look."""
        return self.state in {NONE, OLD, FAILING}


def backup_standing() -> Standing:
    """How the daily backups stand now."""
    beats = beats_of(MADE, FAILED)
    made, failed = beats.get(MADE), beats.get(FAILED)
    made_at = made.at if made else None
    if settings.BACKUP_HOUR is None:
        return Standing(OFF, made_at, "")
    if failed and (made_at is None or failed.at > made_at):
        return Standing(FAILING, made_at, str(failed.facts.get("code", "")))
    if made_at is None:
        return Standing(NONE, None, "")
    age = clock.now() - made_at
    return Standing(OLD if age.total_seconds() > LATE_AFTER_HOURS * 3600 else FRESH, made_at, "")
