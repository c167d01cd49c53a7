"""People who play weeks while the installation's own processes do all that is due, and may be killed.

The clock goes, so that leases run out and pauses end as in reality; where nothing is under way it jumps to the next
instant at which somebody does something, or something falls due.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet

from events import clock, queries
from events.due import MAX_ATTEMPTS
from events.models import Due
from events.offload import run_db
from simulation import news
from simulation.engine import MOST_ROWS, Engine, Life

EARLY = timedelta(minutes=5)  # so much sooner than they would, people act within a visit: many then act at once
ARRIVALS = timedelta(hours=6)  # and they come four times a day, for the same reason
LOOK_SECONDS = 0.02
QUICKER_AFTER_SECONDS = 0.5  # work that waits so long waits for a lease or a pause to end: its time passes quicker
QUICKER = timedelta(seconds=1)
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Change:
    """A page that changed without its person's doing, between two looks at the clock of this host."""

    person: int
    after: float
    by: float


class Jumping(Engine):
    """Plays a study in a simulated installation whose workers and sweepers run.

    Attributes:
        changes: Pages of people with an open socket that others changed.
        heard: By person, when their socket said that something was new.
        longest_seconds: The longest that due work waited, of real time.
    """

    changes: list[Change]
    heard: dict[int, list[float]]
    longest_seconds = 0.0

    async def play(self) -> None:
        """Until nothing is left to be done, as `Engine.play`."""
        self.changes, self.heard = [], {life.person.number: [] for life in self.lives}
        self._ears: dict[int, asyncio.Task[None]] = {}
        self._seen_at = dict.fromkeys(self.heard, time.time())
        self._newest = await run_db(news.newest_event)
        try:
            while not self._stop.is_set() and await self._step():
                if self._tell:
                    self._tell(self.now)
        finally:
            for number in list(self._ears):
                await self._close_ear(number)
            await asyncio.gather(*(life.person.door.close() for life in self.lives))
        for life in self.lives:
            life.person.end()

    async def _step(self) -> bool:
        """Let time pass to the next instant, and happen what happens then; false when all is over."""
        self.now = await run_db(clock.now)
        rows = await run_db(queries.agenda, limit=MOST_ROWS)
        instants = [*rows.values(), *(life.next_at for life in self.lives if life.next_at is not None)]
        if not instants or min(instants) > self._until or await self._nobody_can_move(rows):
            return False
        if min(instants) > self.now:
            self.now = await run_db(clock.shift, min(instants) - self.now)
        acting = [life for life in self.lives if self._acts(life)]
        await self._together([partial(self._live, life) for life in acting])
        await self._wait_for_processes()
        await self._spread_news()
        return True

    def _acts(self, life: Life) -> bool:
        """Whether it is somebody's turn: to act, a little early within a visit, or to look."""
        if life.act_at is not None and life.act_at <= self.now + (timedelta(0) if _is_away(life) else EARLY):
            life.act_at = min(life.act_at, self.now)
            return True
        return life.look_at is not None and life.look_at <= self.now

    async def _wait_for_processes(self) -> None:
        """Until nothing is due that is not done.

        Raises:
            AssertionError: something was not done in time, whoever was killed.
        """
        began = time.monotonic()
        while left := await run_db(_due_now):
            waited = time.monotonic() - began
            assert waited < PATIENCE_SECONDS, f"not done within {PATIENCE_SECONDS} s: {left}"
            if waited > QUICKER_AFTER_SECONDS:
                await run_db(clock.shift, QUICKER)
            await asyncio.sleep(LOOK_SECONDS)
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)

    async def _look(self, life: Life) -> None:
        number, before = life.person.number, life.person.last
        after, had_socket = self._seen_at[number], life.person.door.has_socket
        await super()._look(life)
        self._seen_at[number] = time.time()
        if had_socket and life.person.last.identity != before.identity:
            self.changes.append(Change(number, after, time.time()))

    async def _plan(self, life: Life) -> None:
        await super()._plan(life)
        number, move = life.person.number, life.move
        self._seen_at[number] = time.time()
        if move is not None and move.is_offline:
            life.act_at = _next_arrival(life.act_at) if life.act_at else None
            await self._close_ear(number)
        elif life.person.last.is_live and number not in self._ears:
            self._ears[number] = asyncio.create_task(self._listen(life))

    async def _listen(self, life: Life) -> None:
        async for _ in life.person.door.pointers():
            self.heard[life.person.number].append(time.time())

    async def _close_ear(self, number: int) -> None:
        ear = self._ears.pop(number, None)
        if ear is not None:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)


def _is_away(life: Life) -> bool:
    """Whether somebody has closed the browser until they come again, or has not come yet."""
    return life.move is None or life.move.is_offline


def _next_arrival(at: datetime) -> datetime:
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % ARRIVALS


def _due_now() -> Collection[str]:
    """What is due and not done: free, or in somebody's hands."""
    rows: QuerySet[Due] = Due.objects.filter(outcome="", attempts__lt=MAX_ATTEMPTS, run_after__lte=clock.now())
    found: Sequence[tuple[str, str]] = list(rows.order_by("run_after").values_list("reaction", "key")[:5])
    return [f"{reaction} {key}" for reaction, key in found]
