"""A TCP proxy that hurts on command: cuts, refuses, holds, delays, swallows answers, and repeats requests."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Target = tuple[str, int] | str
Cutter = Callable[[asyncio.StreamReader], AsyncIterator[bytes]]
CHUNK_BYTES = 65536
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
COPY_SECONDS = 20.0


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What a party sends, as it comes."""
    while data := await reader.read(CHUNK_BYTES):
        yield data


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What a browser sends, one whole HTTP request after the other."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            yield head + (await reader.readexactly(int(length[1])) if length else b"")


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What a browser sends over a WebSocket: the request that opens it, then one whole frame after the other."""
    with suppress(asyncio.IncompleteReadError):
        yield await reader.readuntil(b"\r\n\r\n")
        while True:
            head = await reader.readexactly(2)
            length = await reader.readexactly({126: 2, 127: 8}.get(head[1] & 0x7F, 0))
            mask = await reader.readexactly(4 if head[1] & 0x80 else 0)
            yield head + length + mask + await reader.readexactly(int.from_bytes(length or bytes([head[1] & 0x7F])))


def unmasked(request: bytes) -> bytes:
    """What a browser's frame says; the request that opens a socket as it is."""
    if request.startswith(b"GET "):
        return request
    start = 2 + {126: 2, 127: 8}.get(request[1] & 0x7F, 0)
    mask, content = request[start : start + 4], request[start + 4 :]
    return bytes(one ^ mask[place % 4] for place, one in enumerate(content))


def as_it_is(request: bytes) -> bytes:
    """What nothing has to be done to before it can be read."""
    return request


class Proxy:
    """Forwards a local port; `with Proxy(target) as proxy: proxy.port`. Its faults may be changed at any time.

    Args:
        target: Host and port, or the path of a unix socket. May be set later.
        cut_into: How the client's bytes are cut into requests.
        mark: A request that contains it is one that writes.
        reads: How a request is to be read to find that out.
        answer: What the answer to such a request contains; what comes before that is passed on.
        seed: Of the draws for `swallows` and `copies`.

    Attributes:
        refuses: Close every new connection at once. See also `cut`.
        holds: Take connections and bytes, and pass nothing on, as a network does that drops every packet.
        latency_seconds: What every chunk waits, in both directions.
        swallows: Share of writing requests that reach the server while their answer is lost with the connection.
        copies: A writing request reaches the server up to so many times, at once, over connections of its own.
        counts: What was done, by kind.
    """

    def __init__(
        self,
        target: Target = "",
        *,
        cut_into: Cutter = chunks,
        mark: bytes = b"",
        reads: Callable[[bytes], bytes] = as_it_is,
        answer: bytes = b"",
        seed: int = 1,
    ) -> None:
        self.target = target
        self.refuses = False
        self.latency_seconds = 0.0
        self.swallows = 0.0
        self.copies = 1
        self.counts: Counter[str] = Counter()
        self._cut_into, self._mark, self._rng = cut_into, mark, random.Random(seed)
        self._reads, self._answer = reads, answer
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listen = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(listen, self._loop).result(5)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def holds(self) -> bool:
        return not self._flows.is_set()

    @holds.setter
    def holds(self, is_held: bool) -> None:
        self._loop.call_soon_threadsafe(self._flows.clear if is_held else self._flows.set)

    def cut(self) -> int:
        """Break all open connections and return how many there were."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(5)

    def heal(self) -> None:
        """Be an honest proxy from now on."""
        self.refuses, self.latency_seconds, self.swallows, self.copies, self.holds = False, 0.0, 0.0, 1, False

    async def _cut(self) -> int:
        open_now = len(self._writers) // 2
        for writer in list(self._writers):
            writer.transport.abort()
        self.counts["cut"] += open_now
        return open_now

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            self.counts["refused"] += 1
            writer.transport.abort()
            return
        await self._flows.wait()
        try:
            there, back = await self._connected()
        except OSError:
            writer.transport.abort()
            return
        await _Connection(self, (reader, writer), (there, back)).carry()

    # --- what a connection asks ---

    async def pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """Send what one party said to the other, as late as the faults want it."""
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        await self._flows.wait()
        writer.write(data)
        await writer.drain()

    def requests_of(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        return self._cut_into(reader)

    def writes(self, request: bytes) -> bool:
        return bool(self._mark) and self._mark in self._reads(request)

    def answers(self, data: bytes) -> bool:
        return self._answer in data

    def draws_swallow(self) -> bool:
        return self._rng.random() < self.swallows

    def repeat(self, request: bytes) -> None:
        """Send a request a few more times, at the same moment as itself."""
        for _ in range(self._rng.randint(1, self.copies) - 1):
            self.counts["repeated"] += 1
            task = self._loop.create_task(self._send_copy(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def track(self, *writers: asyncio.StreamWriter) -> None:
        self._writers |= set(writers)

    def untrack(self, *writers: asyncio.StreamWriter) -> None:
        self._writers -= set(writers)

    async def _send_copy(self, request: bytes) -> None:
        with suppress(OSError, TimeoutError):
            reader, writer = await self._connected()
            try:
                writer.write(request)
                await asyncio.wait_for(reader.read(CHUNK_BYTES), COPY_SECONDS)
            finally:
                writer.close()


class _Connection:
    """A client, a server, and what goes between them."""

    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.is_doomed = False  # the next answer is swallowed, and the connection with it

    async def carry(self) -> None:
        """Until either side is gone; then both are."""
        writers = (self.client[1], self.server[1])
        self.proxy.track(*writers)
        pumps = [asyncio.ensure_future(self._ask()), asyncio.ensure_future(self._answer())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in writers:
                writer.transport.abort() if self.is_doomed else writer.close()
            self.proxy.untrack(*writers)

    async def _ask(self) -> None:
        async for request in self.proxy.requests_of(self.client[0]):
            if self.proxy.writes(request):
                self.is_doomed = self.proxy.draws_swallow()
                self.proxy.repeat(request)
            await self.proxy.pass_on(request, self.server[1])

    async def _answer(self) -> None:
        async for data in chunks(self.server[0]):
            if self.is_doomed and self.proxy.answers(data):
                self.proxy.counts["swallowed"] += 1
                return
            await self.proxy.pass_on(data, self.client[1])
