"""Signs of life: who did something when."""

from __future__ import annotations

from typing import Any

from events.clock import RapportNow
from events.models import Beat

BACKUP_MADE, BACKUP_FAILED = "backup.made", "backup.failed"


def beat(name: str, **facts: Any) -> None:
    """Write that `name` is alive now, with a few small facts."""
    Beat.objects.update_or_create(name=name, defaults={"at": RapportNow(), "facts": facts})
