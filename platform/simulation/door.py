"""One participant's doors: HTTP and a socket, used as the browser uses them, with a ledger of what was acknowledged.

Every form is sent under one key until there is an answer. That is what `static/js/session.js` does, and what makes
"nothing acknowledged is lost, nothing is done twice" something that can be counted.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import aiohttp

from simulation.errors import SimulationError
from simulation.ledger import Ledger, acknowledged
from simulation.pages import Shown, read

REQUEST_SECONDS = 15.0
FIRST_WAIT_SECONDS = 0.5
MOST_WAIT_SECONDS = 8.0
SOCKET_MOST_WAIT_SECONDS = 30.0
PING_SECONDS = 20.0
CLOSING = aiohttp.ClientWSTimeout(ws_close=2.0)
TOO_FAST_SECONDS = 5.0
FINAL_CLOSES = frozenset({4401, 4429})  # not known any more; enough sockets are open
LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)
FRAGMENT = {"X-Fragment": "1"}


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, words."""

    status: int
    headers: Mapping[str, str]
    html: str


@dataclass(frozen=True)
class Sent:
    """What became of a form: "stored", "stale", "late", "conflict" or "refused"; and the page that followed."""

    outcome: str
    page: Shown


class Door:
    """A browser of one participant.

    Args:
        link: The whole address of an entry link.
        person: The participant's number in the ledger.
        via_socket: Where to connect the socket instead of where the page says, e.g. through a proxy.
        connector: Connections shared by many; without it this door has its own.
        patience_seconds: How long to go on asking a server that does not answer.

    Attributes:
        took_ms: How long each answered request took.
        server_errors: Answers of 500 and above, each with the page they met.
        transport_errors: Requests that had no answer at all: refused, cut, timed out.
        has_socket: Whether a socket is open.
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
        address = urlsplit(link)
        self.origin = f"{address.scheme}://{address.netloc}"
        self.path = address.path
        self.person = person
        self.ledger = ledger
        self.socket_address = via_socket
        self.took_ms: list[float] = []
        self.server_errors: list[str] = []
        self.transport_errors: list[str] = []
        self.has_socket = False
        self._via_socket = bool(via_socket)
        self._connector = connector
        self._patience_seconds = patience_seconds
        self._http: aiohttp.ClientSession | None = None
        self._rng = Random(f"door/{person}")  # noqa: S311  spreads retries
        self._title = ""

    async def enter(self) -> Shown:
        """Redeem the link: the landing page, its button, the first page.

        Raises:
            SimulationError: "not_entered" when the link is unknown or the study not open.
        """
        sent = await self._insist("GET", self.path)
        if sent.status == 200:
            sent = await self._insist("POST", self.path, form=read(sent.html).hidden)
        if sent.status not in {302, 303}:
            raise SimulationError("not_entered", f"person {self.person}: the link answered {sent.status}")
        return await self.fetch()

    async def fetch(self) -> Shown:
        """The page as it is now, as when it is loaded again."""
        return self._read(await self._insist("GET", "/s/"))

    async def poll(self, page: Shown) -> Shown | None:
        """Ask whether the page has changed: the new one, or None. Also a sign of life."""
        asked = {"rev": page.rev, "digest": page.digest}
        answer = await self._insist("GET", "/s/poll", params=asked, headers=FRAGMENT)
        return None if answer.status == 204 else self._read(answer)

    async def send(self, page: Shown, data: Mapping[str, str]) -> Sent:
        """Send the page's form until it is acknowledged, always under the page's own key.

        Raises:
            SimulationError: "unexpected" for an answer that is neither 200, 409 nor 422.
        """
        form = {**page.hidden, **data}
        answer = await self._insist("POST", "/s/", form=form, headers=FRAGMENT)
        outcome = {409: "conflict", 422: "refused"}.get(answer.status) or answer.headers.get("X-Outcome", "")
        if not outcome:
            raise self._unexpected(answer)
        if outcome != "refused":
            self.ledger.add(acknowledged(self.person, outcome, form, title=page.title))
        return Sent(outcome, self._read(answer, also={409, 422}))

    async def leave(self, *, withdraw: bool = False) -> Shown:
        """Leave by the way out that every page has, keeping or deleting the data; the last page."""
        asked = await self._insist("GET", "/s/leave")
        if asked.status == 200:
            token = read(asked.html).hidden
            await self._insist("POST", "/s/leave", form={**token, "do": "withdraw" if withdraw else "leave"})
        return await self.fetch()

    async def pointers(self) -> AsyncIterator[None]:
        """Follow the socket, connecting again when it breaks: one None for each hint that something changed.

        Also one when a socket opens, because what happened before it is not told. Ends when the server says for good
        that there is nothing to follow.
        """
        attempt = 0
        while self.socket_address:
            code = None
            try:
                async with self._session().ws_connect(self.socket_address, timeout=CLOSING) as socket:
                    attempt, self.has_socket = 0, True
                    yield
                    async for _ in _hints(socket):
                        yield
                    code = socket.close_code
            except LOST as error:
                self.transport_errors.append(f"socket: {type(error).__name__}")
            finally:
                self.has_socket = False
            if code in FINAL_CLOSES:
                return
            longest = min(SOCKET_MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt)
            await asyncio.sleep(self._rng.uniform(0, longest))  # a restarted server is not stormed
            attempt += 1

    async def close(self) -> None:
        """Close the browser. What the server holds stays as it is."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=self._connector or new_connector(),
                connector_owner=self._connector is None,
                cookie_jar=aiohttp.CookieJar(unsafe=True),  # keep cookies of bare addresses, too
                headers={"Origin": self.origin},
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            )
        return self._http

    def _read(self, answer: Answer, also: frozenset[int] | set[int] = frozenset()) -> Shown:
        """The page in an answer."""
        if answer.status != 200 and answer.status not in also:
            raise self._unexpected(answer)
        page = read(answer.html)
        self._title = page.title
        if page.socket and not self._via_socket:
            self.socket_address = page.socket
        return page

    def _unexpected(self, answer: Answer) -> SimulationError:
        words = read(answer.html).text.replace("\n", " ")[:200]
        told = f"person {self.person}: {answer.status} after {self._title!r}: {words}"
        return SimulationError("unexpected", told)

    async def _insist(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send until there is an answer that is neither a server's error nor "too fast"."""

        async def once() -> Answer:
            asked = self._session().request(
                method, self.origin + path, data=form, params=params, headers=headers, allow_redirects=False
            )
            async with asked as answer:
                return Answer(answer.status, answer.headers, await answer.text())

        until = time.monotonic() + self._patience_seconds
        attempt = 0
        while True:
            answer = await self._try(once)
            if answer is not None and answer.status < 500 and answer.status != 429:
                return answer
            wait = self._backoff(attempt) if answer is None or answer.status >= 500 else _asked_to_wait(answer)
            if time.monotonic() + wait > until:
                told = [*self.server_errors[-2:], *self.transport_errors[-2:]] or ["too fast"]
                raise SimulationError("no_answer", f"person {self.person}: no answer at {path}: {', '.join(told)}")
            await asyncio.sleep(wait)
            attempt += 1

    async def _try(self, once: Callable[[], Awaitable[Answer]]) -> Answer | None:
        began = time.monotonic()
        try:
            answer = await once()
        except LOST as error:
            self.transport_errors.append(f"{type(error).__name__} at {self._title!r}")
            return None
        self.took_ms.append((time.monotonic() - began) * 1000)
        if answer.status >= 500:
            self.server_errors.append(f"{answer.status} at {self._title!r}")
        return answer

    def _backoff(self, attempt: int) -> float:
        return min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt) * self._rng.uniform(0.5, 1)


def new_connector() -> aiohttp.TCPConnector:
    """Connections for any number of browsers. Kept for less than the server's 5 s, so that none is found closed."""
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=4)


def _asked_to_wait(answer: Answer) -> float:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else TOO_FAST_SECONDS


async def _hints(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[None]:
    """The socket's messages but for answers to pings; a ping when it is quiet. Ends when the socket does."""
    unanswered = 0
    while unanswered <= 2:
        try:
            message = await socket.receive(timeout=PING_SECONDS)
        except TimeoutError:
            unanswered += 1
            await socket.send_str('{"do":"ping"}')
            continue
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        unanswered = 0
        if '"pong"' not in message.data:
            yield
