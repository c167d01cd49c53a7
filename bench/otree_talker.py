"""A person who talks in oTree: its page with the chat widget, and the widget's socket, without a screen."""

import asyncio
import html
import json
import re
from collections.abc import Awaitable
from typing import Any

from bench.browser import Answer, Socket, now_ms
from bench.otree_visit import OtreeVisit, Page
from bench.talk import Company
from bench.tape import Tape

WIDGET = re.compile(r"var varsFromDjango = (\{.*?\});", re.DOTALL)
TAKEN_SECONDS = 30.0


class OtreeTalker(OtreeVisit):
    """From the session-wide link into a conversation.

    Args:
        link: The whole address of the link.
        company: Whom the person belongs to.
    """

    def __init__(self, link: str, company: Company) -> None:
        super().__init__(link, Tape(), 0.0)
        self.company = company
        self.widget: dict[str, Any] = {}
        self.chat = Socket(self._read, self._broken)
        self._taken: dict[str, asyncio.Event] = {}

    async def arrive(self) -> None:
        """Press what leads on, until the page with the widget is there; its two sockets are open then."""
        page = await self._loaded(self.browser.get(self.path), before="", began=now_ms())
        await self._listen(page)
        while not self.widget:
            page = await (self._answer(page) if page.has_button else self._wait(page))
            await self._listen(page)
        address = self.browser.origin.replace("http", "ws", 1) + self.widget["socket_path"]
        await self.chat.open(address, browser=self.browser)

    async def _loaded(self, asking: Awaitable[Answer], *, before: str, began: float) -> Page:
        async def kept() -> Answer:
            answer = await asking
            if found := WIDGET.search(answer.body):
                self.widget = json.loads(found[1])
            return answer

        return await super()._loaded(kept(), before=before, began=began)

    async def listen(self) -> None:
        """Nothing is asked: the widget's socket brings every message."""

    async def say(self, text: str) -> None:
        """Send, and wait until one's own page shows it: there is no other answer.

        Raises:
            TimeoutError: it never did.
        """
        taken = self._taken[text] = asyncio.Event()
        self.company.tape.requests += 1
        self.chat.say(json.dumps({"body": text, "nickname_signed": self.widget["nickname_signed"]}))
        async with asyncio.timeout(TAKEN_SECONDS):
            await taken.wait()

    def _read(self, text: str) -> None:
        for message in json.loads(text):
            is_own = message["participant_id"] == self.widget["participant_id"]
            if is_own and (taken := self._taken.pop(message["body"], None)):
                taken.set()
            self.company.see(self, html.unescape(message["body"]), is_own=is_own)

    def _broken(self) -> None:
        self.company.tape.errors.append("the widget's socket was lost")

    def close(self) -> None:
        """Leave without a word."""
        self._hang_up()
        self.chat.close()
        self.browser.close()
