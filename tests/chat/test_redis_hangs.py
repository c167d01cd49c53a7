"""A Redis that takes everything and answers nothing: messages are stored and acknowledged, and lines come by polls."""

import asyncio
import json
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from unittest import mock
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.conf import LazySettings
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs

from chat.models import Entry
from events import announce, fading, patience
from events.tally import Tally
from flow import consumers
from flow.models import Match
from flow.pace import at_sockets
from tests.chat.rooms import Sitter, browser_of, make_match
from tests.chat.test_saying import by_form
from tests.chat.test_talk_socket import frame, secret_of, socket_of, told
from tests.faults.proxy import Proxy
from tests.pages.test_session_socket import Socket, code_of_close

pytestmark = pytest.mark.django_db(transaction=True)
in_thread = database_sync_to_async
ROOMS = 4
SHOWN = {"quota": 0, "chars": 200, "typing": "shown"}


@pytest.fixture
def redis(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Everything of this process that asks Redis asks it by a way that may hang."""
    at = urlsplit(settings.REDIS_URL)
    number = dict(pair.split("=") for pair in at.query.split("&") if pair).get("db", "0")
    with Proxy(at.path if at.scheme == "unix" else (at.hostname or "", at.port or 6379)) as proxy:
        address = f"redis://127.0.0.1:{proxy.port}/{number if at.scheme == 'unix' else at.path.strip('/')}"
        layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": address}}
        settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": layer["CONFIG"] | {"hosts": [{"address": address}]}}}
        monkeypatch.setattr(announce, "_process", announce._Process())
        patience.forget()
        cache.clear()
        consumers._open.clear()
        at_sockets.clear()
        yield proxy
        proxy.heal()
        patience.forget()
        time.sleep(0.2)  # what was held goes on, and is cut then: nothing is under way when the proxy's loop ends
        proxy.cut()
        time.sleep(0.2)


@pytest.fixture
def rooms(redis: Proxy) -> list[Match]:
    made = [make_match("chatting", Sitter("talker"), Sitter("talker"), parameters=SHOWN) for _ in range(ROOMS)]
    for match in made:
        for number in (1, 2):
            browser_of(match, number)
    return made


async def said_by(one: Socket, match: Match, text: str) -> tuple[float, Any]:
    """Type and say something: how long until it is acknowledged, and the acknowledgement."""
    key, began = str(uuid4()), time.monotonic()
    await one.send_to(json.dumps({"do": "typing", "key": key}))
    await one.send_to(frame(match, text, key=key))
    got = await one.receive_from()
    while got.get("stored") != key and got.get("form") != key:
        got = await one.receive_from()
    return time.monotonic() - began, got


@pytest.mark.asyncio
async def test_messages_are_stored_and_acknowledged_while_redis_hangs_and_lines_come_by_polls(
    redis: Proxy, rooms: list[Match]
) -> None:
    sockets = [(match, await socket_of(match, number)) for match in rooms for number in (1, 2)]
    first, second = sockets[0][1], sockets[1][1]
    await first.send_to(frame(rooms[0], "before"))
    assert (await first.receive_from())["seq"] == 1
    assert await told(second) == [(1, "1", "before")]
    assert await told(first) == [(1, "", "before")]
    redis.holds = True
    for turn in range(4):
        told_all = await asyncio.gather(*(said_by(one, match, f"words {turn}") for match, one in sockets))
        assert all("stored" in got for _, got in told_all), "more messages at once than there are threads for them"
        # the first to ask Redis waits half a second for it, and hardly anybody after that: a busy machine delays a few
        assert turn == 0 or median(took for took, _ in told_all) < 0.5, told_all
    assert await in_thread(Entry.objects.count)() == 1 + 4 * len(sockets)
    for match in rooms:
        began = time.monotonic()
        html = await in_thread(lambda match=match: browser_of(match, 2).get("/s/poll", {"rev": "x"}).content.decode())()
        assert time.monotonic() - began < 2
        assert html.count("words 3") == 2
    began = time.monotonic()
    assert await in_thread(by_form)(rooms[0], 2, "by form", str(uuid4())) == "stored"
    assert time.monotonic() - began < 2
    began = time.monotonic()
    for _, one in sockets:
        await one.disconnect()
    assert time.monotonic() - began < consumers.JOIN_SECONDS


@pytest.mark.asyncio
async def test_socket_is_told_to_come_later_while_redis_hangs(
    redis: Proxy, rooms: list[Match], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "JOIN_SECONDS", 0.5)
    redis.holds = True
    secret = await in_thread(secret_of)(rooms[0], 1)
    for _ in range(consumers.MOST_SOCKETS + 1):  # none of them counts as open afterwards
        one = Socket(secret)
        await one.connect()
        assert await code_of_close(one) == 1013
        await one.disconnect()
    assert not consumers._open
    redis.holds = False
    await asyncio.sleep(0.5)
    again = await socket_of(rooms[0], 1)
    await again.send_to(frame(rooms[0], "hello"))
    assert (await again.receive_from())["seq"] == 1
    await again.disconnect()


def test_after_a_question_that_was_not_answered_nothing_is_asked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    patience.forget()
    now = [1000.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    asked = mock.Mock(side_effect=RedisHangs)
    with mock.patch.object(fading, "cache", mock.Mock(add=asked, get_many=asked)):
        assert fading.begin("test:x", "v", seconds=5) == ("v", True)
        assert fading.lasting(["test:x"]) == {}
        assert Tally("test:y", 10).add() == 0
        assert asked.call_count == 1
        now[0] += patience.SILENT_SECONDS
        asked.side_effect = RedisGone  # one that is down says so at once, and is asked time and again
        assert [fading.lasting(["test:x"]) for _ in range(3)] == [{}] * 3
        assert asked.call_count == 4
    patience.forget()
    assert Tally(f"test:{uuid4()}", 10).add() == 1
