"""Many simulated people on the wall clock: one asyncio loop, everybody with a browser of their own."""

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Self

from simulation.door import Door, new_connector
from simulation.ledger import Ledger
from simulation.mind import Choose, Mind, look_seconds
from simulation.person import Person
from simulation.profile import Profile, arrivals

PROGRESS_SECONDS = 0.5
JITTER = 0.1  # as the page's script spreads its questions

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
    else:
        loop = asyncio.get_running_loop()
        shown_at = loop.time()
        act_at = math.inf if move.do == "look" else shown_at + move.after_seconds
        while (left := act_at - loop.time()) > 0:
            page, look_in = person.last, ear.look_seconds(loop.time() - shown_at)
            has_news = await ear.hears(min(left, look_in))
            if (has_news or look_in < left) and await person.look():
                return
            shown_at = shown_at if person.last is page else loop.time()
    await person.do(move)


class _Ear:
    """Follows the person's socket as the page's script does: from the first live page on."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._news = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._rng = Random(f"ear/{person.number}")  # noqa: S311  spreads questions

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def look_seconds(self, shown_for: float) -> float:
        """How long until the page asks by itself."""
        person = self._person
        regular = look_seconds(person.last, has_socket=person.door.has_socket, shown_for=shown_for)
        return regular * self._rng.uniform(1 - JITTER, 1 + JITTER)

    async def hears(self, seconds: float) -> bool:
        """Wait until something changed, at most so long; whether something did."""
        if self._person.last.is_live and self._listening is None:
            self._listening = asyncio.ensure_future(self._listen())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        has_news = self._news.is_set()
        self._news.clear()
        return has_news

    async def _listen(self) -> None:
        async for _ in self._person.door.pointers():
            self._news.set()


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
