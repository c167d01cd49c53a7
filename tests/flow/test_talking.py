"""What one socket does in conversations: one thing after the other, within bounds, nothing once closed."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from flow import talking
from flow.said import News, Said, Taken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@dataclass(frozen=True)
class Room:
    name: str
    talk: int


@dataclass
class Browser:
    """What its browser was told."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    came: list[tuple[int, int, str]] = field(default_factory=list)

    async def send(self, text: str) -> None:
        self.frames.append(json.loads(text))

    def talking(self) -> talking.Talking:
        return talking.Talking(10**9, "stream", self.send, self.points.append, lambda *came: self.came.append(came))


def doing(monkeypatch: pytest.MonkeyPatch, **does: Callable[..., Any]) -> None:
    """Stands in for conversations: what is done at each word."""
    monkeypatch.setattr(talking, "kind", lambda _family, name: does[name])


def said() -> Said:
    return Said("talk", str(uuid4()), "hello")


async def test_it_tells_nothing_before_it_is_open_nor_after_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room("talk", 1)
    asked: list[int] = []

    def new(_participant: int, _known: Any, _talk: int, after: int) -> News:
        asked.append(after)
        return News(room, [{"seq": after + 1, "who": "B", "text": "hello"}])

    doing(monkeypatch, new=new)
    browser = Browser()
    one = browser.talking()
    one.hear(1, 4)
    await asyncio.sleep(0.2)
    assert (asked, browser.frames) == ([], [])
    one.open()
    await asyncio.sleep(0.3)
    assert asked == [3]
    assert [frame["lines"][0]["seq"] for frame in browser.frames] == [4]
    one.close()
    one.hear(1, 5)
    one.say(said())
    one.type()
    await asyncio.sleep(0.3)
    assert (asked, len(browser.frames)) == ([3], 1), "nothing is read, and so nothing kept as shown"


async def test_messages_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()

    def hanging(*_: Any) -> Taken:
        assert hangs.wait(5)
        return Taken(None)

    doing(monkeypatch, say=hanging, by_person=lambda *_, **__: None)
    browser = Browser()
    one = browser.talking()
    one.open()
    one.say(said())
    await asyncio.sleep(0.1)
    for _ in range(50):
        one.say(said())
        one.type()
    assert len(one._said) == 2 * talking.MOST_WAITING
    messages = 1 + sum(isinstance(each, Said) for each, _ in one._said)
    hangs.set()
    await asyncio.sleep(0.5)
    assert sum("form" in frame for frame in browser.frames) == messages > talking.MOST_WAITING
    assert not one._said
    one.close()


async def test_news_of_another_talk_that_cannot_be_told_leaves_the_open_one_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room, known = Room("talk", 1), []

    def new(_participant: int, before: Any, talk: int, after: int) -> News:
        known.append((talk, before, after))
        return News(room, [{"seq": after + 1, "who": "B", "text": "hello"}]) if talk == room.talk else News(None)

    doing(monkeypatch, new=new)
    browser = Browser()
    one = browser.talking()
    one.open()
    for talk, seq in [(1, 1), (2, 7), (1, 2)]:
        one.hear(talk, seq)
        await asyncio.sleep(0.3)
    assert known == [(1, None, 0), (2, room, 6), (1, room, 1)]
    assert browser.points == [7]
    one.close()


async def test_of_a_talk_that_is_over_nothing_is_told_and_its_page_is_not_pointed_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doing(monkeypatch, new=lambda *_: News(None, []))
    browser = Browser()
    one = browser.talking()
    one.open()
    one.hear(1, 7, "B")
    one.hear(1, 8)
    await asyncio.sleep(0.3)
    assert (browser.frames, browser.points) == ([], [])
    assert browser.came == [(1, 7, "B")], "who wrote it writes no more"
    one.close()
