"""A simulated person: a mind that decides, a door that does. Who waits between the two is the caller's affair."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

from simulation.door import Door
from simulation.errors import SimulationError
from simulation.mind import Mind, Move
from simulation.pages import Line, Shown

MOST_REFUSALS = 5  # of one page in a row: then what is sent is wrong, or what is asked


class Person:
    """One simulated person between arrival and end.

    Attributes:
        number: From 0; also the person's number in the ledger.
        titles: The headings seen, in order, repetitions apart.
        last: The page that is shown now, with the lines that came through the socket.
        shown_at: When it came, by the monotonic clock; `asked_at`: when the server last answered about it.
        at_lines: Called when lines have come through the socket.
        has_vanished: Whether the browser was closed for good.
        failure: What kept the person from going on, if anything did.
    """

    def __init__(self, door: Door, mind: Mind) -> None:
        self.number = mind.number
        self.door = door
        self.mind = mind
        self.titles: list[str] = []
        self.last = Shown()
        self.shown_at = self.asked_at = 0.0
        self.has_vanished = False
        self.failure: BaseException | None = None
        self._refusals = 0
        self.at_lines: Callable[[], None] = lambda: None
        self._lines: list[Line] = []  # of the talk that is shown: a page may come that was drawn before them
        door.takes_lines = self._take_lines

    @property
    def is_done(self) -> bool:
        """Whether there is nothing more to do: at an exit, or gone."""
        return self.last.is_over or self.has_vanished

    def end(self) -> None:
        """The play is over: whoever is not done by then has a `failure`, of code "unfinished"."""
        if not self.is_done and self.failure is None:
            told = f"person {self.number} was still at {self.last.title!r}, after {self.titles[-3:]}"
            self.failure = SimulationError("unfinished", told)

    async def arrive(self) -> None:
        """Open the link and press its button."""
        self._see(await self.door.enter())

    async def look(self) -> bool:
        """Ask for news. Returns whether there is another page than before, so that plans for it are void.

        A page that only counts differently stays the same page: its form goes on under its newest key.
        """
        before = self.last
        news = await self.door.poll(before)
        self.asked_at = time.monotonic()
        if news is not None:
            self._see(news)
        return news is not None and news.identity != before.identity

    async def do(self, move: Move) -> None:
        """Do now what was decided, about the page that is shown."""
        page = self.last
        match move.do:
            case "vanish":
                self.has_vanished = True
                await self.door.close()
            case "look":
                await self.look()
            case "reload":
                self._see(await self.door.fetch())
            case "travel":
                self._see(await self.door.travel(move.data))
            case "leave" | "withdraw" if not move.data:
                self._see(await self.door.leave(withdraw=move.do == "withdraw"))
            case _ if (text := spoken(page, move)) and await self._say(page, text):
                self._refusals = 0
            case _:
                self._see(await self._send(page, move))

    async def _say(self, page: Shown, text: str) -> bool:
        """Whether the socket took a message. The next one has a key of its own: no page comes for it."""
        seq = await self.door.say(page, text) if self.door.has_socket else 0
        if not seq:
            return False
        if self._take_lines(page.talk, [Line(seq, "", text)]):
            await self.look()
        if self.last.hidden.get("key") == page.hidden["key"]:
            self.last = replace(self.last, hidden={**self.last.hidden, "key": str(uuid4())})
        return True

    async def _send(self, page: Shown, move: Move) -> Shown:
        other_tab = await self.door.fetch() if move.again == "other_tab" else None
        sent = await self.door.send(page, move.data)
        self._refusals = self._refusals + 1 if sent.outcome == "refused" else 0
        if self._refusals >= MOST_REFUSALS:
            told = f"person {self.number}: {page.title!r} refused {dict(move.data)} {MOST_REFUSALS} times"
            raise SimulationError("refused", told)
        if other_tab is not None and other_tab.button:
            sent = await self.door.send(other_tab, move.data)
        if move.again == "back":
            sent = await self.door.send(page, move.second)
        return sent.page

    def _take_lines(self, talk: str, lines: Sequence[Line]) -> bool:
        """Put lines at the end of the page; whether it is not theirs, or some before them are missing."""
        if talk != self.last.talk:
            return True
        self._lines += lines
        self.last = self.last.joined(lines)
        self.at_lines()
        return self.last.last_seq < max(line.seq for line in lines)

    def _see(self, page: Shown) -> None:
        self.shown_at = self.asked_at = time.monotonic()
        self._lines = [line for line in self._lines if page.talk == self.last.talk and line.seq > page.last_seq]
        self.last = page.joined(self._lines)
        if self.titles[-1:] != [page.title]:
            self.titles.append(page.title)


def spoken(page: Shown, move: Move) -> str:
    """The message, where a move does nothing but say an ordinary one in a talk; "" where it is for the form."""
    more = {name: value for name, value in move.data.items() if name not in {"message", "then"} and value}
    is_ordinary = page.talk and not more and not move.again and not move.is_offline
    return move.data.get("message", "").strip() if is_ordinary and move.data.get("then", "more") in {"", "more"} else ""
