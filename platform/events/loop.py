"""The one asyncio loop: holds what is due soon in memory to the millisecond, and awaits its handlers.

It reads its queue every second, so it needs neither Redis nor hints; a hint only makes it look sooner.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from events import due, runner
from events.claim import Claim, note
from events.clock import Reading
from events.offload import POOL, run_db

AHEAD_SECONDS = 30.0
LOOK_SECONDS = 1.0
LEAST_BETWEEN_LOOKS_SECONDS = 0.05
# A row is claimed this long before its time, so that the claim's own query does not make it late.
CLAIM_AHEAD_SECONDS = 0.03
HANDLER_SECONDS = 90.0
MOST_PER_CLAIM = 100
MOST_PLANNED = 2000
RESTART_SECONDS = 1.0
WELL_SECONDS = 30.0
PUMPS = 3  # reader, claimer, renewer

log = logging.getLogger("rapport.loop")


class Loop:
    """One event loop in one thread that works off one queue.

    Args:
        queue: Whose rows it takes.
        late_by_seconds: Take only rows that have been due for this long; 0 plans them ahead.
        concurrency: Most handlers under way at once.
        db_threads: Size of the pool in which all database work runs.
    """

    def __init__(
        self, queue: str = "bots", *, late_by_seconds: float = 0.0, concurrency: int = 200, db_threads: int = 4
    ) -> None:
        self.queue = queue
        self._late_by_seconds = late_by_seconds
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(db_threads, thread_name_prefix=f"{queue}-db")
        # Leases and the queue are looked after in threads of their own: behind the work of two hundred handlers the
        # renewal would come too late, and what is in hand would be taken for work of a holder that died.
        self._keeping = ThreadPoolExecutor(PUMPS, thread_name_prefix=f"{queue}-keep")
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._ready: dict[int, None] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._in_hand: dict[int, tuple[Claim, asyncio.Task[None]]] = {}
        self._lost: set[int] = set()
        self._looked_at = time.monotonic()
        self._look = asyncio.Event()
        self._claim = asyncio.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"{queue}-loop", daemon=True)

    def start(self) -> None:
        """Start the thread; the loop looks for work at once."""
        self._thread.start()

    def hint(self, due_id: int) -> None:
        """Say, from any thread, that a row may be due."""
        self._call(lambda: self._make_ready(due_id))

    def stop(self, *, timeout_seconds: float = 10.0) -> bool:
        """Cancel what is in hand, give its rows back at once, end the thread; whether it ended in time."""
        self._call(self._stop.set)
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def is_well(self) -> bool:
        """Whether the thread runs and has read its queue lately: one that hangs must be seen from outside."""
        return self.is_alive and time.monotonic() - self._looked_at < WELL_SECONDS

    @property
    def in_hand(self) -> int:
        """How many handlers are under way."""
        return len(self._in_hand)

    def _call(self, func: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(func)
        except RuntimeError:  # closed: the rows wait in the table for the next loop
            log.debug("loop is closed")

    def _run(self) -> None:
        try:
            with self._runner:  # its end also cancels what libraries have left running on the loop
                self._runner.run(self._main())
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._keeping.shutdown(wait=False, cancel_futures=True)

    async def _main(self) -> None:
        POOL.set(self._pool)
        pumps = [asyncio.create_task(self._supervised(pump)) for pump in (self._reader, self._claimer, self._renewer)]
        await self._stop.wait()
        for timer in self._timers.values():
            timer.cancel()
        await _cancelled(pumps)
        held = list(self._in_hand.values())
        await _cancelled([task for _, task in held])
        for claim, _ in held:
            await self._given_back(claim)

    async def _given_back(self, claim: Claim) -> None:
        try:
            await run_db(due.release, claim, retry_after_seconds=0.0, error_code="stopped", is_counted=False)
        except Exception as error:  # then the lease runs out, ten seconds later
            log.warning("claim not given back", extra={"facts": {"due": claim.id, "error": type(error).__name__}})

    async def _supervised(self, pump: Callable[[], Coroutine[Any, Any, None]]) -> None:
        POOL.set(self._keeping)
        while True:
            try:
                await pump()
            except Exception:  # PostgreSQL restarting, say: the loop must outlive it
                log.exception("a pump of the loop died and starts again")
            await asyncio.sleep(RESTART_SECONDS)

    # --- reading ahead ---

    async def _reader(self) -> None:
        while True:
            self._look.clear()
            within = 0.0 if self._late_by_seconds else AHEAD_SECONDS
            found = await run_db(
                due.upcoming,
                self.queue,
                within_seconds=within,
                limit=MOST_PLANNED,
                late_by_seconds=self._late_by_seconds,
            )
            self._looked_at = time.monotonic()
            note(found.reading)
            self._plan(found.reading, found.run_after)
            await asyncio.sleep(LEAST_BETWEEN_LOOKS_SECONDS)
            try:
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS - LEAST_BETWEEN_LOOKS_SECONDS)
            except TimeoutError:
                continue

    def _plan(self, reading: Reading, run_after: dict[int, datetime]) -> None:
        """Set every timer anew: rows may have been cancelled or moved, and a simulated clock may have jumped."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        now = reading.now()
        for due_id, at in run_after.items():
            seconds = (at - now).total_seconds() - CLAIM_AHEAD_SECONDS
            if seconds <= 0:
                self._make_ready(due_id)
            else:
                self._timers[due_id] = self._loop.call_later(seconds, self._make_ready, due_id)

    def _make_ready(self, due_id: int) -> None:
        self._timers.pop(due_id, None)
        if due_id not in self._in_hand:
            self._ready[due_id] = None
            self._claim.set()

    # --- claiming and running ---

    async def _claimer(self) -> None:
        while True:
            await self._claim.wait()
            room = min(MOST_PER_CLAIM, self._concurrency - len(self._in_hand))
            ids = [due_id for due_id in list(self._ready)[: max(room, 0)] if due_id not in self._in_hand]
            if room <= 0 or not self._ready:
                self._claim.clear()
                continue
            for due_id in list(self._ready)[:room]:
                del self._ready[due_id]
            claims = await run_db(due.claim_ids, ids, ahead_seconds=CLAIM_AHEAD_SECONDS * 2)
            for claim in claims:
                self._in_hand[claim.id] = (claim, asyncio.create_task(self._carry(claim)))
            if len(claims) < len(ids):
                self._look.set()  # hinted before its time: plan it

    async def _carry(self, claim: Claim) -> None:
        started = time.monotonic()
        POOL.set(self._pool)
        try:
            await claim.until(claim.run_after)
            result = await runner.carry(claim, seconds=HANDLER_SECONDS)
            runner.report(claim, result, started)
        except asyncio.CancelledError:
            if claim.id not in self._lost:
                raise
            runner.report(claim, "lost", started)
        except Exception:  # the database is away: the lease runs out and the row is taken again
            log.exception("claim left to its lease")
        finally:
            self._lost.discard(claim.id)
            self._in_hand.pop(claim.id, None)
            self._claim.set()

    async def _renewer(self) -> None:
        while True:
            await asyncio.sleep(runner.RENEW_SECONDS)
            held = [claim for claim, _ in self._in_hand.values()]
            ours = await run_db(due.renew, held)
            for claim in held:
                claimed = self._in_hand.get(claim.id)
                if claim.id not in ours and claimed and claimed[0].fence == claim.fence:
                    await self._let_go(claim, claimed[1])

    async def _let_go(self, claim: Claim, task: asyncio.Task[None]) -> None:
        """Stop a handler whose row was cancelled or taken; one that has just settled it may finish."""
        if not await run_db(due.is_settled, claim):
            self._lost.add(claim.id)
            task.cancel()


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_running: dict[str, Loop] = {}


def serve(queue: str) -> Loop:
    """Start the loop of this process for `queue`, to which `events.tasks.hint` hands its ids."""
    loop = Loop(queue)
    _running[queue] = loop
    loop.start()
    return loop


def running(queue: str) -> Loop | None:
    """The loop that `serve` started in this process."""
    return _running.get(queue)


def stop_all() -> None:
    """Stop what `serve` started."""
    while _running:
        _running.popitem()[1].stop()
