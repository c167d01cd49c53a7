"""A browser that keeps everything it receives, with the instant at which it came."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulation.browser import Answer, Request
from simulation.door import Door
from simulation.pages import Shown


@dataclass(frozen=True)
class Frame:
    """One thing received.

    Attributes:
        at: Monotonic seconds.
        asked: What was asked for, such as "GET /s/poll"; "" for what came through the socket by itself.
        took: Seconds from asking to the answer; 0 through the socket.
        status: Of the answer; 0 through the socket.
        headers: Of the answer.
        body: HTML, or the socket's text.
    """

    at: float
    asked: str
    took: float
    status: int
    body: str
    headers: Sequence[tuple[str, str]] = ()


class RecordingDoor(Door):
    """Keeps every answer and every frame of the socket in `frames`, in the order in which they came."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.frames: list[Frame] = []
        self._message = self._last = 0.0
        self.socket_class = _recording(self.frames)

    async def insist(self, request: Request) -> Answer:
        """As any browser, and keep the answer."""
        began = time.monotonic()
        answer = await super().insist(request)
        at = time.monotonic()
        asked = f"{request.method} {request.path if request.path.startswith('/s/') else 'link'}"
        self.frames.append(Frame(at, asked, at - began, answer.status, answer.html, tuple(answer.headers.items())))
        self._last = self.form() if request.method == "POST" else self._last
        return answer

    async def say(self, page: Shown, text: str) -> int:
        """As any browser, and keep how long it took."""
        began = time.monotonic()
        seq = await super().say(page, text)
        if seq:
            self._message = self._last = (time.monotonic() - began) / 2
        return seq

    def page(self) -> float:
        """How long the last page took, from asking for it."""
        return next((one.took for one in reversed(self.frames) if one.asked.startswith("GET")), 0.0)

    def form(self) -> float:
        """How long a form is on its way: the server takes one in half-way through its answer."""
        return next((one.took for one in reversed(self.frames) if one.asked.startswith("POST")), 0.0) / 2

    def message(self) -> float:
        """How long a message through the socket is on its way; 0 before the first."""
        return self._message

    def last(self) -> float:
        """The same of whatever was sent last."""
        return self._last


def _recording(frames: list[Frame]) -> type[aiohttp.ClientWebSocketResponse]:
    class Recorded(aiohttp.ClientWebSocketResponse):
        async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:
            message = await super().receive(timeout)
            text = message.data if isinstance(message.data, str) else message.type.name
            frames.append(Frame(time.monotonic(), "", 0.0, 0, text))
            return message

    return Recorded
