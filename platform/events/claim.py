"""A claim: the right to do one piece of due work, for as long as its lease is renewed and its fence is the newest."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from events import clock

# A simulation and a test do not wait; the loop does.
WAITS: ContextVar[bool] = ContextVar("WAITS", default=True)
# Longest sleep between two looks at the clock, so that a shifted simulated clock is noticed.
LONGEST_SLEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a handler is given.

    Attributes:
        key: As the row has it; with a coarse key it names what to look at, the event only the first cause.
        facts: Copied from the event or given to `schedule`; ids and small values.
        event_id: The event that caused the row, if one did.
        fence: Grows with every claim of the row; an older holder can no longer settle it.
        attempts: Counts this one.
        reading: The clock when the row was claimed.
    """

    id: int
    reaction: str
    queue: str
    key: str
    facts: dict[str, Any]
    event_id: int | None
    fence: int
    attempts: int
    run_after: datetime
    reading: clock.Reading = field(repr=False, compare=False)

    def now(self) -> datetime:
        """The present instant without a query, good to a few milliseconds while nobody shifts the clock."""
        return self.reading.now()

    async def until(self, at: datetime) -> None:
        """Wait in memory until the instant `at`, keeping the claim; returns at once where nothing waits (`drain`)."""
        while WAITS.get():
            remaining = (at - latest_reading(self.reading).now()).total_seconds()
            if remaining <= 0:
                return
            await asyncio.sleep(min(remaining, LONGEST_SLEEP_SECONDS))


class _Latest:
    """The newest reading of this process: a loop renews it every second."""

    reading: clock.Reading | None = None


def note(reading: clock.Reading) -> None:
    """Remember a fresh reading for every wait of this process."""
    _Latest.reading = reading


def latest_reading(known: clock.Reading) -> clock.Reading:
    """The newer of the process's reading and the one at hand."""
    latest = _Latest.reading
    return latest if latest is not None and latest.monotonic > known.monotonic else known
