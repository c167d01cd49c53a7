"""Discrete events on a clock that stands: people's next moves and due work, each at its instant, nothing waited for.

The engine is all that moves. Pages are served by the installation's own processes; what workers and sweeper would do
is done here; and the clock goes to the next instant only when nothing is under way. Ordered, one thing happens at a
time, so that one seed gives one table. At full speed, all that falls due within `WINDOW` happens at once.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from events import clock, due, queries, runner
from events.offload import run_db
from simulation import news
from simulation.mind import Move, look_seconds
from simulation.person import Person

WINDOW = timedelta(seconds=0.5)
MOST_AT_ONCE = 64  # things under way together at full speed
MOST_ROWS = 200  # due rows looked at before each step
MOST_AFTER_LAST_ARRIVAL = timedelta(hours=24)
LEAST_BETWEEN_LOOKS = 0.1  # seconds
VAIN_LOOKS = 3  # of everybody in a row, with nothing due and nothing to do: nobody can ever move again


@dataclass
class Life:
    """One person between arrival and end, as the engine plans it.

    Attributes:
        link: Key of the entry link by which the person alone comes in.
        act_at: When `move` is due; at first the arrival.
        participant: Key of the participant, once they have come.
        look_at: When the page asks for news by itself.
    """

    person: Person
    link: int
    act_at: datetime | None
    move: Move | None = None
    participant: int = 0
    look_at: datetime | None = None
    shown_at: datetime | None = None
    vain_looks: int = 0

    @property
    def next_at(self) -> datetime | None:
        """The next instant at which the person does something."""
        return min((at for at in (self.act_at, self.look_at) if at is not None), default=None)

    @property
    def hears(self) -> bool:
        """Whether news reach the browser."""
        return bool(self.participant) and self.next_at is not None and not (self.move and self.move.is_offline)


@dataclass(frozen=True)
class _Task:
    """Something to be done at an instant. Due work comes first, then people by number: the order of ties."""

    at: datetime
    order: tuple[int, int]
    due: int = 0
    life: Life | None = None


class Engine:
    """Plays a study of the database that Django is set up for, whose clock stands.

    Args:
        lives: Everybody, with the instant of their arrival.
        at: Where the clock stands.
        is_ordered: One thing at a time.
        longest: After the last arrival, of the study's time: then whoever is still there is stuck.
        tell: Called after each step with the instant that was reached.
        stop: Set it to end after the step under way.
    """

    def __init__(
        self,
        lives: Sequence[Life],
        *,
        at: datetime,
        is_ordered: bool,
        longest: timedelta = MOST_AFTER_LAST_ARRIVAL,
        tell: Callable[[datetime], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.now = at
        self.lives = lives
        self._is_ordered = is_ordered
        self._tell = tell
        self._stop = stop or threading.Event()
        self._newest = 0
        self._until = max((life.act_at for life in lives if life.act_at), default=at) + longest

    async def play(self) -> None:
        """Until nothing is left to be done. What keeps somebody from an end is in that person's `failure`."""
        self._newest = await run_db(news.newest_event)
        try:
            while not self._stop.is_set() and (tasks := await self._next_tasks()):
                await self._move_clock(tasks[-1].at)
                await self._carry_out(tasks)
                await self._spread_news()
                if self._tell:
                    self._tell(self.now)
        finally:
            await asyncio.gather(*(life.person.door.close() for life in self.lives))
        for life in self.lives:
            life.person.end()

    # --- what is next ---

    async def _next_tasks(self) -> list[_Task]:
        """What happens next, in order; nothing when all is over, or nobody can ever move again."""
        rows = await run_db(queries.agenda, limit=MOST_ROWS)
        tasks = [_Task(max(at, self.now), (0, row), due=row) for row, at in rows.items()]
        tasks += [
            _Task(max(life.next_at, self.now), (1, life.person.number), life=life)
            for life in self.lives
            if life.next_at is not None
        ]
        tasks.sort(key=lambda task: (task.at, task.order))
        if not tasks or tasks[0].at > self._until or await self._nobody_can_move(rows):
            return []
        return tasks[:1] if self._is_ordered else [task for task in tasks if task.at <= tasks[0].at + WINDOW]

    async def _nobody_can_move(self, rows: Collection[int]) -> bool:
        """Whether all who are here only look, in vain, and nothing is due but to see whether they are still here."""
        here = [life for life in self.lives if life.next_at is not None]
        if any(life.act_at is not None or life.vain_looks < VAIN_LOOKS for life in here):
            return False
        return not await run_db(news.has_work_but_watching, rows, {life.participant for life in here})

    async def _move_clock(self, at: datetime) -> None:
        if at > self.now:
            await run_db(clock.stand, at)
            self.now = at

    # --- what happens ---

    async def _together(self, jobs: Sequence[Callable[[], Awaitable[object]]]) -> None:
        if self._is_ordered:
            for job in jobs:
                await job()
            return
        room = asyncio.Semaphore(MOST_AT_ONCE)

        async def one(job: Callable[[], Awaitable[object]]) -> None:
            async with room:
                await job()

        await asyncio.gather(*map(one, jobs))

    async def _carry_out(self, tasks: Sequence[_Task]) -> None:
        claims = await run_db(due.claim_ids, [task.due for task in tasks if task.due])
        people = [task.life for task in tasks if task.life is not None]
        jobs: list[Callable[[], Awaitable[object]]] = [partial(runner.carry, claim) for claim in claims]
        await self._together([*jobs, *(partial(self._live, life) for life in people)])

    async def _live(self, life: Life, *, hears: bool = False) -> None:
        """Let somebody do what it is time for, or only look because there are news."""
        is_time = life.act_at is not None and life.act_at <= self.now and not hears
        try:
            await (self._act(life) if is_time else self._look(life))
        except Exception as error:  # kept with the person: one who fails must not end the others
            life.person.failure = error
            life.act_at = life.look_at = None

    async def _act(self, life: Life) -> None:
        """Arrive, or do what was decided; then decide about the page that follows."""
        if life.move is None:
            await life.person.arrive()
            life.participant = await run_db(news.who_came_by, life.link)
        else:
            await life.person.do(life.move)
        await self._plan(life)

    async def _look(self, life: Life) -> None:
        """Ask for news, and decide anew if there is another page; otherwise everything stays as it was planned."""
        page = life.person.last
        if await life.person.look():
            await self._plan(life)
            return
        life.vain_looks += 1
        if life.person.last is not page:
            life.shown_at = self.now
        life.look_at = self._next_look(life)

    async def _plan(self, life: Life) -> None:
        person = life.person
        life.act_at = life.look_at = None
        if person.is_done:
            return
        # not on the loop: a policy may be asked, which reads the database
        move = await run_db(person.mind.next_move, person.last)
        life.move, life.shown_at, life.vain_looks = move, self.now, 0
        if move.do != "look":
            life.act_at = self.now + timedelta(seconds=move.after_seconds)
        if not move.is_offline:
            life.look_at = self._next_look(life)

    def _next_look(self, life: Life) -> datetime:
        shown_for = (self.now - (life.shown_at or self.now)).total_seconds()
        seconds = look_seconds(life.person.last, has_socket=True, shown_for=shown_for)
        return self.now + timedelta(seconds=max(LEAST_BETWEEN_LOOKS, seconds))

    async def _spread_news(self) -> None:
        """Let everybody whom it concerns look at once: this stands in for the socket's pointer."""
        while True:
            found = await run_db(news.since, self._newest)
            if found.newest == self._newest:
                return
            self._newest = found.newest
            concerned = [life for life in self.lives if life.participant in found.people and life.hears]
            await self._together([partial(self._live, life, hears=True) for life in concerned])
