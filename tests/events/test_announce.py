"""Hints out of the process: pointers over real Redis, and nothing slower when Redis is away."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from celery import Celery
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.db import transaction

from events import announce, log, runner
from events.announce import Announcer
from events.models import Due
from events.reaction import Reaction
from events.sweeper import Sweeper

Frame = dict[str, Any]


class Listener:
    """A follower of one stream, as a socket is."""

    def __init__(self, stream: str, layer: Any = None) -> None:
        self._stream = stream
        self._layer = layer or get_channel_layer()
        self._receiving: asyncio.Task[Frame] | None = None

    async def __aenter__(self) -> Listener:
        self._channel = await self._layer.new_channel()
        await self._layer.group_add(self._stream, self._channel)
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._receiving is not None:
            self._receiving.cancel()
        await self._layer.group_discard(self._stream, self._channel)

    async def next(self, *, seconds: float) -> Frame | None:
        # One receiver until a frame comes, as a socket has: the layer forgets the channel of one that is cancelled, and
        # what arrives before the next one asks would be lost.
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._layer.receive(self._channel))
        if not (await asyncio.wait({self._receiving}, timeout=seconds))[0]:
            return None
        received, self._receiving = self._receiving, None
        return received.result()


class CountingLayer:
    """A channel layer that notes what is sent, and fails for streams named "bad"."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Frame]] = []

    async def group_send(self, stream: str, frame: Frame) -> None:
        if stream.startswith("bad"):
            raise ConnectionError
        self.sent.append((time.monotonic(), frame))


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingLayer:
    layer = CountingLayer()
    monkeypatch.setattr(announce, "get_channel_layer", lambda: layer)
    return layer


