"""A person who talks in our study: what `session.js`, `socket.js` and `talk.js` do, without a screen."""

import asyncio
import html
import re
from urllib.parse import urlencode

from bench.browser import Answer, Browser, now_ms
from bench.rapport_visit import FRAGMENT, RETRY_SECONDS, Page, RapportVisit, read
from bench.talk import Company
from bench.tape import Tape

LINE = re.compile(r'<li class="(theirs|mine)" data-seq="(\d+)">.*?<p class="said">([^<]*)</p>', re.DOTALL)
STORED, TOO_FAST = "stored", 429


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
        self._sending = False
        self._is_asked = False
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
            self.wake.clear()
            if self._sending:
                self._is_asked = True
                self.polled_ms = now_ms()
                continue
            await self._ask()

    async def _ask(self) -> None:
        self._is_asked = False
        before = self.page
        query = urlencode({"rev": before.data.get("rev", ""), "digest": before.data.get("digest", "")})
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
        """Send until it is stored; a page that has gone on meanwhile is taken from the answer."""
        self._sending = True
        try:
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
        finally:
            self._sending = False
            if self._is_asked:
                self.wake.set()

    def _see(self, answer: Answer) -> None:
        self.page = read(answer.body)
        for who, number, text in LINE.findall(answer.body):
            if int(number) > self.seen:
                self.seen = int(number)
                self.company.see(self, html.unescape(text), is_own=who == "mine")

    def close(self) -> None:
        """Leave without a word."""
        self.socket.close()
        self.browser.close()
        self._asking.close()
