"""A simulated person: a mind that decides, a door that does. Who waits between the two is the caller's affair."""

from simulation.door import Door
from simulation.errors import SimulationError
from simulation.mind import Mind, Move
from simulation.pages import Shown

MOST_REFUSALS = 5  # of one page in a row: then what is sent is wrong, or what is asked


class Person:
    """One simulated person between arrival and end.

    Attributes:
        number: From 0; also the person's number in the ledger.
        titles: The headings seen, in order, repetitions apart.
        last: The page that is shown now.
        has_vanished: Whether the browser was closed for good.
        failure: What kept the person from going on, if anything did.
    """

    def __init__(self, door: Door, mind: Mind) -> None:
        self.number = mind.number
        self.door = door
        self.mind = mind
        self.titles: list[str] = []
        self.last = Shown()
        self.has_vanished = False
        self.failure: BaseException | None = None
        self._refusals = 0

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
            case _:
                self._see(await self._send(page, move))

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

    def _see(self, page: Shown) -> None:
        self.last = page
        if self.titles[-1:] != [page.title]:
            self.titles.append(page.title)
