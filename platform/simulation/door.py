"""One participant's doors, used as the page's script uses them, with a ledger of what was acknowledged.

Every form is sent under one key until there is an answer. That is what `static/js/session.js` does, and what makes
"nothing acknowledged is lost, nothing is done twice" something that can be counted.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from simulation.browser import Answer, Browser, Request
from simulation.errors import SimulationError
from simulation.ledger import Ledger, acknowledged
from simulation.pages import ZONE_PAGE, Line, Shown, read

FRAGMENT = {"X-Fragment": "1"}
SAY_SECONDS = 4.0  # as static/js/session.js: without an answer for so long a form says it
SAID = "said"
OK, NOTHING_NEW, CONFLICT, REFUSED = 200, 204, 409, 422
MOVED = frozenset({302, 303})
WITHOUT_OUTCOME = {CONFLICT: "conflict", REFUSED: "refused"}


@dataclass(frozen=True)
class Sent:
    """What became of a form: "stored", "stale", "late", "conflict" or "refused"; and the page that followed."""

    outcome: str
    page: Shown


class Door(Browser):
    """A participant's browser, in this study.

    Args:
        link: The whole address of an entry link.
        person: The participant's number in the ledger.
        via_socket: Where to connect the socket instead of where the page says, e.g. through a proxy.
        connector: As for `Browser`, with `patience_seconds`.

    Attributes:
        takes_lines: Called with the name of a talk and its new lines; whether the page has to be asked for.
    """

    def __init__(
        self,
        link: str,
        *,
        person: int,
        ledger: Ledger,
        via_socket: str = "",
        connector: aiohttp.BaseConnector | None = None,
        patience_seconds: float = 120.0,
    ) -> None:
        at = urlsplit(link)
        name = f"person {person}"
        super().__init__(
            f"{at.scheme}://{at.netloc}", name=name, connector=connector, patience_seconds=patience_seconds
        )
        self.path = at.path
        self.person = person
        self.ledger = ledger
        self.socket_address = self._via_socket = via_socket
        self.takes_lines: Callable[[str, Sequence[Line]], bool] = lambda *_: True
        self._under_way: dict[str, asyncio.Future[int]] = {}
        self._untold_typing = ""

    async def enter(self) -> Shown:
        """Redeem the link: the landing page, its button, the first page.

        Raises:
            SimulationError: "not_entered" when the link is unknown or the study not open.
        """
        sent = await self.insist(Request("GET", self.path))
        if sent.status == OK:
            sent = await self.insist(Request("POST", self.path, form=read(sent.html).hidden))
        if sent.status not in MOVED:
            raise SimulationError("not_entered", f"{self.name}: the link answered {sent.status}")
        return await self.fetch()

    async def fetch(self) -> Shown:
        """The page as it is now, as when it is loaded again."""
        return self._read(await self.insist(Request("GET", "/s/")))

    async def poll(self, page: Shown) -> Shown | None:
        """Ask whether the page has changed: the new one, or None. Also a sign of life."""
        asked = {"rev": page.rev, "digest": page.digest}
        asked |= {"drawn": page.drawn, "read": str(page.last_seq)} if page.drawn else {}
        asked |= {"typing": self._untold_typing} if self._untold_typing else {}
        self._untold_typing = ""
        answer = await self.insist(Request("GET", "/s/poll", params=asked, headers=FRAGMENT))
        return None if answer.status == NOTHING_NEW else self._read(answer)

    async def send(self, page: Shown, data: Mapping[str, str]) -> Sent:
        """Send the page's form until it is acknowledged, always under the page's own key.

        Raises:
            SimulationError: "unexpected" for an answer that does not say what became of the form.
        """
        form = {**page.hidden, **data}
        answer = await self.insist(Request("POST", "/s/", form=form, headers=FRAGMENT))
        outcome = WITHOUT_OUTCOME.get(answer.status) or answer.headers.get("X-Outcome", "")
        if not outcome:
            raise self._unexpected(answer)
        if outcome != "refused":
            self.ledger.add(acknowledged(self.person, outcome, form, title=page.title))
        return Sent(outcome, self._read(answer))

    async def say(self, page: Shown, text: str) -> int:
        """Say an ordinary message through the socket: its number once it is stored; 0: the form has to say it."""
        key = page.hidden["key"]
        answer = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            if not await self.tell({"do": "say", "talk": page.talk, "key": key, "text": text}):
                return 0
            seq: int = await asyncio.wait_for(answer, SAY_SECONDS)
        except TimeoutError:
            return 0
        finally:
            del self._under_way[key]
        if seq:
            form = {"key": key, "rev": page.talk, "message": text}
            self.ledger.add(acknowledged(self.person, SAID, form, title=page.title))
        return seq

    async def tell_typing(self, page: Shown) -> None:
        """Say that something is typed in a page's form: through the socket, or with the next question for news."""
        key = page.hidden["key"]
        self._untold_typing = "" if await self.tell({"do": "typing", "key": key}) else key

    def hears(self, said: Mapping[str, Any]) -> bool:
        """Take in what a frame says of a talk; whether it is a hint that something changed."""
        if said.get("stream") != "talk":
            return super().hears(said)
        for answer, seq in (("stored", said.get("seq", 0)), ("form", 0)):
            waiting = self._under_way.get(said.get(answer, ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(seq)
        lines = [Line(line["seq"], line["who"], line["text"]) for line in said.get("lines", ())]
        return bool(lines) and self.takes_lines(said["talk"], lines)

    def lost(self) -> None:
        """The socket is closed: what was under way through it is for the form."""
        for waiting in self._under_way.values():
            if not waiting.done():
                waiting.set_result(0)

    async def leave(self, *, withdraw: bool = False) -> Shown:
        """Leave by the way out that every page has, keeping or deleting the data; the last page."""
        asked = await self.insist(Request("GET", "/s/leave"))
        if asked.status == OK:
            form = {**read(asked.html).hidden, "do": "withdraw" if withdraw else "leave"}
            await self.insist(Request("POST", "/s/leave", form=form))
        return await self.fetch()

    async def travel(self, data: Mapping[str, str]) -> Shown:
        """Say, between two visits, that the clock shows another time now; the page as it is then."""
        asked = await self.insist(Request("GET", ZONE_PAGE))
        if asked.status == OK:  # otherwise a visit has begun meanwhile, in another tab
            await self.insist(Request("POST", ZONE_PAGE, form={**read(asked.html).hidden, **data}))
        return await self.fetch()

    def _read(self, answer: Answer) -> Shown:
        """The page in an answer."""
        if answer.status != OK and answer.status not in WITHOUT_OUTCOME:
            raise self._unexpected(answer)
        page = read(answer.html)
        self.at = page.title
        if not self._via_socket:
            self.socket_address = page.socket or self.socket_address
        return page

    def _unexpected(self, answer: Answer) -> SimulationError:
        words = read(answer.html).text.replace("\n", " ")[:200]
        return SimulationError("unexpected", f"{self.name}: {answer.status} after {self.at!r}: {words}")


def new_connector() -> aiohttp.TCPConnector:
    """Connections for any number of doors. Kept for less than the server's 5 s, so that none is found closed."""
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=4)
