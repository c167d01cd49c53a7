"""As much of a browser as a measurement needs: one kept connection, cookies, redirects, and a WebSocket.

Written by hand on streams because it shares two cores with what it measures: a full HTTP client costs as much per
request as the pages do.
"""

import asyncio
import base64
import contextlib
import os
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

ANSWER_SECONDS = 120.0
CONNECT_AGAIN, CONNECT_SECONDS = 5, 0.2
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_listeners: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        path: Where the last redirect led, with its query.
        requests: How many requests it took.
    """

    status: int
    path: str
    body: str
    headers: Mapping[str, str]
    requests: int = 1


class Browser:
    """One person's browser, at one origin such as "http://localhost:8000"."""

    def __init__(self, origin: str) -> None:
        address = urlsplit(origin)
        self.host, self.port = address.hostname or "localhost", address.port or 80
        self.origin = origin
        self.cookies: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Open an address and follow redirects."""
        return await self._navigate("GET", path, b"", headers or {})

    async def post(self, path: str, data: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form and follow redirects."""
        own = {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self._navigate("POST", path, urlencode(data).encode(), own)

    async def _navigate(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        requests = 0
        while True:
            requests += 1
            async with asyncio.timeout(ANSWER_SECONDS):
                status, found, text = await self._exchange(method, path, body, headers)
            if status not in REDIRECTS:
                return Answer(status, path, text, found, requests)
            address = urlsplit(found["location"])
            path = address.path + (f"?{address.query}" if address.query else "")
            method, body, headers = "GET", b"", {}

    async def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], str]:
        """One request; once more on a new connection where the server had closed the kept one before it answered."""
        while True:
            is_kept = self._streams is not None and not self._streams[0].at_eof()
            if not is_kept:
                self.close()
                self._streams = await _connected(_number_of(self.host), self.port)
            try:
                return await self._ask(method, path, body, headers)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self.close()
                answered = isinstance(error, asyncio.IncompleteReadError) and error.partial
                if not is_kept or answered:
                    raise

    async def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], str]:
        assert self._streams is not None
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", "Accept: text/html"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Cookie: {self.cookie_line}"] if self.cookies else []
        lines += [f"Content-Length: {len(body)}"] if method == "POST" else []
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status, found = self._head(await reader.readuntil(b"\r\n\r\n"))
        content = await _content(reader, status, found)
        if found.get("connection", "").lower() == "close":
            self.close()
        return status, found, content.decode()

    @property
    def cookie_line(self) -> str:
        """All cookies, as they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _head(self, raw: bytes) -> tuple[int, dict[str, str]]:
        first, *rest = raw.decode("latin-1").split("\r\n")
        found: dict[str, str] = {}
        for line in rest:
            name, _, value = line.partition(":")
            if name.lower() == "set-cookie":
                key, _, kept = value.strip().partition(";")[0].partition("=")
                self.cookies[key] = kept
            elif name:
                found[name.lower()] = value.strip()
        return int(first.split(" ", 2)[1]), found

    def close(self) -> None:
        """Close the kept connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _content(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
    if status in {204, 304}:
        return b""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.read()
    parts: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A new connection; tried again where a busy server's queue was full: nothing has been sent yet."""
    for _ in range(CONNECT_AGAIN):
        try:
            return await asyncio.open_connection(host, port)
        except ConnectionResetError:
            await asyncio.sleep(CONNECT_SECONDS)
    return await asyncio.open_connection(host, port)


def _number_of(host: str | None) -> str:
    """Looking a name up takes a thread and its time; ours is always this machine."""
    return "127.0.0.1" if host in {None, "localhost"} else str(host)


class Socket:
    """A WebSocket that only listens. `heard` is called with each text, `lost` when the other side ends it."""

    def __init__(self, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._heard, self._lost = heard, lost
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    async def open(self, address: str, *, browser: Browser) -> None:
        """Connect to `address`, such as "ws://localhost:8001/ws/session", with the browser's cookies.

        Raises:
            ConnectionError: the handshake was refused.
        """
        at = urlsplit(address)
        path = at.path + (f"?{at.query}" if at.query else "")
        reader, writer = await asyncio.open_connection(_number_of(at.hostname), at.port)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {at.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Origin: {browser.origin}"]
        lines += [f"Cookie: {browser.cookie_line}"] if browser.cookies else []
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            writer.close()
            raise ConnectionError(f"no socket: {head.splitlines()[0].decode()}")
        self._writer = writer
        self._listener = asyncio.create_task(self._listen(reader, writer))
        _listeners.add(self._listener)
        self._listener.add_done_callback(_listeners.discard)

    @property
    def is_open(self) -> bool:
        """Whether news can come through it."""
        return self._listener is not None and not self._listener.done()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, content = await read_frame(reader)
                if kind == TEXT:
                    self._heard(content.decode())
                elif kind == PING:
                    writer.write(frame(PONG, content))
                elif kind == CLOSE:
                    break
        writer.close()
        self._lost()

    def say(self, text: str) -> None:
        """Send a text."""
        if self._writer is not None and self.is_open:
            self._writer.write(frame(TEXT, text.encode()))

    def close(self) -> None:
        """Leave as a browser does that goes to another page; the listener ends with the answer."""
        if self._writer is not None and self.is_open:
            self._lost = lambda: None
            self._writer.write(frame(CLOSE, struct.pack("!H", 1001)))


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next unmasked frame: its kind and what it carries."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    return first & 0x0F, await reader.readexactly(size)


def frame(kind: int, content: bytes) -> bytes:
    """A masked frame of at most 65,535 bytes, as a client must send it."""
    mask, length = os.urandom(4), len(content)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack("!H", length)
    masked = int.from_bytes(content) ^ int.from_bytes((mask * (length // 4 + 1))[:length])
    return bytes([0x80 | kind]) + size + mask + masked.to_bytes(length)


def now_ms() -> float:
    """Milliseconds on the monotonic clock."""
    return time.perf_counter() * 1000
