"""People who play weeks while the installation's own processes do all that is due, and may be killed.

The clock goes, so that leases run out and pauses end as in reality; where nothing is under way it jumps. While somebody
is at a page it jumps to the next instant at which anybody does something, or something falls due. While everybody is
away it jumps to the next even hour after that, so that what opens, closes and is sent at many local times of day is
done in few steps: as after a pause of all tickers, and never later than a reminder may be.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, QuerySet, Sum

from events import clock
from events.due import MAX_ATTEMPTS
from events.models import Due
from events.offload import run_db
from events.sweeper import HINT_SECONDS
from simulation import news
from simulation.engine import MOST_ROWS, Engine, Life
from simulation.pages import Shown

TOGETHER = timedelta(seconds=20)  # who is at a page acts and looks at multiples of it: many at once
STEP = timedelta(hours=2)  # of the clock while nobody is at a page
ARRIVALS = timedelta(days=1)  # people come at midnight, by the clock of nobody of them
LOOKS = timedelta(seconds=65)  # so seldom a page with a socket asks by itself; a browser's does after 25 s
LOOK_SECONDS = 0.03
# Of this no worker is told, so the sweepers leave it so long as if one were.
NOT_HINTED, LEFT_ALONE = "recruitment.tasks.look_at_sample", timedelta(seconds=HINT_SECONDS + 0.1)
STUCK_SECONDS = 1.2  # work that stands still so long waits for a lease or a pause to end: its time passes quicker
QUICKER = timedelta(seconds=0.5)
PATIENCE_SECONDS = 120.0
BEGIN = datetime(2000, 1, 1, tzinfo=UTC)  # what multiples are counted from


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
        left: By person, when a page had told them that their part is over.
        steps: How often the clock stopped.
        longest_seconds: The longest that due work waited, of real time.
    """

    changes: list[Change]
    heard: dict[int, list[float]]
    left: dict[int, float]
    steps = 0
    longest_seconds = 0.0

    async def play(self) -> None:
        """Until nothing is left to be done, as `Engine.play`."""
        self.changes, self.heard, self.left = [], {life.person.number: [] for life in self.lives}, {}
        self._ears: dict[int, asyncio.Task[None]] = {}
        self._seen_at = dict.fromkeys(self.heard, time.time())
        self._newest = await run_db(news.newest_event)
        try:
            while not self._stop.is_set() and await self._step():
                self.steps += 1
        finally:
            for number in list(self._ears):
                await self._close_ear(number)
            await asyncio.gather(*(life.person.door.close() for life in self.lives))
        for life in self.lives:
            life.person.end()

    async def _step(self) -> bool:
        """Let time pass to the next instant, and happen what happens then; false when all is over."""
        self.now = await run_db(clock.now)
        rows = await run_db(_agenda)
        instants = [*rows.values(), *(life.next_at for life in self.lives if life.next_at is not None)]
        if not instants or min(instants) > self._until or await self._nobody_can_move(rows):
            return False
        at = min(instants)
        if at > self.now:
            at = _rounded(at, STEP) if all(map(_is_away, self.lives)) else at
            self.now = await run_db(clock.shift, at - self.now)
        acting = [life for life in self.lives if life.next_at is not None and life.next_at <= self.now]
        await self._together([partial(self._live, life) for life in acting])
        acted = await run_db(news.newest_event) if acting else self._newest
        await self._wait_for_processes()
        await self._spread(acting, acted)
        return True

    async def _wait_for_processes(self) -> None:
        """Until nothing is due that is not done.

        Raises:
            AssertionError: something was not done in time, whoever was killed.
        """
        began = moved = time.monotonic()
        before: Any = None
        while (now := await run_db(_under_way))[0]:
            at = time.monotonic()
            if now != before:
                before, moved = now, at
            elif at - moved > STUCK_SECONDS:
                await run_db(clock.shift, QUICKER)
            if at - began > PATIENCE_SECONDS:
                raise AssertionError(f"not done within {PATIENCE_SECONDS} s: {await run_db(_due_now)}")
            await asyncio.sleep(LOOK_SECONDS)
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)

    async def _spread(self, acting: Sequence[Life], acted: int) -> None:
        """Let all look whose pages may have changed, but for what those who acted have been shown in answer."""
        after_acts = await run_db(news.since, acted)
        found = await run_db(news.since, self._newest)
        own = {life.person.number for life in acting}
        while True:
            self._newest = found.newest
            concerned = [
                life
                for life in self.lives
                if life.hears and life.person.last.is_live
                if life.participant in (after_acts if life.person.number in own else found).people
            ]
            await self._together([partial(self._live, life, hears=True) for life in concerned])
            found = after_acts = await run_db(news.since, self._newest)
            if found.newest == self._newest:
                return

    async def _look(self, life: Life) -> None:
        number, before = life.person.number, life.person.last
        after, had_socket = self._seen_at[number], life.person.door.has_socket
        await super()._look(life)
        self._seen_at[number] = time.time()
        if had_socket and _is_changed(before, life.person.last):
            self.changes.append(Change(number, after, time.time()))

    async def _plan(self, life: Life) -> None:
        await super()._plan(life)
        number, move = life.person.number, life.move
        self._seen_at[number] = time.time()
        if life.person.last.is_over:
            self.left.setdefault(number, time.time())
        if life.act_at is not None:
            life.act_at = _rounded(life.act_at, ARRIVALS if move is not None and move.is_offline else TOGETHER)
        if move is not None and move.is_offline:
            await self._close_ear(number)
        elif life.person.last.is_live and number not in self._ears:
            self._ears[number] = asyncio.create_task(self._listen(life))

    def _next_look(self, life: Life) -> datetime:
        at = super()._next_look(life)
        return at if life.person.last.kind == "waiting" else _rounded(max(at, self.now + LOOKS), TOGETHER)

    async def _listen(self, life: Life) -> None:
        async for _ in life.person.door.pointers():
            self.heard[life.person.number].append(time.time())

    async def _close_ear(self, number: int) -> None:
        ear = self._ears.pop(number, None)
        if ear is not None:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)


