"""A person who talks in our study: what `session.js`, `socket.js` and `talk.js` do, without a screen.

Messages go through the socket while it is open, and as a form where the socket does not take one; lines come by frames.
"""

import asyncio
import html
import json
import re
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from bench.browser import Answer, Browser, Socket, now_ms
from bench.rapport_visit import FRAGMENT, RETRY_SECONDS, Page, RapportVisit, read
from bench.talk import Company
from bench.tape import Tape

LINE = re.compile(r'<li class="(theirs|mine)" data-seq="(\d+)">.*?<p class="said">([^<]*)</p>', re.DOTALL)
STORED = "stored"
ANSWER_SECONDS = 4.0  # as session.js: without an answer for so long the form says it


class RapportTalker(RapportVisit):
    """From the landing page into a conversation.

    Args:
        link: The study's open entry link, a whole address.
        company: Whom the person belongs to.
    """

    def __init__(self, link: str, company: Company) -> None:
        super().__init__(link, Tape(), 0.0)
        self.company = company
        self.page = Page({}, {}, [], has_button=False)
        self.seen = 0
        self.socket = Socket(self._heard, self._lost)
        self._sending = False
        self._is_asked = False
        self._under_way: dict[str, asyncio.Future[bool]] = {}
        self._asking = Browser(self.browser.origin)  # a browser sends a form and asks for news on two connections
        self._asking.cookies = self.browser.cookies

    async def arrive(self) -> None:
        """Press what leads on, until the box for a message is there."""
        page = await self._enter()
        while not page.talks:
            page = await self._stay(page, until_ms=now_ms())
        self.page = page
        if not self.socket.is_open:
            await self._listen()

    async def listen(self) -> None:
        """Ask at each pointer, and now and then."""
        while True:
            await self._rest(self._poll_due_ms(self.page))
            if not self.wake.is_set() and now_ms() < self._poll_due_ms(self.page):
                continue  # only a ping was due
            self.wake.clear()
            if self._sending:
                self._is_asked = True
                self.polled_ms = now_ms()
                continue
            await self._ask()

    async def _ask(self) -> None:
        self._is_asked = False
        before = self.page
        asked = {name: before.data[name] for name in ("rev", "digest", "drawn") if name in before.data}
        query = urlencode(asked | ({"read": str(self.seen)} if "drawn" in asked else {}))
        answer = await self._asking.get(f"/s/poll?{query}", FRAGMENT)
        self.company.tape.requests += answer.requests
        self.polled_ms = now_ms()
        if answer.status == 200:
            if self.page is before and not self._sending:
                self._see(answer)
            else:
                self._is_asked = True
        elif answer.status >= 400:
            self.company.tape.errors.append(f"{answer.status} at {answer.path}")

    async def say(self, text: str) -> None:
        """Send until it is stored: through the socket, or else as a form under the same key."""
        self._sending = True
        try:
            if not await self._say(text):
                await self._send_form(text)
        finally:
            self._sending = False
            if self._is_asked:
                self.wake.set()

    async def _say(self, text: str) -> bool:
        """Whether the socket took it. The next message then has a key of its own, for which no page needs to come."""
        if not (self.socket.is_open and self.page.talk):
            return False
        key = self.page.hidden["key"]
        answer = self._under_way[key] = asyncio.get_running_loop().create_future()
        self.socket.say(json.dumps({"do": "say", "talk": self.page.talk, "key": key, "text": text}))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                is_stored = await answer
        except TimeoutError:
            is_stored = False
        finally:
            del self._under_way[key]
        if is_stored:
            self.page.hidden["key"] = str(uuid4())
        return is_stored

    async def _send_form(self, text: str) -> None:
        self.company.tape.by_form += 1
        while True:
            answer = await self.browser.post("/s/", {**self.page.hidden, "message": text}, FRAGMENT)
            self.company.tape.requests += answer.requests
            self.polled_ms = now_ms()
            if answer.status in {200, 409, 422}:
                self._see(answer)
                if answer.headers.get("x-outcome") == STORED:
                    return
            self.company.tape.errors.append(f"{answer.status} {answer.headers.get('x-outcome', '')} to a message")
            await asyncio.sleep(RETRY_SECONDS)

    def _heard(self, text: str) -> None:
        """A frame: of a talk, or news of which the page tells."""
        said: dict[str, Any] = json.loads(text)
        if said.get("stream") == "talk":
            self._hear(said)
        elif said.get("stream") != "typing" and said.get("do") != "pong":
            self.wake.set()

    def _hear(self, said: dict[str, Any]) -> None:
        for line in said.get("lines", ()):
            if said["talk"] != self.page.talk or line["seq"] > self.seen + 1:  # a gap: the page has what is between
                self.wake.set()
                return
            self._show(line["seq"], line["text"], is_own=not line["who"])
        key = said.get("stored") or said.get("form")
        if key in self._under_way and not self._under_way[key].done():
            self._under_way[key].set_result("stored" in said)

    def _lost(self) -> None:
        """The socket is gone: what was under way through it goes as a form."""
        self.company.tape.errors.append("the socket was lost")
        for answer in self._under_way.values():
            if not answer.done():
                answer.set_result(False)
        self.wake.set()

    def _see(self, answer: Answer) -> None:
        self.page = read(answer.body)
        for who, number, text in LINE.findall(answer.body):
            self._show(int(number), html.unescape(text), is_own=who == "mine")

    def _show(self, number: int, text: str, *, is_own: bool) -> None:
        """A line stands at the end of the page, unless it stood there before."""
        if number > self.seen:
            self.seen = number
            self.company.see(self, text, is_own=is_own)

    def close(self) -> None:
        """Leave without a word."""
        self.socket.close()
        self.browser.close()
        self._asking.close()
