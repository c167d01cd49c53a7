"""Groups without people, played as fast as their seats can decide: the same turns, doors and rows, no waiting.

Whoever runs, shares: groups belong to a batch, turns are rows that are claimed, so any number of runners and workers
may play one batch, and any of them may be killed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from asgiref.sync import async_to_sync

from bots import queries
from bots.batches import queries as batches
from bots.batches import services
from bots.batches.rules import Budget, Order, Progress
from bots.errors import BotsError
from bots.models import Batch
from events import due, runner
from events.offload import run_db
from studies import definition
from studies.models import Version
from studies.schema_stages import GameStage

AT_ONCE = 10  # groups under way together, so that the calls of models overlap
TURNS_AT_ONCE = 40
PAUSE_SECONDS = 0.2
"""Between two looks when every open turn is in another process's hand."""
IDLE_SECONDS = 60.0
"""Without anything that happens, while turns are due that are left to workers: then there is none."""

__all__ = ["Budget", "Order", "Progress", "run_groups", "run_order"]
Report = Callable[[Progress], None]


def run_groups(version: Version, n: int, progress: Report | None = None, *, max_calls: int | None = None) -> Progress:
    """Play `n` groups of a version to their end, in balance over its conditions. See `run_order`."""
    return run_order(version, Order(n, budget=Budget(max_calls)), progress)


def run_order(
    version: Version,
    order: Order,
    progress: Report | None = None,
    *,
    by_workers: bool = False,
    at_once: int = AT_ONCE,
    stop: threading.Event | None = None,
) -> Progress:
    """Play the groups of an order to their end. Call outside any transaction.

    A batch that was ordered in the same words and is not over is played on, so calling again after an interruption
    loses nothing and makes nothing twice. Several may call at once, in as many processes: they share the batch.

    Args:
        progress: Called after every few turns.
        by_workers: Leave the turns to the workers of queue `bots`, and only begin groups and watch.
        at_once: Most groups under way together.
        stop: Set, it ends the run as soon as the turns in hand are done.

    Raises:
        BotsError: "run_no_game", "run_condition"; "run_budget" when the budget is used up, with the groups kept for the
            next run; "run_stopped"; "run_no_worker" when nobody takes the turns.
        MatchingError: nobody may sit where the study file wants a person.
    """
    batch, is_known = services.order(version, _game_stage(version), order)
    run = _Run(batch, progress, by_workers=by_workers, at_once=at_once, is_known=is_known)
    run.stop = stop or run.stop
    # One thread for all database work: the caller's, whose connection is open.
    return async_to_sync(run.play)()


def _game_stage(version: Version) -> str:
    for stage in definition.definition(version).stages:
        if isinstance(stage, GameStage):
            return stage.id
    raise BotsError("run_no_game", f"{version} has no game stage: nothing can be played without people")


def close_unanswered(groups: Sequence[int]) -> int:
    """Close the steps of some groups at which nobody will act any more; how many."""
    return sum(services.close_unanswered(match) for match in batches.unanswered(groups))


class _Run:
    def __init__(self, batch: Batch, report: Report | None, *, by_workers: bool, at_once: int, is_known: bool) -> None:
        self._batch, self._report, self._is_known = batch, report, is_known
        self._by_workers, self._at_once = by_workers, at_once
        self._at = Progress(batch.wanted)
        self._moved_at = time.monotonic()
        self.stop = threading.Event()

    async def play(self) -> Progress:
        """Until every group is over."""
        await self._look()
        while True:
            while await run_db(services.next_group, self._batch.pk, at_once=self._at_once):
                pass
            if await run_db(services.finish, self._batch.pk):
                await self._look()
                return self._at
            if self.stop.is_set():
                raise BotsError("run_stopped", "stopped: call it again in the same words, and it goes on from here")
            if await run_db(services.hold_if_used_up, self._batch.pk):
                await self._refuse()
            groups = await run_db(batches.under_way, self._batch.pk)
            taken = 0 if self._by_workers else await self._take_turns(groups)
            closed = 0 if taken else await run_db(close_unanswered, groups)
            await self._look()
            if not taken and not closed:
                await run_db(due.bury)  # what several runners died over: no sweeper may be there to do it
                await self._need_worker(groups)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _take_turns(self, groups: list[int]) -> int:
        left = None if self._batch.max_calls is None else max(1, self._batch.max_calls - self._at.calls)
        ids = await run_db(queries.open_turns, groups)
        claims = await run_db(due.claim_ids, ids[: min(TURNS_AT_ONCE, left or TURNS_AT_ONCE)])
        with runner.kept(claims):  # a model may take longer than a lease
            await asyncio.gather(*(runner.carry(claim) for claim in claims))
        return len(claims)

    async def _look(self) -> None:
        before = self._at
        self._at = replace(await run_db(batches.progress_of, self._batch), is_resumed=self._is_known)
        if self._at != before:
            self._moved_at = time.monotonic()
            if self._report is not None:
                self._report(self._at)

    async def _refuse(self) -> None:
        await self._look()
        left = self._at.wanted - self._at.finished
        limits = batches.budget_of(await run_db(batches.batch_now, self._batch.pk)).told()
        spent = f"{self._at.calls} calls were made for {self._at.cost_usd} USD"
        text = f"{spent}, {limits} were allowed, and {left} groups are unfinished: raise the budget to go on"
        raise BotsError("run_budget", text)

    async def _need_worker(self, groups: list[int]) -> None:
        is_idle = self._by_workers and time.monotonic() - self._moved_at > IDLE_SECONDS
        if is_idle and await run_db(batches.are_left_lying, groups):
            text = "no worker takes the turns: start one with `manage.py up`, or leave out --workers"
            raise BotsError("run_no_worker", text)
