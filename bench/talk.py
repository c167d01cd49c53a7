"""Pairs who talk: messages are sent at instants planned beforehand, and followed to the partner's page.

A message waits for its instant and for nothing else: one that must wait for the answer to the message before it is
counted from its own instant, so a server that is slow gains nothing by it.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from bench.browser import now_ms

LETTERS = "abcdefghjkmnprstuvwxyz"
TEXT = "And what would you say is the best of it? {}"
WORD = re.compile(r"best of it\? ([a-z]+)$")
HELLO = "Hello, they call me {}"
NAME = re.compile(r"they call me ([a-z]+)$")
LAST_SECONDS = 30.0  # for messages that are under way at the end: a page of ours asks by itself within 25
ENTER_SECONDS = 240.0
APART_SECONDS = 0.03  # between two who come in: what is measured are conversations, and not a rush at the door


class Talker(Protocol):
    """One person of a pair, whose browser shows the conversation and tells its company what is new in it."""

    async def arrive(self) -> None:
        """Come in and stay until the conversation is there."""

    async def listen(self) -> None:
        """Follow what comes, until cancelled."""

    async def say(self, text: str) -> None:
        """Send a message, and return when the server has taken it."""

    def close(self) -> None:
        """Go away."""


@dataclass(frozen=True)
class Talk:
    """A cell.

    Attributes:
        pairs: How many conversations.
        per_second: Messages of all pairs together.
        seconds: How long.
    """

    pairs: int
    per_second: float
    seconds: float

    @property
    def name(self) -> str:
        """Such as "150 pairs, 150 messages a second"."""
        return f"{self.pairs} pairs, {self.per_second:g} messages a second"


@dataclass
class TalkTape:
    """What was said and shown in one cell, in milliseconds of the monotonic clock.

    Attributes:
        due: Word of a message → when it was to be sent.
        taken: When its sender was told that it had been taken.
        shown: When the partner's page showed it.
        order: By person, the words in the order in which their page showed them.
        repeated: Messages that a page showed twice.
        by_form: Messages that no socket took, so that a form said them.
        errors: Answers of 500 and more, refusals, and connections that broke.
    """

    due: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    order: dict[Talker, list[str]] = field(default_factory=dict)
    repeated: int = 0
    by_form: int = 0
    requests: int = 0
    errors: list[str] = field(default_factory=list)

    def see(self, talker: Talker, text: str, *, is_own: bool) -> None:
        """Somebody's page shows a message that it did not show before."""
        found = WORD.search(text)
        if found is None or found[1] not in self.due:
            return  # of an earlier cell
        known = self.order.setdefault(talker, [])
        self.repeated += found[1] in known
        known.append(found[1])
        if not is_own:
            self.shown.setdefault(found[1], now_ms())


def word_of(number: int) -> str:
    """A word for a number: letters only, because what looks like a phone number is not taken in."""
    letters = ""
    while True:
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
        if not number:
            return letters.rjust(4, LETTERS[0])


@dataclass(frozen=True)
class Line:
    """A message as it is planned: seconds after the start, of which pair, by which of the two, and its word."""

    after: float
    pair: int
    side: int
    word: str


def planned(talk: Talk, *, first: int = 0) -> list[Line]:
    """Every message of a cell: evenly spaced, pair by pair, the two of a pair in turns.

    Args:
        first: How many messages there were before, so that no word comes twice.
    """
    count = int(talk.per_second * talk.seconds)
    return [
        Line(number / talk.per_second, number % talk.pairs, number // talk.pairs % 2, word_of(first + number))
        for number in range(count)
    ]


class Company:
    """People in conversations, for one cell or several.

    Attributes:
        tape: Where what they meet is written down; another for each cell.
        pairs: Who talks with whom.
        said: How many messages were planned, of all companies: no word comes twice in a table.
    """

    said: ClassVar[int] = 0

    def __init__(self) -> None:
        self.tape = TalkTape()
        self.pairs: list[tuple[Talker, Talker]] = []
        self._met: dict[Talker, str] = {}
        self._listening: list[asyncio.Task[None]] = []

    def see(self, talker: Talker, text: str, *, is_own: bool) -> None:
        """Somebody's page shows a message that it did not show before."""
        name = NAME.search(text)
        if name and not is_own:
            self._met[talker] = name[1]
        self.tape.see(talker, text, is_own=is_own)

    async def gather(self, make: Callable[["Company"], Talker], pairs: int) -> None:
        """Let so many pairs come in, and greet each other: by its greeting each is known to its partner.

        Raises:
            TimeoutError: they were not all there in time.
        """
        talkers = {word_of(number): make(self) for number in range(2 * pairs)}

        async def come(number: int, one: Talker) -> None:
            await asyncio.sleep(APART_SECONDS * number)
            await one.arrive()

        async with asyncio.timeout(ENTER_SECONDS):
            await asyncio.gather(*(come(number, one) for number, one in enumerate(talkers.values())))
            self._listening = [asyncio.create_task(one.listen()) for one in talkers.values()]
            await asyncio.gather(*(one.say(HELLO.format(name)) for name, one in talkers.items()))
            while len(self._met) < len(talkers):
                await asyncio.sleep(0.05)
        found = {frozenset([name, self._met[one]]) for name, one in talkers.items()}
        assert len(found) == pairs, "everybody has one partner"
        self.pairs = [(talkers[first], talkers[second]) for first, second in map(sorted, found)]

    async def talk(self, cell: Talk) -> tuple[TalkTape, float]:
        """Hold the conversations of a cell; what was met, and for how many seconds."""
        self.tape = TalkTape()
        lines = planned(cell, first=Company.said)
        Company.said += len(lines)
        began = now_ms()
        self.tape.due = {line.word: began + 1000 * line.after for line in lines}
        by_person: dict[tuple[int, int], list[Line]] = {}
        for line in lines:
            by_person.setdefault((line.pair, line.side), []).append(line)
        people = [asyncio.create_task(self._speak(*whom, said)) for whom, said in by_person.items()]
        _, late = await asyncio.wait(people, timeout=cell.seconds + LAST_SECONDS)
        for task in late:
            task.cancel()
        results = await asyncio.gather(*people, return_exceptions=True)
        self.tape.errors += [f"{type(error).__name__}: {error}" for error in results if isinstance(error, Exception)]
        seconds = (max([*self.tape.taken.values(), now_ms() if late else began]) - began) / 1000
        until = now_ms() + 1000 * LAST_SECONDS
        while len(self.tape.shown) < len(self.tape.taken) and now_ms() < until:
            await asyncio.sleep(0.05)
        return self.tape, seconds

    async def _speak(self, pair: int, side: int, lines: Sequence[Line]) -> None:
        talker = self.pairs[pair][side]
        for line in lines:
            await asyncio.sleep((self.tape.due[line.word] - now_ms()) / 1000)
            await talker.say(TEXT.format(line.word))
            self.tape.taken[line.word] = now_ms()

    async def close(self) -> None:
        """Everybody goes away."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for pair in self.pairs:
            for one in pair:
                one.close()
