"""One participant's doors, used as the page's script uses them, with a ledger of what was acknowledged.

Every form is sent under one key until there is an answer. That is what `static/js/session.js` does, and what makes
"nothing acknowledged is lost, nothing is done twice" something that can be counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from simulation.browser import Answer, Browser, Request
from simulation.errors import SimulationError
from simulation.ledger import Ledger, acknowledged
from simulation.pages import ZONE_PAGE, Shown, read

FRAGMENT = {"X-Fragment": "1"}
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
