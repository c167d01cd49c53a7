"""A participant made of HTTP: reads its page like a browser, answers, and keeps a ledger of what was acknowledged."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx

RETRY = (httpx.TransportError, ConnectionError)


@dataclass
class Asked:
    """One thing a form asks for."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    low: int = 0
    high: int = 0
    most: int = 0


@dataclass
class Shown:
    """A page as read: where it stands, what it asks, what may be pressed."""

    kind: str = ""
    rev: str = ""
    title: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    button: bool = False
    buttons: list[tuple[str, str]] = field(default_factory=list)
    is_over: bool = False
    code: str = ""
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Shown()
        self._into = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if at.get("id") == "page":
            self.page.kind, self.page.rev = at.get("data-kind", ""), at.get("data-rev", "")
            self.page.is_over = at.get("data-over") == "yes"
        self._into = {"title": "title", "code": "code"}.get(at.get("id", ""), self._into if tag == "em" else "")
        if tag in {"input", "textarea", "button"}:
            self._control(tag, at)

    def _control(self, tag: str, at: Mapping[str, str]) -> None:
        name, kind = at.get("name", ""), at.get("type", "")
        if kind == "hidden":
            self.page.hidden[name] = at.get("value", "")
        elif tag == "button" and kind == "submit":
            self.page.button |= not name
            self.page.buttons += [(name, at.get("value", ""))] if name else []
        elif name:
            asked = self.page.asked.setdefault(name, Asked(name, kind or tag))
            asked.values += [at["value"]] if kind in {"radio", "checkbox"} else []
            asked.low, asked.high = int(at.get("min") or 0), int(at.get("max") or 0)
            asked.most = int(at.get("data-max") or 0)

    def handle_data(self, data: str) -> None:
        if self._into:
            setattr(self.page, self._into, getattr(self.page, self._into) + data)
        self.page.text += data


def read(html: str) -> Shown:
    """What a page says."""
    reader = _Reader()
    reader.feed(html)
    reader.page.title = reader.page.title.strip()
    return reader.page


@dataclass
class Acknowledged:
    """Something the server said it had taken."""

    key: str
    title: str
    data: dict[str, str]


