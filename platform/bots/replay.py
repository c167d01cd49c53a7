"""Playing a recording: the same groups under the same codes, with what models said then in place of models.

All chance in a group follows from the seed and the group's code, so that it can be played again only under that code,
and in another installation than the one that has it. In a conversation each turn looks when it has heard what it had
heard then, and speaks when those have spoken who spoke before it: `bots.order`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from asgiref.sync import async_to_sync

from bots import queries, services
from bots.errors import BotsError
from bots.held import Turn
from bots.order import BEFORE_ACT
from bots.recording import Recording, Talk, place_of
from bots.run import AT_ONCE, PAUSE_SECONDS, Progress, close_unanswered
from bots.standing import OpenTurn, Standing, open_turns, standings
from events import clock, due, runner
from events.claim import Claim
from events.offload import run_db
from events.queries import beats_of
from llm.providers.recorded import PLAYER, Player
from matching.models import Group
from studies.models import Version

ALIVE = timedelta(seconds=60)
OTHERS = {"worker.bots": "bots", "sweeper": "sweeper"}
"""The signs of those that take turns, too, and how `up --without` calls them."""
AHEAD_SECONDS = 1e6
STUCK_SECONDS = 12.0
"""Without anything that happens, while somebody waits for somebody else: then they do not come."""

Report = Callable[[Progress], None]


def play(version: Version, recording: Recording, report: Report | None = None, *, most: int | None = None) -> Progress:
    """Play the groups of a recording to their end. Broken off, it is to be begun anew in another installation.

    Args:
        report: Called as it goes on.
        most: How many of its groups, from the first on; None: all.

    Raises:
        BotsError: "replay_version", "replay_not_alone", "replay_here", and nothing was played; "replay_differs": a
            model was asked what is not recorded, or in a conversation somebody does not speak who spoke then.
    """
    codes = recording.codes[:most]
    refuse_unfit(version, recording, codes)
    return async_to_sync(_played)(version, recording, codes, report)


def refuse_unfit(version: Version, recording: Recording, codes: Collection[str]) -> None:
    """Refuse to play where it would be something else, or asked of models, or be counted twice.

    Raises:
        BotsError: as `play`.
    """
    if version.sha256 != recording.sha256:
        text = (
            f"the recording is of {recording.study} v{recording.version} with sha256 {recording.sha256[:12]}, and "
            f"{version} has {version.sha256[:12]}: freeze the same folder with the same --seed "
            "(`study recording --with-seed` tells it), by the same version of Rapport"
        )
        raise BotsError("replay_version", text)
    now = clock.now()
    alive = sorted(OTHERS[name] for name, beat in beats_of(*OTHERS).items() if beat.at > now - ALIVE)
    if alive:
        text = (
            f"{' and '.join(alive)} of this installation would take turns, too, and ask models: "
            f"start it with `manage.py up --without bots,sweeper`, and wait a minute"
        )
        raise BotsError("replay_not_alone", text)
    here = Group.objects.filter(code__in=codes).order_by("pk").first()
    if here is not None:
        text = f"group {here.code} is in this installation already: play it again in another"
        raise BotsError("replay_here", text)


async def _played(version: Version, recording: Recording, codes: Collection[str], report: Report | None) -> Progress:
    player = Player(recording.calls, place_of)
    replay = _Replay(version, recording, codes, player, report)
    with _answering(player, replay.moment_of):
        return await replay.play()


@contextmanager
def _answering(player: Player, moment: Callable[[Turn], Awaitable[None]]) -> Iterator[None]:
    answers, waits = PLAYER.set(player), BEFORE_ACT.set(moment)
    try:
        yield
    finally:
        BEFORE_ACT.reset(waits)
        PLAYER.reset(answers)


class _Replay:
    def __init__(
        self, version: Version, recording: Recording, codes: Collection[str], player: Player, report: Report | None
    ) -> None:
        self._version, self._recording, self._player, self._report = version, recording, player, report
        self._codes = list(codes)
        self._under_way: list[int] = []
        self._done = Progress(wanted=len(codes))
        self._turns: dict[asyncio.Task[str], Talk] = {}
        self._begun: Counter[tuple[Talk, int, int]] = Counter()
        self._waiting: dict[Talk, dict[int, asyncio.Event]] = defaultdict(dict)
        """Of each conversation the moves whose words are there, and what lets them be said."""
        self._changed = asyncio.Event()
        self._changed_at = time.monotonic()

    async def play(self) -> Progress:
        """Until every group is over."""
        try:
            while await self._has_groups():
                await self._go_on()
        finally:
            for task in self._turns:
                task.cancel()
            await asyncio.gather(*self._turns, return_exceptions=True)
        return self._done

    async def moment_of(self, turn: Turn) -> None:
        """What a turn waits for before it acts: in a conversation, that those have spoken who spoke before it."""
        match = turn.row.match
        talk = (match.group.code, match.round, match.number, turn.row.path)
        script = self._recording.scripts.get(talk)
        if script is None or turn.heard is None:
            return
        at = script.place_of(turn.heard.own, turn.heard.made)
        if at is not None:
            self._waiting[talk][at] = asyncio.Event()
            self._changed.set()
            await self._waiting[talk][at].wait()

    async def _has_groups(self) -> bool:
        over = await run_db(queries.over, self._under_way)
        complete = sum(status == Group.Status.COMPLETE for status in over.values())
        self._count(complete=complete, ended=len(over) - complete)
        self._under_way = [group for group in self._under_way if group not in over]
        while self._codes and len(self._under_way) < AT_ONCE:
            code = self._codes.pop(0)
            course = self._recording.courses[code]
            ordered = course.get("ordered", "")
            group = await run_db(services.make_group, self._version, course["stage"], code, condition=ordered)
            self._under_way.append(group.pk)
        return bool(self._under_way)

    async def _go_on(self) -> None:
        """Begin what may be begun, let speak whose turn it is, and wait until something has changed."""
        self._changed.clear()
        standing = await run_db(standings, self._under_way)
        turns = await run_db(open_turns, self._under_way)
        may_begin = [turn for turn in turns if self._may_begin(turn, standing)]
        begun = await self._begin(may_begin)
        spoken = self._let_speak(standing) if begun == len(may_begin) else 0
        if not turns and not self._turns:
            await run_db(close_unanswered, self._under_way)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), PAUSE_SECONDS)
        self._collect()
        self._refuse_strange()
        if begun or spoken or self._changed.is_set():
            self._changed_at = time.monotonic()
        elif (turns or self._turns) and time.monotonic() - self._changed_at > STUCK_SECONDS:
            self._refuse_silence(turns)

    def _may_begin(self, turn: OpenTurn, standing: Mapping[Talk, Standing]) -> bool:
        script = self._recording.scripts.get(turn.talk)
        count, before = standing.get(turn.talk, Standing()).count, self._begun[turn.talk, turn.seat, turn.made]
        return script is None or script.may_begin(turn.seat, turn.made, count, before=before)

    async def _begin(self, turns: Collection[OpenTurn]) -> int:
        """Take some turns, also those that were put off: nobody is waited for that was waited for then."""
        known = {turn.due: turn for turn in turns}
        claims = await run_db(partial(due.claim_ids, list(known), ahead_seconds=AHEAD_SECONDS))
        for claim in claims:
            turn = known[claim.id]
            self._begun[turn.talk, turn.seat, turn.made] += 1
            task = asyncio.create_task(_carried(claim))
            task.add_done_callback(lambda _: self._changed.set())
            self._turns[task] = turn.talk
        return len(claims)

    def _let_speak(self, standing: Mapping[Talk, Standing]) -> int:
        """Release the next move of each conversation in which nobody looks or is just stored; how many were."""
        spoken = 0
        in_hand = Counter(self._turns.values())
        for talk, waiting in self._waiting.items():
            now, script = standing.get(talk, Standing()), self._recording.scripts[talk]
            done = script.done(now.count, now.ready)
            for at in [at for at in waiting if at < done]:
                del waiting[at]
            at_last = script.next_move(done, now.count, waiting)
            if at_last is not None and in_hand[talk] == sum(not event.is_set() for event in waiting.values()):
                waiting[at_last].set()
                spoken += 1
        return spoken

    def _collect(self) -> None:
        over = [task for task in self._turns if task.done()]
        for task in over:
            del self._turns[task]
            task.result()
        self._count(turns=len(over))

    def _count(self, *, complete: int = 0, ended: int = 0, turns: int = 0) -> None:
        before = self._done
        self._done = Progress(
            wanted=before.wanted,
            complete=before.complete + complete,
            ended=before.ended + ended,
            turns=before.turns + turns,
            calls=self._player.answered,
        )
        if self._report is not None and self._done != before:
            self._report(self._done)

    def _refuse_strange(self) -> None:
        if self._player.strange:
            more = len(self._player.strange) - 1
            text = f"{self._player.strange[0]}{f'; and {more} more' if more else ''}"
            raise BotsError("replay_differs", f"a model was asked what is not recorded: {text}")

    def _refuse_silence(self, turns: Collection[OpenTurn]) -> None:
        waiting = [talk for talk, waiting in self._waiting.items() if waiting] or [turn.talk for turn in turns]
        where = "/".join(map(str, waiting[0])) if waiting else "somewhere"
        raise BotsError("replay_differs", f"{where}: somebody does not speak, or act, who did then before the others")


async def _carried(claim: Claim) -> str:
    with runner.kept([claim]):
        return await runner.carry(claim)
