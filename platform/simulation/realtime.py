"""Many simulated people on the wall clock: one asyncio loop, everybody with a browser of their own."""

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Self

from simulation.door import Door, new_connector
from simulation.ledger import Ledger
from simulation.mind import Choose, Mind, Move, look_seconds
from simulation.person import Person
from simulation.profile import Profile, arrivals

PROGRESS_SECONDS = 0.5
JITTER = 0.1  # as the page's script spreads its questions
TYPING_SECONDS = 3.0  # as static/js/typing.js says again that there are further keys

Progress = Callable[[Sequence[Person]], None]


async def play(
    people: Sequence[Person],
    *,
    seconds: float,
    arrive_after: Sequence[float] = (),
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Let everybody play until they are done, the time is up, or `stop` is set; what was reached stays in each person.

    Whoever is not done by then has a `failure` of code "unfinished".

    Args:
        arrive_after: When each opens the link, in seconds from now; all at once without it.
        progress: Called twice a second.
    """
    after = list(arrive_after) or [0.0] * len(people)
    lives = [asyncio.ensure_future(_live(person, wait)) for person, wait in zip(people, after, strict=True)]
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        while not all(life.done() for life in lives) and loop.time() < until and not (stop and stop.is_set()):
            await asyncio.wait(lives, timeout=min(PROGRESS_SECONDS, max(0.0, until - loop.time())))
            if progress:
                progress(people)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
        await asyncio.gather(*(person.door.close() for person in people))
    for person in people:
        person.end()


async def _live(person: Person, wait: float) -> None:
    await asyncio.sleep(wait)
    try:
        await person.arrive()
        async with _Ear(person) as ear:
            while not person.is_done:
                await _next(person, ear)
    except Exception as error:  # kept with the person: one who fails must not end the others
        person.failure = error


async def _next(person: Person, ear: "_Ear") -> None:
    """Decide about the page that is shown, and do it when its time comes, unless the page goes on before."""
    move = person.mind.next_move(person.last)
    if move.is_offline:
        await asyncio.sleep(move.after_seconds)
    elif await _goes_on(person, ear, move):
        return
    await person.do(move)


async def _goes_on(person: Person, ear: "_Ear", move: Move) -> bool:
    """Wait for the time of a move, typing towards its end; whether the page went on before, so that it is void."""
    now = time.monotonic
    act_at = math.inf if move.do == "look" else now() + move.after_seconds
    types = move.typing_seconds > 0 and person.last.tells_typing
    key_at = act_at - move.typing_seconds if types else math.inf
    while now() < act_at:
        has_news = await ear.hears(min(act_at, ear.look_at(), key_at) - now())
        if key_at <= now():
            await person.door.tell_typing(person.last)
            key_at = now() + TYPING_SECONDS
        is_another = (has_news or ear.look_at() <= now()) and await person.look()
        if is_another or person.mind.thinks_again(person.last):
            return True
    return False


class _Ear:
    """Follows the person's socket as the page's script does: from the first live page on."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._stirs = asyncio.Event()
        self._has_news = False
        person.at_lines = self._stirs.set
        self._listening: asyncio.Task[None] | None = None
        self._rng = Random(f"ear/{person.number}")  # noqa: S311  spreads questions
        self._since, self._look_at = (-1.0, False), 0.0  # for which answer, and when the next question is due

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def look_at(self) -> float:
        """When the page asks by itself: so long after it last asked, whatever is said or comes by frames meanwhile."""
        person = self._person
        since = (person.asked_at, person.door.has_socket)
        if since != self._since:
            shown_for = person.asked_at - person.shown_at
            regular = look_seconds(person.last, has_socket=person.door.has_socket, shown_for=shown_for)
            self._since, self._look_at = since, person.asked_at + regular * self._rng.uniform(1 - JITTER, 1 + JITTER)
        return self._look_at

    async def hears(self, seconds: float) -> bool:
        """Wait until something changed, lines have come, or so long; whether something did of which the page tells."""
        if self._person.last.is_live and self._listening is None:
            self._listening = asyncio.ensure_future(self._listen())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stirs.wait(), max(0.0, seconds))
        has_news, self._has_news = self._has_news, False
        self._stirs.clear()
        return has_news

    async def _listen(self) -> None:
        async for _ in self._person.door.pointers():
            self._has_news = True
            self._stirs.set()


def play_all(
    link: str,
    *,
    people: int,
    profile: Profile,
    seed: str,
    answers: Mapping[str, str],
    seconds: float = 300,
    choose: Choose | None = None,
    **more: Any,
) -> list[Person]:
    """Let so many people play, and wait for them: for tests, and for whoever has no loop of their own.

    Args:
        answers: Right answers of the quiz, by item.
        more: As for `play_minds`.
    """
    minds = [Mind(number, seed=seed, profile=profile, answers=answers, choose=choose) for number in range(people)]
    after = arrivals(people, profile=profile, seed=seed)
    return play_minds(link, minds, seconds=seconds, arrive_after=after, **more)


def play_minds(
    link: str,
    minds: Sequence[Mind],
    *,
    seconds: float = 300,
    arrive_after: Sequence[float] = (),
    ledger: Ledger | None = None,
    via_socket: str = "",
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> list[Person]:
    """Let these people play in a thread with a loop of its own; everybody as they are at the end, with their failures.

    Ctrl-C, as `stop`, ends the play and still returns what was reached; the caller sees "unfinished" people.
    """
    kept = Ledger() if ledger is None else ledger
    stop = stop or threading.Event()
    people: list[Person] = []

    async def main() -> None:
        async with new_connector() as connector:
            for mind in minds:
                door = Door(link, person=mind.number, ledger=kept, via_socket=via_socket, connector=connector)
                people.append(Person(door, mind))
            await play(people, seconds=seconds, arrive_after=arrive_after, progress=progress, stop=stop)

    with ThreadPoolExecutor(1, thread_name_prefix="people") as pool:
        playing = pool.submit(asyncio.run, main())
        try:
            playing.result()
        except KeyboardInterrupt:
            stop.set()
            playing.result()
    return people


def raise_failures(people: Sequence[Person]) -> None:
    """Raise what went wrong for any of them."""
    for person in people:
        if person.failure is not None:
            raise person.failure
