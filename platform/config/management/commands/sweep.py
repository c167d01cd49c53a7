"""`manage.py sweep`: do whatever is late, with or without Redis, and what is due daily."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from config.backups import daily
from events.sweeper import Sweeper


class Command(BaseCommand):
    help = "Run late background work every two seconds, until SIGTERM. Needs PostgreSQL only; several may run at once."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Sweep until a signal says stop."""
        sweeper = Sweeper(first=daily.plan)

        def end(_number: int, _frame: FrameType | None) -> None:
            sweeper.stop()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        sweeper.run()