def _is_away(life: Life) -> bool:
    """Whether somebody has closed the browser until they come again, has not come yet, or is done."""
    return life.next_at is None or life.move is None or life.move.is_offline


def _is_changed(before: Shown, now: Shown) -> bool:
    """Whether another page is shown, or this one says more; not where only the button that ends a talk has come."""
    if now.identity != before.identity:
        return True
    return now is not before and set(now.asked) == set(before.asked) and now.text != before.text


def _rounded(at: datetime, to: timedelta) -> datetime:
    """The next multiple."""
    return at + (BEGIN - at) % to


def _agenda() -> dict[int, datetime]:
    """What is to be done, and from when on somebody will."""
    rows = Due.objects.filter(outcome="", attempts__lt=MAX_ATTEMPTS).order_by("run_after", "pk")
    found = rows.values_list("pk", "reaction", "run_after", "lease_until")[:MOST_ROWS]
    return {key: max(_done_from(reaction, at), lease or at) for key, reaction, at, lease in found}


def _done_from(reaction: str, at: datetime) -> datetime:
    return at + LEFT_ALONE if reaction == NOT_HINTED else at


def _open() -> QuerySet[Due]:
    now = clock.now()
    rows = Due.objects.filter(outcome="", attempts__lt=MAX_ATTEMPTS, run_after__lte=now)
    return rows.exclude(reaction=NOT_HINTED, run_after__gt=now - LEFT_ALONE)


def _under_way() -> tuple[int, int]:
    """How much is due and not done, free or in somebody's hands; and a number that changes when anything is taken."""
    found = _open().aggregate(rows=Count("pk"), taken=Sum("fence"))
    return found["rows"], found["taken"] or 0


def _due_now() -> Collection[str]:
    rows: Sequence[tuple[str, str]] = list(_open().order_by("run_after").values_list("reaction", "key")[:5])
    return [f"{reaction} {key}" for reaction, key in rows]
