"""The sweeper: does whatever is late. It needs PostgreSQL and nothing else; several may run at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections

from events import announce, due, queries, runner, signs
from events.claim import Claim
from events.loop import Loop

SWEEP_SECONDS = 2.0
LEAST_PAUSE_SECONDS = 0.05
# A hinted job is left to the worker for this long; a bots' row until its own loop must be dead or deaf.
HINT_SECONDS = 1.5
BOTS_LATE_SECONDS = 5.0
CANARY_SECONDS = 10.0
JOB_THREADS = 4

log = logging.getLogger("rapport.sweeper")


class Sweeper:
    """Runs late jobs in a few threads of its own, and late bots' rows on a loop that it starts when first needed.

    Args:
        first: What `run` does before it sweeps, such as planning what is due daily; tried again until it succeeds.
    """

    def __init__(self, *, first: Callable[[], None] | None = None) -> None:
        self._first = first
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(JOB_THREADS, thread_name_prefix="sweeper-job")
        self._busy = 0
        self._guard = threading.Lock()  # job threads count themselves out while the sweep counts others in
        self._bots: Loop | None = None
        self._canary_at = 0.0
        self._sweep_at = 0.0

    def run(self) -> None:
        """Sweep every two seconds, and take jobs whenever one is planned, until `stop`."""
        while not self._stop.is_set():
            pause = SWEEP_SECONDS
            try:
                self._do_first()
                if time.monotonic() >= self._sweep_at:
                    self.sweep()
                else:
                    self._take_jobs()
                pause = self._pause()
            except Exception:  # PostgreSQL restarting, say: nobody else does this work, so go on
                log.exception("sweep failed and is tried again")
            close_old_connections()  # a new one costs PostgreSQL more than all that a look asks of it
            self._stop.wait(pause)
        self.close()

    def _do_first(self) -> None:
        if self._first is not None:
            self._first()
            self._first = None

    def stop(self) -> None:
        """End after the jobs in hand."""
        self._stop.set()

    def close(self) -> None:
        """Let the jobs in hand end, and stop the loop if there is one."""
        if self._bots:
            self._bots.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def sweep(self) -> int:
        """One pass; returns how many jobs it took."""
        self._sweep_at = time.monotonic() + SWEEP_SECONDS
        buried = due.bury()
        taken = self._take_jobs()
        late_bots = queries.overdue_count("bots", late_by_seconds=BOTS_LATE_SECONDS)
        if late_bots:
            self._help_bots()
        if time.monotonic() - self._canary_at >= CANARY_SECONDS:
            self._canary_at = time.monotonic()
            for queue in queries.QUEUES:
                announce.canary(queue=queue)
        signs.beat("sweeper", jobs=taken, late_bots=late_bots)
        if taken or late_bots or buried:
            log.info("swept", extra={"facts": {"jobs": taken, "late_bots": late_bots, "buried": buried}})
        return taken

    def _pause(self) -> float:
        """Until the next job is planned, or the next sweep: a deadline that waited for the latter, or for somebody's
        page to ask, would be met sooner where more people wait, and tell how many of them are people."""
        planned = queries.seconds_to_next("jobs", within_seconds=SWEEP_SECONDS)
        return max(LEAST_PAUSE_SECONDS, min(planned, self._sweep_at - time.monotonic()))

    def _take_jobs(self) -> int:
        """Claim no more than there are free threads: a claim that waits in a queue would lose its lease."""
        with self._guard:
            free = JOB_THREADS - self._busy
        claims = due.claim("jobs", limit=free, hint_seconds=HINT_SECONDS) if free > 0 else []
        with self._guard:
            self._busy += len(claims)
        for claim in claims:
            self._pool.submit(self._work, claim)
        return len(claims)

    def _work(self, claim: Claim) -> None:
        """Run one job, and then, in this thread, whatever else is late."""
        try:
            following: list[Claim] = [claim]
            while following:
                runner.run(following[0])
                following = [] if self._stop.is_set() else due.claim("jobs", limit=1, hint_seconds=HINT_SECONDS)
        except Exception:  # the database went away in the middle: the lease runs out and the row is taken again
            log.exception("job left to its lease")
        finally:
            close_old_connections()
            with self._guard:
                self._busy -= 1

    def _help_bots(self) -> None:
        if self._bots is None or not self._bots.is_alive:
            self._bots = Loop("bots", late_by_seconds=BOTS_LATE_SECONDS)
            self._bots.start()
