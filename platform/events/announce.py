"""Hints out of this process: pointers to sockets and task messages to Celery, sent by one background thread.

A request only puts a hint into memory. With Redis down, hints are dropped and counted: rows in PostgreSQL
make up for each of them.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any
from zlib import crc32

from channels.layers import get_channel_layer
from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger("rapport.announce")

MOST_WAITING = 10_000
LINES = "lines"
"""The group of the channel layer in which every process that serves sockets hears of new lines."""
BOTS = "bots"
"""The queue of those who sit in seats of people."""
QUIET_SECONDS = 0.25
GATHER_SECONDS = 0.005
SEND_SECONDS = 2.0
# After a failed send nothing is tried for this long, so that a backlog does not wait once per hint.
MUTE_SECONDS = 1.0
TASK_EXPIRES_SECONDS = 60
Told = tuple[Sequence[str], int, int, str]
"""Of a new line: whom it is told, of which talk it is, its number, and whose writing ends with it."""
REVOKED = 2**62  # in place of a seq: the stream's name is valid no more. Above every seq, so that no pointer hides it


@dataclass(slots=True)
class Counters:
    """What became of the hints of this process."""

    sent: int = 0
    dropped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    args: tuple[Any, ...]
    queue: str


class Announcer:
    """One thread with its own event loop. `pointer` and `task` never block and never raise."""

    def __init__(self) -> None:
        self.counters = Counters()
        self._tasks: list[tuple[float, int, _Task]] = []  # a heap, by when each may go
        self._numbers = count()
        self._pointers: dict[str, int] = {}
        self._notices: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._lines: list[Told] = []
        self._last_sent: dict[str, float] = {}
        self._guard = threading.Lock()  # callers' threads write what the sending thread takes
        self._sending = 0
        self._muted_until = {"sockets": 0.0, "celery": 0.0}
        self._idle = threading.Event()
        self._post = _Post()
        self._poster = ThreadPoolExecutor(1, thread_name_prefix="announcer-post")
        self._loop = asyncio.new_event_loop()
        self._wakes = {what: asyncio.Event() for what in ("lines", "sockets", "celery")}
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
        self._thread.start()

    def pointer(self, stream: str, seq: int) -> None:
        """Tell the followers of `stream` that it has reached `seq`."""
        with self._guard:
            if len(self._pointers) >= MOST_WAITING and stream not in self._pointers:
                self.counters.dropped += 1
                return
            is_new = stream not in self._pointers
            self._pointers[stream] = max(seq, self._pointers.get(stream, seq))
        if is_new:  # for one that waits already the pump is on its way
            self._poke("sockets")

    def notice(self, stream: str, facts: Mapping[str, Any]) -> None:
        """Tell the followers of `stream` something that is only so at this moment."""
        with self._guard:
            if len(self._notices) >= MOST_WAITING:
                self.counters.dropped += 1
                return
            self._notices.append((stream, facts))
        self._poke("sockets")

    def line(self, streams: Sequence[str], talk: int, seq: int, who: str) -> None:
        """Tell the followers of `streams` that a conversation, by its key, has come to `seq`, which somebody wrote."""
        with self._guard:
            if len(self._lines) >= MOST_WAITING:
                self.counters.dropped += 1
                return
            self._lines.append((streams, talk, seq, who))
        self._poke("lines")

    def task(self, name: str, args: tuple[Any, ...], queue: str, *, after_seconds: float = 0.0) -> None:
        """Send a Celery task message, so many seconds from now."""
        with self._guard:
            if len(self._tasks) >= MOST_WAITING:
                self.counters.dropped += 1
                return
            ripe_at = time.monotonic() + after_seconds
            heappush(self._tasks, (ripe_at, next(self._numbers), _Task(name, args, queue)))
        self._poke("celery")

    def flush(self, seconds: float) -> bool:
        """Wait until nothing waits to be sent, for at most `seconds`; whether that was reached."""
        return self._idle.wait(seconds)

    def _poke(self, what: str) -> None:
        self._idle.clear()
        try:
            self._loop.call_soon_threadsafe(self._wakes[what].set)
        except RuntimeError:  # the loop is closed: the interpreter is ending
            self.counters.dropped += 1

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        pumps = [self._forever(pump) for pump in (self._talks, self._sockets, self._celery)]
        self._loop.run_until_complete(asyncio.gather(*pumps))

    async def _forever(self, pump: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await pump()
            except Exception:  # a pump that dies would silence every socket of this process
                log.exception("the announcer's pump failed and goes on")
                await asyncio.sleep(MUTE_SECONDS)

    async def _talks(self) -> None:
        """Lines go at once, and all that come in the next few thousandths of a second in the message after it.

        A message through Redis costs as much as the storing of a line, so that there must not be more the more is said.
        """
        while True:
            with self._guard:
                lines, self._lines = self._lines, []
            if not lines:
                await self._rest("lines", None)
            else:
                await self._attempt("sockets", partial(self._send_lines, lines))
                await asyncio.sleep(GATHER_SECONDS)

    async def _sockets(self) -> None:
        while True:
            await self._send_notices()
            wait = await self._send_ripe_pointers()
            if not self._notices:  # one that came while pointers were sent has rung already
                await self._rest("sockets", wait)

    async def _send_notices(self) -> None:
        while True:
            with self._guard:
                notice = self._notices.popleft() if self._notices else None
            if notice is None:
                return
            await self._attempt("sockets", partial(self._send_notice, *notice))

    async def _send_ripe_pointers(self) -> float | None:
        """Send what may go now; return the seconds until the next may, or None when nothing waits."""
        now = time.monotonic()
        with self._guard:
            ripe = {s: q for s, q in self._pointers.items() if now - self._last_sent.get(s, 0.0) >= QUIET_SECONDS}
            for stream in ripe:
                del self._pointers[stream]
            self._last_sent = {s: at for s, at in self._last_sent.items() if now - at < QUIET_SECONDS}
            self._last_sent |= dict.fromkeys(ripe, now)
        for stream, seq in ripe.items():
            await self._attempt("sockets", partial(self._send_pointer, stream, seq))
        with self._guard:
            if not self._pointers:
                return None
            return max(
                0.001, QUIET_SECONDS - (time.monotonic() - min(self._last_sent.get(s, 0.0) for s in self._pointers))
            )

    @staticmethod
    async def _send_pointer(stream: str, seq: int) -> None:
        layer = get_channel_layer()
        if layer is not None:
            pointer = {"type": "pointer", "stream": stream, "seq": seq}
            await layer.group_send(stream, {"type": "revoked"} if seq == REVOKED else pointer)

    @staticmethod
    async def _send_notice(stream: str, facts: Mapping[str, Any]) -> None:
        layer = get_channel_layer()
        if layer is not None:
            await layer.group_send(stream, {"type": "notice", **facts})

    @staticmethod
    async def _send_lines(lines: Sequence[Told]) -> None:
        layer = get_channel_layer()
        if layer is not None:
            await layer.group_send(LINES, {"type": "lines", "lines": lines})

    async def _celery(self) -> None:
        while True:
            with self._guard:
                wait = self._tasks[0][0] - time.monotonic() if self._tasks else None
                task = heappop(self._tasks)[-1] if wait is not None and wait <= 0 else None
            if task is None:
                await self._rest("celery", wait)
            else:
                await self._attempt("celery", partial(self._post_task, task))

    async def _post_task(self, task: _Task) -> None:
        await self._loop.run_in_executor(self._poster, self._post.send, task)

    async def _attempt(self, channel: str, send: Callable[[], Awaitable[None]]) -> None:
        if time.monotonic() < self._muted_until[channel]:
            self.counters.dropped += 1
            return
        self._sending += 1
        try:
            await asyncio.wait_for(send(), SEND_SECONDS)
            self.counters.sent += 1
        except Exception as error:  # each send stands alone: whatever one raises must not cost the next
            self.counters.failed += 1
            self._muted_until[channel] = time.monotonic() + MUTE_SECONDS
            log.warning("hint not sent", extra={"facts": {"channel": channel, "error": type(error).__name__}})
        finally:
            self._sending -= 1

    async def _rest(self, what: str, seconds: float | None) -> None:
        with self._guard:
            if not (self._pointers or self._notices or self._lines or self._tasks or self._sending):
                self._idle.set()
        self._wakes[what].clear()
        try:
            await asyncio.wait_for(self._wakes[what].wait(), seconds)
        except TimeoutError:
            return


class _Post:
    """The one connection over which task messages leave; used by one thread only, made anew after an error."""

    # Celery's own connections try for ever, and would hold the thread until Redis is back.
    IMPATIENT = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 1}

    def __init__(self) -> None:
        self._connection: Any = None

    def send(self, task: _Task) -> None:
        app = import_string(settings.TASK_APP)
        if self._connection is None:
            options = {**app.conf.broker_transport_options, **self.IMPATIENT}
            self._connection = app.connection_for_write(transport_options=options)
        try:
            self._send(app, task)
        except Exception:
            broken, self._connection = self._connection, None
            broken.release()
            raise

    def _send(self, app: Any, task: _Task) -> None:
        app.send_task(
            task.name,
            args=task.args,
            queue=task.queue,
            connection=self._connection,
            retry=False,
            expires=TASK_EXPIRES_SECONDS,
            ignore_result=True,
        )


@dataclass(slots=True)
class _Process:
    """The announcer of this process. A forked child begins anew: threads and held locks do not cross a fork."""

    announcer: Announcer | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)  # two first hints must not start two threads


_process = _Process()


def _forget() -> None:
    _process.announcer, _process.guard = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def announcer() -> Announcer:
    """The announcer of this process, started at its first hint."""
    with _process.guard:
        if _process.announcer is None:
            _process.announcer = Announcer()
        return _process.announcer


def layer() -> Any:
    """Where sockets hear of what is announced."""
    return get_channel_layer()


def pointer(*, stream: str, seq: int) -> None:
    """Tell the followers of `stream` that it has reached `seq`: at once, then at most once per 250 ms."""
    announcer().pointer(stream, seq)


def notice(*, stream: str, facts: Mapping[str, Any]) -> None:
    """Tell the followers of `stream` something that is only so at this moment: if it is lost, nothing is."""
    announcer().notice(stream, facts)


def line(*, streams: Sequence[str], talk: int, seq: int, who: str = "") -> None:
    """Tell the followers of `streams` at once that a conversation has come to `seq`. The words are read where they are.

    Why this waits for no tick: `docs/decisions/0013-lines-go-at-once.md`.

    Args:
        who: Whose writing ends with it, by what they are called; empty where nobody is told who writes.
    """
    announcer().line(streams, talk, seq, who)


def hint(*, queue: str, due_id: int) -> None:
    """Tell the worker of `queue` that a `Due` row waits for it.

    Programs are told within a quarter of a second, as browsers are at their ticks: what is computed for them falls
    neither together with the answer to whoever caused it nor at another time than a person's page would be drawn.
    """
    wait = crc32(str(due_id).encode()) / 2**32 * QUIET_SECONDS if queue == BOTS else 0.0
    announcer().task("events.tasks.hint", (due_id, queue), queue, after_seconds=wait)


def canary(*, queue: str) -> None:
    """Ask the worker of `queue` for a sign of life."""
    announcer().task("events.tasks.canary", (queue,), queue)


@atexit.register
def _flush_at_exit() -> None:
    if _process.announcer is not None:
        _process.announcer.flush(0.5)
