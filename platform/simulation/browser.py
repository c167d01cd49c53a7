"""What a participant's browser does by itself: cookies, sending again what had no answer, keeping a socket open."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from simulation.errors import SimulationError

REQUEST_SECONDS = 15.0
FIRST_WAIT_SECONDS = 0.5
MOST_WAIT_SECONDS = 8.0
TOO_FAST_SECONDS = 5.0
SOCKET_MOST_WAIT_SECONDS = 30.0
PING_SECONDS = 20.0
CLOSING = aiohttp.ClientWSTimeout(ws_close=2.0)
FINAL_CLOSES = frozenset({4401, 4429})  # not known any more; enough sockets are open
LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)
TOO_FAST, FAULTY = 429, 500


@dataclass(frozen=True)
class Request:
    """What is asked: a form is sent urlencoded."""

    method: str
    path: str
    form: Mapping[str, str] | None = None
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, words."""

    status: int
    headers: Mapping[str, str]
    html: str


class Browser:
    """One browser, with cookies of its own.

    Args:
        origin: Scheme, host and port of the pages.
        name: Whose it is, for messages.
        connector: Connections shared by many; without it this browser has its own.
        patience_seconds: How long to go on asking a server that does not answer.

    Attributes:
        at: The heading of the page that is shown, for messages.
        socket_address: Where the socket connects; empty while unknown.
        took_ms: How long each answered request took.
        server_errors: Answers of 500 and above, each with the page they met.
        transport_errors: Requests that had no answer at all: refused, cut, timed out.
        has_socket: Whether a socket is open.
        socket_class: What reads the socket; who wants to see every frame puts their own here.
    """

    socket_class: type[aiohttp.ClientWebSocketResponse] = aiohttp.ClientWebSocketResponse

    def __init__(
        self, origin: str, *, name: str, connector: aiohttp.BaseConnector | None, patience_seconds: float
    ) -> None:
        self.origin = origin
        self.name = name
        self.patience_seconds = patience_seconds
        self.at = ""
        self.socket_address = ""
        self.took_ms: list[float] = []
        self.server_errors: list[str] = []
        self.transport_errors: list[str] = []
        self.has_socket = False
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connector = connector
        self._http: aiohttp.ClientSession | None = None
        self._rng = Random(f"browser/{name}")  # noqa: S311  spreads retries

    async def insist(self, request: Request) -> Answer:
        """Send until there is an answer that is neither a server's error nor "too fast".

        Raises:
            SimulationError: "no_answer" when patience ends.
        """
        until = time.monotonic() + self.patience_seconds
        attempt = 0
        while True:
            answer = await self._try(request)
            if answer is not None and answer.status < FAULTY and answer.status != TOO_FAST:
                return answer
            is_told = answer is not None and answer.status == TOO_FAST
            wait = _told_to_wait(answer) if answer and is_told else self._backoff(attempt)
            if time.monotonic() + wait > until:
                met = [*self.server_errors[-2:], *self.transport_errors[-2:]] or ["too fast"]
                raise SimulationError("no_answer", f"{self.name}: no answer at {request.path}: {', '.join(met)}")
            await asyncio.sleep(wait)
            attempt += 1

    async def pointers(self) -> AsyncIterator[None]:
        """Follow the socket, connecting again when it breaks: one None for each hint that something changed.

        Also one when a socket opens, because what happened before it is not told. Ends when the server says for good
        that there is nothing to follow. Frames that are no hint are heard meanwhile.
        """
        attempt = 0
        while self.socket_address:
            code = None
            try:
                async with self._session().ws_connect(self.socket_address, timeout=CLOSING) as socket:
                    self.has_socket, self._socket = True, socket
                    yield
                    async for text in _texts(socket):
                        attempt = 0  # who is refused is let in and closed at once
                        if self.hears(_read(text)):
                            yield
                    code = socket.close_code
            except LOST as error:
                self.transport_errors.append(f"socket: {type(error).__name__}")
            finally:
                self.has_socket, self._socket = False, None
                self.lost()
            if code in FINAL_CLOSES:
                return
            longest = min(SOCKET_MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt)
            await asyncio.sleep(self._rng.uniform(0, longest))  # a restarted server is not stormed
            attempt += 1

    def hears(self, said: Mapping[str, Any]) -> bool:
        """Take in a frame of the socket; whether it is a hint that something changed. That somebody writes is none."""
        return said.get("stream") != "typing" and said.get("do") != "pong"

    def lost(self) -> None:
        """The socket is closed."""

    async def tell(self, said: Mapping[str, Any]) -> bool:
        """Say something through the socket; whether there was one."""
        if self._socket is None:
            return False
        try:
            await self._socket.send_str(json.dumps(said))
        except LOST:
            return False
        return True

    async def close(self) -> None:
        """Close the browser. What the server holds stays as it is."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=self._connector,
                connector_owner=self._connector is None,
                cookie_jar=aiohttp.CookieJar(unsafe=True),  # keep cookies of bare addresses, too
                headers={"Origin": self.origin},
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
                ws_response_class=self.socket_class,
            )
        return self._http

    async def _try(self, request: Request) -> Answer | None:
        began = time.monotonic()
        asked = self._session().request(
            request.method,
            self.origin + request.path,
            data=request.form,
            params=request.params,
            headers=request.headers,
            allow_redirects=False,
        )
        try:
            async with asked as answer:
                found = Answer(answer.status, answer.headers, await answer.text())
        except LOST as error:
            self.transport_errors.append(f"{type(error).__name__} at {self.at!r}")
            return None
        self.took_ms.append((time.monotonic() - began) * 1000)
        if found.status >= FAULTY:
            self.server_errors.append(f"{found.status} at {self.at!r}")
        return found

    def _backoff(self, attempt: int) -> float:
        return min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt) * self._rng.uniform(0.5, 1)


def _told_to_wait(answer: Answer) -> float:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else TOO_FAST_SECONDS


async def _texts(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    """The socket's messages; a ping when it is quiet. Ends when the socket does."""
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
        yield message.data


def _read(text: str) -> Mapping[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
