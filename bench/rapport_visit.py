"""A person in our study: what `static/js/session.js` and `socket.js` do, without a screen."""

import asyncio
import html
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bench.browser import Answer, Browser, Socket, now_ms
from bench.tape import Tape

FRAGMENT = {"X-Fragment": "1"}
RETRY_SECONDS = 0.5
CALM_POLL_SECONDS = 25.0
PING_SECONDS = 20.0
PAGE = re.compile(r'<div id="page"([^>]*)>')
DATA = re.compile(r'data-([a-z-]+)="([^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
ASKED = re.compile(r'<input type="(?:number|checkbox)"[^>]* name="([\w@]+)"')
BUTTON = re.compile(r'<button class="primary" type="submit">')
MESSAGE = re.compile(r"<textarea\b[^>]*\bdata-said")
TALK = re.compile(r'\bdata-log\b[^>]* data-talk="([^"]+)"')
SOCKET = re.compile(r'<body data-socket="([^"]*)"')


@dataclass(frozen=True)
class Page:
    """What a script reads of a page.

    Attributes:
        talks: Whether it has a box for a message.
        talk: The name of its conversation, where messages go through the socket.
    """

    data: dict[str, str]
    hidden: dict[str, str]
    asked: list[str]
    has_button: bool
    talks: bool = False
    talk: str = ""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do."""
        return self.data.get("over") == "yes"

    @property
    def is_live(self) -> bool:
        """Whether others may change it."""
        return self.data.get("live") == "yes"


def read(text: str) -> Page:
    """A whole document or a fragment."""
    found = PAGE.search(text)
    data = {name: html.unescape(value) for name, value in DATA.findall(found[1])} if found else {}
    has_button, talks = bool(BUTTON.search(text)), bool(MESSAGE.search(text))
    named = TALK.search(text) if talks else None
    talk = html.unescape(named[1]) if named else ""
    return Page(data, dict(HIDDEN.findall(text)), ASKED.findall(text), has_button, talks, talk)


class RapportVisit:
    """From the landing page to the code.

    Args:
        link: The study's open entry link, a whole address.
    """

    def __init__(self, link: str, tape: Tape, think_seconds: float) -> None:
        address = urlsplit(link)
        self.path = address.path
        self.browser = Browser(f"{address.scheme}://{address.netloc}")
        self.tape = tape
        self.think_ms = think_seconds * 1000
        self.wake = asyncio.Event()
        self.socket = Socket(lambda text: self.wake.set() if '"pong"' not in text else None, self.wake.set)
        self.socket_address = ""
        self.pinged_ms = self.polled_ms = 0.0

    async def run(self) -> None:
        """Play to the end."""
        try:
            page = await self._enter()
            began = now_ms()
            while not page.is_over:
                following = await self._stay(page, until_ms=began + self.think_ms)
                if following.data.get("identity") != page.data.get("identity"):
                    began = now_ms()
                page = following
            self.tape.finished()
        finally:
            self.socket.close()
            self.browser.close()

    async def _enter(self) -> Page:
        began = now_ms()
        landing = await self._counted(self.browser.get(self.path))
        self.tape.shown(landing.body, began)
        await asyncio.sleep(self.think_ms / 1000)
        began = now_ms()
        first = await self._counted(self.browser.post(self.path, read(landing.body).hidden))
        self.tape.submitted += 1
        self.tape.shown(first.body, began)
        found = SOCKET.search(first.body)
        self.socket_address = found[1] if found else ""
        return read(first.body)

    async def _stay(self, page: Page, *, until_ms: float) -> Page:
        """Look at a page until its button is pressed, or until it is replaced; return the next."""
        if page.is_live and not self.socket.is_open:
            await self._listen()
        self.polled_ms = self.polled_ms or now_ms()
        while True:
            if self.wake.is_set() or now_ms() >= self._poll_due_ms(page):
                self.wake.clear()
                if (news := await self._poll(page)) is not None:
                    return news
            elif page.has_button and now_ms() >= until_ms:
                return await self._send(page)
            else:
                await self._rest(min(self._poll_due_ms(page), until_ms if page.has_button else float("inf")))

    async def _listen(self) -> None:
        """The script asks at once when its socket opens: something may have happened before."""
        try:
            await self.socket.open(self.socket_address, browser=self.browser)
            self.tape.sockets += 1
            self.pinged_ms = now_ms()
        except OSError as error:
            self.tape.errors.append(f"socket: {error}")
        self.wake.set()

    def _poll_due_ms(self, page: Page) -> float:
        is_often = page.data.get("kind") == "waiting" or (page.is_live and not self.socket.is_open)
        seconds = float(page.data.get("poll-seconds") or 3) if is_often else CALM_POLL_SECONDS
        return self.polled_ms + seconds * 1000

    async def _rest(self, until_ms: float) -> None:
        if self.socket.is_open and now_ms() - self.pinged_ms > PING_SECONDS * 1000:
            self.socket.say('{"do":"ping"}')
            self.pinged_ms = now_ms()
        seconds = min(until_ms - now_ms(), PING_SECONDS * 1000) / 1000
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.wake.wait()
        except TimeoutError:
            pass

    async def _poll(self, page: Page) -> Page | None:
        began = now_ms()
        query = urlencode({"rev": page.data.get("rev", ""), "digest": page.data.get("digest", "")})
        answer = await self._counted(self.browser.get(f"/s/poll?{query}", FRAGMENT))
        self.polled_ms = now_ms()
        if answer.status != 200:
            return None
        return self._shown(page, answer, began)

    async def _send(self, page: Page) -> Page:
        data = {**page.hidden, **self.tape.fill_in(page.asked)}
        began = now_ms()
        self.tape.acted(data, began)
        answer = await self._counted(self.browser.post("/s/", data, FRAGMENT))
        self.polled_ms = now_ms()
        if answer.status not in {200, 409, 422}:
            await asyncio.sleep(RETRY_SECONDS)
            return page
        is_stored = answer.headers.get("x-outcome") == "stored"
        self.tape.submitted += is_stored
        self.tape.stale += not is_stored
        return self._shown(page, answer, began)

    def _shown(self, before: Page, answer: Answer, began: float) -> Page:
        page = read(answer.body)
        if page.data.get("identity") != before.data.get("identity"):
            self.tape.shown(answer.body, began)
        return page

    async def _counted(self, asking: Awaitable[Answer]) -> Answer:
        answer = await asking
        self.tape.requests += answer.requests
        if answer.status >= 429:
            self.tape.errors.append(f"{answer.status} at {answer.path}")
        return answer
