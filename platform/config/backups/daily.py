"""The day's backup is a row of due work: planned by whoever comes first, taken by one sweeper, tried until it is made.

No hint is sent for the row, so no worker of `jobs` takes it: only sweepers do, whose hosts have the folder.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from config.backups import listed, services
from config.backups.errors import BackupError
from events import clock
from events.claim import Claim
from events.models import Due

AGAIN_AFTER = timedelta(minutes=15)


def plan() -> None:
    """Have the row of the next backup, unless there is one already or none is wanted."""
    if settings.BACKUP_HOUR is not None:
        services.plan(next_after(clock.now()))


def next_after(now: datetime) -> datetime:
    """When the next backup is due: at the hour of the setting, which must be there, in UTC, today or tomorrow."""
    assert settings.BACKUP_HOUR is not None
    today = now.replace(hour=settings.BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def make(claim: Claim) -> str:
    """Make the backup of a day; where it fails, say so and try again until the next one's time."""
    if settings.BACKUP_HOUR is None:
        return "off"
    following = next_after(clock.now())
    services.plan(following)  # first: whatever becomes of this one
    if Due.objects.filter(reaction=claim.reaction, key=claim.key, outcome="made").exists():
        return "made_before"  # somebody planned it while it was being made
    try:
        made = services.make(settings.BACKUP_FOLDER, is_daily=True)
        listed.write_down(settings.BACKUP_FOLDER)
    except BackupError as error:
        again = clock.now() + AGAIN_AFTER
        services.note_failed(error, key=claim.key, again=again if again < following else None)
        return "not_made"
    services.settle_made(claim, made)
    return "made"