class Player(threading.Thread):
    """Plays from the landing page to the end, in a thread of its own.

    Args:
        link: The whole address of an entry link.
        answers: Right answers of the quiz and other fixed answers, by field name.
        think_seconds: How long each page is read.
        decide: Overrides the answer to a page; None leaves it to chance.
        stops: Where this person stops playing along, and how: a kind or heading of a page, and "silent" (never answers
            there), "leave" or "withdraw".
    """

    def __init__(
        self,
        link: str,
        *,
        seed: int = 1,
        answers: Mapping[str, str] | None = None,
        think_seconds: float = 0.05,
        limit_seconds: float = 240,
        decide: Callable[[Shown], Mapping[str, str] | None] | None = None,
        stops: tuple[str, str] = ("", ""),
    ) -> None:
        super().__init__(daemon=True)
        address = urlsplit(link)
        self.origin = f"{address.scheme}://{address.netloc}"
        self.path = address.path
        self.rng = random.Random(seed)
        self.answers = dict(answers or {})
        self.think_seconds = think_seconds
        self.limit_seconds = limit_seconds
        self.decide = decide
        self.stops_at, self.stops_how = stops
        self.ledger: list[Acknowledged] = []
        self.titles: list[str] = []
        self.server_errors: list[str] = []
        self.took_ms: list[float] = []
        self.failure: BaseException | None = None
        self.last = Shown()
        self.http = httpx.Client(base_url=self.origin, timeout=15, headers={"Origin": self.origin})

    def run(self) -> None:
        try:
            self._play()
        except BaseException as error:
            self.failure = error
        finally:
            self.http.close()

    def _play(self) -> None:
        until = time.monotonic() + self.limit_seconds
        page = self.enter()
        while not page.is_over:
            assert time.monotonic() < until, f"still at {page.title!r} after {self.limit_seconds} s"
            if self.titles[-1:] != [page.title]:
                self.titles.append(page.title)
            time.sleep(self.think_seconds)
            page = self._react(page)
        self.last = page

    def _react(self, page: Shown) -> Shown:
        stops = self.stops_at in {page.kind, page.title}
        if stops and self.stops_how != "silent":
            return self.leave(page)
        return self.answer(page) if page.button and not stops else self.look(page)

    def leave(self, page: Shown) -> Shown:
        """Leave the study, keeping or deleting the data."""
        data = {"csrfmiddlewaretoken": page.hidden["csrfmiddlewaretoken"], "do": self.stops_how}
        sent = self._insist(lambda: self.http.post("/s/leave", data=data, follow_redirects=False))
        assert sent.status_code == 303, f"leaving gave {sent.status_code}"
        return self.fetch()

    def enter(self) -> Shown:
        """Redeem the link."""
        landing = read(self._insist(lambda: self.http.get(self.path)).text)
        sent = self._insist(lambda: self.http.post(self.path, data=landing.hidden, follow_redirects=False))
        assert sent.status_code in {302, 303}, f"entering gave {sent.status_code}"
        return self.fetch()

    def fetch(self) -> Shown:
        """The page as it is now."""
        self.last = read(self._insist(lambda: self.http.get("/s/")).text)
        return self.last

    def look(self, page: Shown) -> Shown:
        """Poll, as a page does that has nothing to press."""
        time.sleep(0.2)
        answer = self._insist(lambda: self.http.get("/s/poll", params={"rev": page.rev}))
        return page if answer.status_code == 204 else self._with_token(page, read(answer.text))

    def answer(self, page: Shown) -> Shown:
        """Fill in the page and send it until it is acknowledged, under the same key."""
        data = {**page.hidden, **self.filled_in(page)}
        sent = self._insist(lambda: self.http.post("/s/", data=data, headers={"X-Fragment": "1"}))
        if sent.status_code == 429:
            time.sleep(1)
            return self.fetch()
        assert sent.status_code in {200, 409, 422}, f"{page.title!r} gave {sent.status_code}"
        if sent.status_code == 200:
            self.ledger.append(Acknowledged(data["key"], page.title, data))
        return self._with_token(page, read(sent.text))

    def filled_in(self, page: Shown) -> dict[str, str]:
        """An answer to everything that is asked."""
        decided = self.decide(page) if self.decide else None
        if decided is not None:
            return dict(decided)
        return {name: self._value(asked) for name, asked in page.asked.items()}

    def _value(self, asked: Asked) -> str:
        if asked.name in self.answers:
            return self.answers[asked.name]
        if asked.values:
            return self.rng.choice(asked.values)
        if asked.kind == "number":
            return str(self.rng.randint(asked.low, asked.high))
        return f"words {self.rng.randint(0, 999)}"[: asked.most or 20]

    def _with_token(self, before: Shown, page: Shown) -> Shown:
        page.hidden.setdefault("csrfmiddlewaretoken", before.hidden.get("csrfmiddlewaretoken", ""))
        self.last = page
        return page

    def _insist(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Send until there is an answer that is no server error: every layer may retry."""
        pause, until = 0.2, time.monotonic() + 90
        while True:
            began = time.monotonic()
            try:
                answer = send()
                self.took_ms.append((time.monotonic() - began) * 1000)
                if answer.status_code < 500:
                    return answer
                self.server_errors.append(f"{answer.status_code} at {self.last.title!r}")
            except RETRY as error:
                self.server_errors.append(type(error).__name__)
            assert time.monotonic() < until, f"no answer for 90 s: {self.server_errors[-3:]}"
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)


def play_all(players: list[Player], *, seconds: float = 300) -> None:
    """Let everybody play, and raise what went wrong for any of them."""
    for player in players:
        player.start()
    until = time.monotonic() + seconds
    for player in players:
        player.join(max(0.1, until - time.monotonic()))
    failures = [player.failure for player in players if player.failure]
    stuck: list[Any] = [player.titles[-3:] for player in players if player.is_alive()]
    assert not stuck, f"still playing after {seconds} s: {stuck}"
    if failures:
        raise failures[0]