@pytest.fixture(params=["refuses", "never answers"])
def dead_redis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that is down, or one that is up and mute."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if request.param == "refuses":
        listener.close()
    layer = RedisPubSubChannelLayer(hosts=[f"redis://127.0.0.1:{port}"])
    app = Celery("dead", broker=f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(announce, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(announce, "import_string", lambda _path: app)
    monkeypatch.setattr(announce, "_process", announce._Process())
    yield
    listener.close()


@pytest.mark.django_db(transaction=True)
def test_pointer_arrives_after_twelve_idle_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    # A layer and a sender of its own: what earlier tests left in theirs is not what is tested here.
    layer = RedisPubSubChannelLayer(hosts=[settings.REDIS_URL])
    monkeypatch.setattr(announce, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(announce, "_process", announce._Process())

    def commit() -> None:
        with transaction.atomic():
            log.record("thing.happened", study=None, subject=("thing", 1), wake={"idle.1": 42})

    async def listen() -> Frame | None:
        async with Listener("idle.1", layer) as listener:
            assert await listener.next(seconds=12) is None
            await sync_to_async(commit)()
            return await listener.next(seconds=5)

    assert async_to_sync(listen)() == {"type": "pointer", "stream": "idle.1", "seq": 42}


def test_burst_becomes_one_pointer_now_and_one_with_the_last_seq(counting: CountingLayer) -> None:
    announcer = Announcer()
    started = time.monotonic()
    for seq in range(1, 101):
        announcer.pointer("chat.1", seq)
        time.sleep(0.001)
    assert announcer.flush(5)
    frames = [(at - started, frame["seq"]) for at, frame in counting.sent]
    assert frames[0][0] < 0.1
    assert frames[-1][1] == 100
    assert len(frames) <= 3
    assert all(later - earlier >= 0.24 for (earlier, _), (later, _) in itertools.pairwise(frames))


def test_streams_do_not_wait_for_each_other(counting: CountingLayer) -> None:
    announcer = Announcer()
    started = time.monotonic()
    for number in range(200):
        announcer.pointer(f"chat.{number}", 1)
    assert announcer.flush(5)
    assert len(counting.sent) == 200
    assert counting.sent[-1][0] - started < 0.25


def test_lines_go_at_once_and_all_that_wait_in_one_message(counting: CountingLayer) -> None:
    announcer = Announcer()
    announcer.pointer("chat.1", 1)
    assert announcer.flush(5)
    started = time.monotonic()
    for seq in range(1, 101):
        announcer.line(["a", "b"], 7, seq, "B")
    assert announcer.flush(5)
    sent = [(at - started, frame) for at, frame in counting.sent if frame["type"] == "lines"]
    assert [seq for _, frame in sent for _, _, seq, _ in frame["lines"]] == list(range(1, 101))
    assert sent[-1][0] < 0.1, "no quarter of a second between two"
    assert len(sent) < 100
    assert sent[0][1]["lines"][0] == (["a", "b"], 7, 1, "B")


def test_late_thread_cannot_turn_a_pointer_back(counting: CountingLayer) -> None:
    announcer = Announcer()
    for seq in (1, 9, 8):
        announcer.pointer("chat.1", seq)
    assert announcer.flush(5)
    assert counting.sent[-1][1]["seq"] == 9


def test_failing_send_does_not_stop_the_next(counting: CountingLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce, "MUTE_SECONDS", 0.0)
    announcer = Announcer()
    announcer.pointer("bad.1", 1)
    announcer.pointer("chat.1", 1)
    assert announcer.flush(5)
    assert [frame["stream"] for _, frame in counting.sent] == ["chat.1"]
    assert (announcer.counters.sent, announcer.counters.failed) == (1, 1)


def test_programs_are_told_within_a_quarter_of_a_second_and_all_others_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As browsers are at their ticks: what is computed for a program falls at no other time than a person's page."""
    sent: list[tuple[float, str]] = []
    monkeypatch.setattr(announce._Post, "send", lambda _post, task: sent.append((time.monotonic(), task.queue)))
    monkeypatch.setattr(announce, "_process", announce._Process())
    began = time.monotonic()
    for number in range(40):
        announce.hint(queue="bots", due_id=number)
    announce.hint(queue="jobs", due_id=40)
    assert announce.announcer().flush(5)
    waited = [at - began for at, queue in sent if queue == "bots"]
    assert len(waited) == 40
    assert waited == sorted(waited)
    assert max(waited) < announce.QUIET_SECONDS + 1, "a busy machine may add to it"
    assert sum(each > announce.QUIET_SECONDS / 2 for each in waited) >= 10
    (job,) = [at - began for at, queue in sent if queue == "jobs"]
    assert job < statistics.median(waited), "the last to be announced is among the first to be told"


def test_full_queue_drops_and_counts(monkeypatch: pytest.MonkeyPatch, dead_redis: None) -> None:
    monkeypatch.setattr(announce, "MOST_WAITING", 10)
    monkeypatch.setattr(announce, "SEND_SECONDS", 0.2)
    announcer = Announcer()
    for number in range(200):
        announcer.task("events.tasks.hint", (number, "jobs"), "jobs")
        announcer.pointer(f"chat.{number}", 1)
    assert announcer.counters.dropped >= 300


@pytest.mark.django_db(transaction=True)
def test_record_stays_fast_and_the_sweeper_does_the_work_without_redis(
    dead_redis: None, settings: Any, wait_for: Callable[..., float]
) -> None:
    settings.REACTIONS = {"thing.happened": [Reaction("tests.events.due_handlers.effect")]}
    took = []
    for number in range(20):
        started = time.monotonic()
        with transaction.atomic():
            log.record("thing.happened", study=None, subject=("thing", number), wake={f"chat.{number}": 1})
        took.append(time.monotonic() - started)
        time.sleep(0.02)
    assert statistics.median(took) < 0.05, took
    assert max(took) < 0.5, took  # a request that waited for Redis would take a second or two
    sweeper = Sweeper()
    time.sleep(1.6)
    sweeper.sweep()
    wait_for(lambda: Due.objects.filter(outcome="made").count() == 20, seconds=10)
    sweeper.close()


def test_child_of_a_fork_has_an_announcer_of_its_own(counting: CountingLayer) -> None:
    announce.pointer(stream="parent.1", seq=1)
    assert announce.announcer().flush(5)
    child = os.fork()
    if child == 0:
        announce.pointer(stream="child.1", seq=1)
        is_flushed = announce.announcer().flush(20)
        streams = {frame["stream"] for _, frame in counting.sent}
        os._exit(0 if is_flushed and "child.1" in streams else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_hint_runs_the_row_in_the_jobs_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    from events import tasks

    ran: list[int] = []
    monkeypatch.setattr(runner, "run_id", ran.append)
    tasks.hint(7, "jobs")
    tasks.hint(8, "bots")  # no loop in this process: its own second look will find the row
    assert ran == [7]
