"""A crowd in a closed loop: so many people at once, each followed by the next until all have played."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import uvloop

from bench.browser import now_ms
from bench.tape import Tape

Result = TypeVar("Result")


def on_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a cell on the loop that our sockets run on, too: it leaves more of the two cores to what is measured."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


class Visit(Protocol):
    """One person's way from the link to the last page."""

    async def run(self) -> None:
        """Play."""


@dataclass(frozen=True)
class Crowd:
    """Who comes.

    Attributes:
        at_once: People in the study at any moment.
        total: People altogether; even, because they meet in pairs.
        think_seconds: How long each page is looked at before its button is pressed.
        arrive_seconds: The first `at_once` people come evenly spread over so long.
        limit_seconds: Afterwards the cell is broken off, and says so. What it has by then is counted.
    """

    at_once: int
    total: int
    think_seconds: float = 0.0
    arrive_seconds: float = 0.0
    limit_seconds: float = 600.0

    @property
    def name(self) -> str:
        """Such as "300 people, 5 s of thinking"."""
        return f"{self.at_once} people, " + (
            f"{self.think_seconds:g} s of thinking" if self.think_seconds else "full speed"
        )


async def drive(crowd: Crowd, visit: Callable[[Tape, float], Visit]) -> tuple[Tape, float]:
    """Let the crowd play; return what it met, and how many seconds it took from the first link to the last page."""
    tape, left = Tape(), iter(range(crowd.total))
    began = now_ms()

    async def one_after_another(place: int) -> None:
        await asyncio.sleep(crowd.arrive_seconds * place / crowd.at_once)
        for _ in left:
            await visit(tape, crowd.think_seconds).run()

    places = [asyncio.create_task(one_after_another(place)) for place in range(crowd.at_once)]
    _, late = await asyncio.wait(places, timeout=crowd.limit_seconds)
    for task in late:
        task.cancel()
    results = await asyncio.gather(*places, return_exceptions=True)
    tape.errors += [f"{type(error).__name__}: {error}" for error in results if isinstance(error, Exception)]
    ended = tape.completed_ms[-1] if tape.completed_ms and not late else now_ms()
    return tape, (ended - began) / 1000
