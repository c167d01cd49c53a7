"""A person in oTree: what its page scripts do, without a screen.

An ordinary page and a wait page each open a socket of their own and leave it with the page; news on it, or the reload
timer of a page that groups by arrival, load the address again.
"""

import asyncio
import contextlib
import html
import random
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.browser import Answer, Browser, Socket, now_ms
from bench.tape import Tape

ASKED = re.compile(r'<input\b[^>]*\bname="(\w+)"')
BUTTON = re.compile(r"otree-btn-next")
SOCKET = re.compile(r'(?:data-socket-url="|makeReconnectingWebSocket\(")([^"]+)"')
OVER = re.compile(r'id="code"')
REGROUPING = re.compile(r"RELOAD_PARAM")
RECONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class Page:
    """What a script reads of a page."""

    path: str
    asked: list[str]
    has_button: bool
    socket: str
    is_over: bool
    reloads: bool


def read(answer: Answer) -> Page:
    """A whole document."""
    found = SOCKET.search(answer.body)
    return Page(
        path=answer.path.partition("?")[0],
        asked=ASKED.findall(answer.body),
        has_button=bool(BUTTON.search(answer.body)),
        socket=html.unescape(found[1]) if found else "",
        is_over=bool(OVER.search(answer.body)),
        reloads=bool(REGROUPING.search(answer.body)),
    )


class OtreeVisit:
    """From the session-wide link to the code.

    Args:
        link: The whole address of the link.
    """

    def __init__(self, link: str, tape: Tape, think_seconds: float) -> None:
        address = urlsplit(link)
        self.path = address.path
        self.browser = Browser(f"{address.scheme}://{address.netloc}")
        self.tape = tape
        self.think_seconds = think_seconds
        self.wake = asyncio.Event()
        self.socket: Socket | None = None

    async def run(self) -> None:
        """Play to the end."""
        try:
            page = await self._loaded(self.browser.get(self.path), before="", began=now_ms())
            while not page.is_over:
                await self._listen(page)
                page = await (self._answer(page) if page.has_button else self._wait(page))
            self.tape.finished()
        finally:
            self._hang_up()
            self.browser.close()

    async def _answer(self, page: Page) -> Page:
        """Look at the page, then press its button. Nothing in this game moves a page that has one."""
        await asyncio.sleep(self.think_seconds)
        data = self.tape.fill_in(page.asked)
        began = now_ms()
        self.tape.acted(data, began)
        following = await self._loaded(self.browser.post(page.path, data), before=page.path, began=began)
        if following.path == page.path:
            self.tape.stale += 1
        else:
            self.tape.submitted += 1
        return following

    async def _wait(self, page: Page) -> Page:
        """Wait for news; on a page that groups people, also for its reload timer."""
        timer_seconds = 10 + random.random() * 60 if page.reloads else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timer_seconds):
                await self.wake.wait()
        path = page.path if self.wake.is_set() else f"{page.path}?reload=1"
        return await self._loaded(self.browser.get(path), before=page.path, began=now_ms())

    async def _loaded(self, asking: Awaitable[Answer], *, before: str, began: float) -> Page:
        answer = await asking
        self.tape.requests += answer.requests
        page = read(answer)
        if answer.status >= 400:
            self.tape.errors.append(f"{answer.status} at {answer.path}")
            raise ConnectionError(f"{answer.status} at {answer.path}")
        if page.path != before:
            self.tape.shown(answer.body, began)
        self._hang_up()
        return page

    async def _listen(self, page: Page) -> None:
        self.wake = asyncio.Event()
        self.socket = Socket(self._heard, self._lost)
        address = self.browser.origin.replace("http", "ws", 1) + page.socket
        try:
            await self.socket.open(address, browser=self.browser)
            self.tape.sockets += 1
        except OSError as error:
            self.tape.errors.append(f"socket: {error}")

    def _heard(self, text: str) -> None:
        if '"error"' not in text:
            self.wake.set()

    def _lost(self) -> None:
        self.tape.errors.append("socket lost")
        asyncio.get_running_loop().call_later(RECONNECT_SECONDS, self.wake.set)

    def _hang_up(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None
