"""A small reverse proxy: ends TLS, puts pages and sockets under one origin, and goes around a dead web host."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

Address = tuple[str, int]
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
PROTO = re.compile(rb"(?i)\r\nx-forwarded-proto: *[^\r\n]*")
CONNECTION = re.compile(rb"(?i)\r\nconnection: *[^\r\n]*")
FORWARDED_FOR = re.compile(rb"(?i)\r\nx-forwarded-for: *([^\r\n]*)")
CLOSES = re.compile(rb"(?i)\r\nconnection: *close")
MOST_BYTES = 1_000_000
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 20.0
CHECK_SECONDS = 1.0
BODILESS = {b"204", b"304"}


class Front:
    """Buffers requests and answers. Sends a request again only if no byte of it has left: no connection was made.

    Attributes:
        counts: ("sent", host), ("unsent", host), ("cut", host), ("out", host), ("socket", host),
            ("told", host): what a socket passed on; and ("nobody", "").
    """

    def __init__(self, pages: Sequence[Address], sockets: Address) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._pages, self._sockets = list(pages), sockets
        self._dead: set[Address] = set()
        self._turn = 0

    def serve(self, listen: Address, tls: ssl.SSLContext, stop: threading.Event) -> None:
        """Serve in this thread until `stop` is set."""
        asyncio.run(self._serve(listen, tls, stop))

    async def _serve(self, listen: Address, tls: ssl.SSLContext, stop: threading.Event) -> None:
        async with await asyncio.start_server(self._client, *listen, ssl=tls):
            watches = [asyncio.create_task(self._watch(host)) for host in self._pages]
            while not stop.is_set():
                await asyncio.sleep(0.1)
            for watch in watches:
                watch.cancel()

    # --- who is in ---

    async def _watch(self, host: Address) -> None:
        while True:
            answer = b""
            with suppress(OSError, TimeoutError):
                answer = await _ask(host, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 3.0)
            self._mark(host, is_dead=_status(answer) != b"200")
            await asyncio.sleep(CHECK_SECONDS)

    def _mark(self, host: Address, *, is_dead: bool) -> None:
        if is_dead and host not in self._dead:
            self.counts["out", host[0]] += 1
        (self._dead.add if is_dead else self._dead.discard)(host)

    def _in_turn(self) -> list[Address]:
        """The living, each first in its turn, then the rest: while nobody seems alive all are asked."""
        self._turn += 1
        turn = self._turn % len(self._pages)
        hosts = self._pages[turn:] + self._pages[:turn]
        return sorted(hosts, key=lambda host: host in self._dead)

    # --- what clients say ---

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
        with suppress(*gone):  # cancelled: the front is closing
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.split(b" ", 2)[1].startswith(b"/ws/"):
                    await self._carry_socket(_forwarded(head, writer, is_socket=True), reader, writer)
                    break
                length = int(found[1]) if (found := LENGTH.search(head)) else 0
                if length > MOST_BYTES:
                    writer.write(_said(b"413 Content Too Large"))
                    break
                answer = await self._answer(_forwarded(head, writer) + await reader.readexactly(length))
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, request: bytes) -> bytes:
        for host in self._in_turn():
            try:
                answer = await _ask(host, request, ANSWER_SECONDS)
            except NotSentError:
                self.counts["unsent", host[0]] += 1
                self._mark(host, is_dead=True)
                continue
            except (OSError, TimeoutError):
                answer = b""
            self.counts["sent", host[0]] += 1
            if _is_whole(answer):
                return CLOSES.sub(b"\r\nConnection: keep-alive", answer, count=1)
            self.counts["cut", host[0]] += 1  # it may have been done: only the client can know what to send again
            return _said(b"502 Bad Gateway")
        self.counts["nobody", ""] += 1
        return _said(b"503 Service Unavailable")

    async def _carry_socket(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await _connected(self._sockets)
        except NotSentError:
            writer.write(_said(b"502 Bad Gateway"))
            return
        back.write(head)
        self.counts["socket", self._sockets[0]] += 1
        pumps = [asyncio.ensure_future(_pump(reader, back)), asyncio.ensure_future(_pump(there, writer, self._told))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            back.close()

    def _told(self) -> None:
        self.counts["told", self._sockets[0]] += 1


class NotSentError(OSError):
    """No connection was made, so nothing of the request has left."""


async def _connected(host: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.wait_for(asyncio.open_connection(*host), CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        raise NotSentError(f"{host[0]} cannot be reached") from error


async def _ask(host: Address, request: bytes, seconds: float) -> bytes:
    """Everything a host answers until it closes."""
    reader, writer = await _connected(host)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(-1), seconds)
    finally:
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tell: Callable[[], object] = int) -> None:
    while data := await reader.read(65536):
        tell()
        writer.write(data)
        await writer.drain()


def _forwarded(head: bytes, writer: asyncio.StreamWriter, *, is_socket: bool = False) -> bytes:
    """The head as operations.md wants it: who asked is appended, and that it was by TLS is said by us alone."""
    kept = PROTO.sub(b"", head if is_socket else CONNECTION.sub(b"", head))
    before = b"".join(found + b", " for found in FORWARDED_FOR.findall(kept))
    address = writer.get_extra_info("peername")[0].encode()
    ours = b"X-Forwarded-Proto: https\r\nX-Forwarded-For: " + before + address + b"\r\n"
    closing = b"" if is_socket else b"Connection: close\r\n"
    return FORWARDED_FOR.sub(b"", kept)[:-2] + ours + closing + b"\r\n"


def _status(answer: bytes) -> bytes:
    found = STATUS.match(answer)
    return found[1] if found else b""


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    if length := LENGTH.search(head):
        return len(body) == int(length[1])
    return _status(answer) in BODILESS or body.endswith(b"0\r\n\r\n")


def _said(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
