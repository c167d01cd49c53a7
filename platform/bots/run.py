"""Groups without people, played as fast as their seats can decide: the same turns, doors and rows, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from asgiref.sync import async_to_sync

from bots import queries, services
from bots.errors import BotsError
from events import clock, due, runner
from events.offload import run_db
from flow.deadlines import GRACE
from flow.models import Match
from flow.services import games
from matching.models import Group
from studies import definition
from studies.models import Version
from studies.schema_stages import GameStage

AT_ONCE = 10  # groups under way together, so that the calls of models overlap
TURNS_AT_ONCE = 40
PAUSE_SECONDS = 0.2
"""Between two looks when every open turn is in another process's hand, or a model failed and the deadline decides."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come. `calls` counts attempts to ask a model since it began."""

    wanted: int
    complete: int = 0
    ended: int = 0
    turns: int = 0
    calls: int = 0

    @property
    def finished(self) -> int:
        """Groups that are over, complete or not."""
        return self.complete + self.ended


Report = Callable[[Progress], None]


def run_groups(version: Version, n: int, progress: Report | None = None, *, max_calls: int | None = None) -> Progress:
    """Play `n` groups of a version to their end. Call outside any transaction.

    Groups that an interrupted run left unfinished are played on first and count as part of the `n`, so calling again
    after an interruption loses nothing.

    Args:
        progress: Called after every few turns.
        max_calls: Most attempts to ask a model; those under way when it is reached may still end.

    Raises:
        BotsError: "run_no_game"; "run_budget" when `max_calls` is reached, with the groups kept for the next run.
        MatchingError: nobody may sit where the study file wants a person.
    """
    run = _Run(version, _game_stage(version), Progress(wanted=n), report=progress, max_calls=max_calls)
    # One thread for all database work: the caller's, whose connection is open.
    return async_to_sync(run.play)()


def _game_stage(version: Version) -> str:
    for stage in definition.definition(version).stages:
        if isinstance(stage, GameStage):
            return stage.id
    raise BotsError("run_no_game", f"{version} has no game stage: nothing can be played without people")


class _Run:
    def __init__(
        self, version: Version, stage: str, progress: Progress, *, report: Report | None, max_calls: int | None
    ) -> None:
        self._version, self._stage, self._progress = version, stage, progress
        self._report, self._max_calls = report, max_calls
        self._under_way: list[int] = []
        self._begun = 0
        self._newest_call = 0

    async def play(self) -> Progress:
        """Until every group is over."""
        self._newest_call = await run_db(queries.newest_call)
        self._under_way = [group.pk for group in await run_db(queries.unfinished, self._version, self._progress.wanted)]
        self._begun = len(self._under_way)
        while await self._has_groups():
            taken = await self._take_turns()
            await self._note(taken)
            if not taken:
                await run_db(close_overdue, self._under_way)
                await asyncio.sleep(PAUSE_SECONDS)
        return self._progress

    async def _has_groups(self) -> bool:
        """Let go of groups that are over, begin new ones, and say whether any is under way."""
        over = await run_db(queries.over, self._under_way)
        self._under_way = [group for group in self._under_way if group not in over]
        while len(self._under_way) < AT_ONCE and self._begun < self._progress.wanted:
            group = await run_db(services.make_group, self._version, self._stage)
            self._under_way.append(group.pk)
            self._begun += 1
        complete = sum(status == Group.Status.COMPLETE for status in over.values())
        ended = len(over) - complete
        done = self._progress
        self._progress = replace(done, complete=done.complete + complete, ended=done.ended + ended)
        return bool(self._under_way)

    async def _take_turns(self) -> int:
        ids = await run_db(queries.open_turns, self._under_way)
        claims = await run_db(due.claim_ids, ids[:TURNS_AT_ONCE])
        with runner.kept(claims):  # a model may take longer than a lease
            await asyncio.gather(*(runner.carry(claim) for claim in claims))
        return len(claims)

    async def _note(self, taken: int) -> None:
        calls = await run_db(queries.calls_since, self._newest_call, self._version)
        self._progress = replace(self._progress, turns=self._progress.turns + taken, calls=calls)
        if self._report is not None and taken:
            self._report(self._progress)
        if self._max_calls is not None and calls >= self._max_calls and self._under_way:
            text = f"{calls} calls were made and {len(self._under_way)} groups are unfinished: run again to go on"
            raise BotsError("run_budget", text)


def close_overdue(groups: Sequence[int]) -> None:
    """Close steps whose time is up: where a model gave nothing usable, the deadline decides as it does among people."""
    now = clock.now()
    late: list[Match] = [m for m in queries.open_matches(groups) if m.deadline_at and now >= m.deadline_at + GRACE]
    for match in late:
        games.close_overdue(match_id=match.pk, rev=match.rev)
