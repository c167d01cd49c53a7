"""Pages of the gallery served to a real browser without a server: every request is answered by the test."""

import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, WebSocketRoute

from flow.calculator import FACT
from flow.drawing import Frame, draw
from flow.page import Page
from tests.pages import gallery

ORIGIN = "http://localhost:9"
STATIC = settings.STATICFILES_DIRS[0]
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws:; form-action 'self'; base-uri 'none'"  # noqa: E501
Answer = Callable[[dict[str, str]], tuple[int, str]]


@dataclass
class StageSet:
    """Answers a tab's requests.

    Attributes:
        current: What /s/ and /s/poll show.
        answer: What a submission gets; None is a lost connection.
        sent: Every form that arrived.
        polls: How often news was asked for.
        outcome: What the server says became of a form.
        examples: Every worked example that was asked for.
        typing: Who is writing, as polls say it; None where nobody is told.
        sockets: The ends of the sockets that tabs have opened.
        heard: What came through them, pings apart.
        asked: What each question for news said.
        opened: The addresses of earlier conversations that were asked for.
        says: What a message over the socket is answered with; None where it gets no answer.
    """

    current: Page
    frame: Frame = gallery.FRAME
    answer: Callable[[dict[str, str]], tuple[int, str] | None] | None = None
    sent: list[dict[str, str]] = field(default_factory=list)
    polls: int = 0
    outcome: str = "stored"
    examples: list[dict[str, str]] = field(default_factory=list)
    typing: list[list[object]] | None = None
    sockets: list[WebSocketRoute] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    says: Callable[[dict[str, Any]], Sequence[Mapping[str, object]]] | None = None

    def open(self, tab: Tab) -> Tab:
        """Serve this set to `tab` and go to its page."""
        tab.route("**/*", self._serve)
        tab.route_web_socket("**/ws/session", self._connect)
        tab.goto(f"{ORIGIN}/s/")
        return tab

    def tell(self, **frame: object) -> None:
        """Send a frame through the newest socket."""
        self.sockets[-1].send(json.dumps(frame))

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._hear(socket, str(text)) if '"ping"' not in str(text) else None)

    def _hear(self, socket: WebSocketRoute, text: str) -> None:
        self.heard.append(text)
        frame = json.loads(text)
        for answer in self.says(frame) if self.says and frame["do"] == "say" else ():
            socket.send(json.dumps(answer))

    def html(self, *, is_fragment: bool) -> str:
        """The current page."""
        return draw(gallery.request(), self.current, self.frame, is_fragment=is_fragment)

    def _serve(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.path.startswith("/static/"):
            file = STATIC / url.path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0])
        elif url.path == "/s/calculator":
            self._work_out(route, dict(parse_qsl(url.query)))
        elif url.path.startswith("/s/earlier/"):
            self.opened.append(url.path)
            _fulfill(route, 200, draw(gallery.request(), gallery.pages()["earlier"], self.frame, is_fragment=True))
        elif url.path == "/s/poll":
            self._poll(route, dict(parse_qsl(url.query)))
        elif route.request.method == "POST":
            self._submit(route, dict(parse_qsl(route.request.post_data or "", keep_blank_values=True)))
        else:
            _fulfill(route, 200, self.html(is_fragment=False))

    def _poll(self, route: Route, asked: dict[str, str]) -> None:
        self.polls += 1
        self.asked.append(asked)
        said = {} if self.typing is None else {"X-Typing": json.dumps(self.typing)}
        if asked["rev"] == self.frame.rev:
            route.fulfill(status=204, headers=said)
        else:
            _fulfill(route, 200, self.html(is_fragment=True), more=said)

    def _work_out(self, route: Route, raw: dict[str, str]) -> None:
        self.examples.append(raw)
        page = Page("calculator", "Work out an example", facts={FACT: gallery.example(raw)})
        _fulfill(route, 200, draw(gallery.request(), page, self.frame, is_fragment=False))

    def _submit(self, route: Route, form: dict[str, str]) -> None:
        self.sent.append(form)
        answer = self.answer(form) if self.answer else (200, self.html(is_fragment=True))
        if answer is None:
            route.abort("connectionfailed")
        else:
            _fulfill(route, *answer, outcome=self.outcome)


def _fulfill(
    route: Route, status: int, body: str, *, outcome: str = "", more: Mapping[str, str] = MappingProxyType({})
) -> None:
    headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8", "X-Outcome": outcome}
    route.fulfill(status=status, body=body, headers=headers | dict(more))
