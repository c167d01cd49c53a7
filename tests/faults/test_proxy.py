"""The proxy does what it is told: a fault that did not happen would prove nothing."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from tests.faults.proxy import Proxy, frames, requests, unmasked


class Counting(ThreadingHTTPServer):
    """A server that counts the forms it has received."""

    forms = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.forms += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting(("127.0.0.1", 0), _Handler) as counting:
        Thread(target=counting.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield counting
        counting.shutdown()


@pytest.fixture
def proxy(server: Counting) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", server.server_address[1]), cut_into=requests, mark=b"POST ") as found:
        yield found


def ask(connection: http.client.HTTPConnection) -> int:
    """Send a form; the status, or 0 when there was no answer."""
    try:
        connection.request("POST", "/", body=b"a=1")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def post(proxy: Proxy, *, seconds: float = 5.0) -> int:
    """Send a form over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=seconds)
    with closing(connection):
        return ask(connection)


def test_proxy_passes_on_and_refuses(proxy: Proxy, server: Counting) -> None:
    assert (post(proxy), server.forms) == (200, 1)
    proxy.refuses = True
    assert (post(proxy), server.forms) == (0, 1)
    proxy.heal()
    assert (post(proxy), server.forms) == (200, 2)


def test_proxy_swallows_an_answer_after_the_request_was_done(proxy: Proxy, server: Counting) -> None:
    proxy.swallows = 1.0
    assert (post(proxy), server.forms, proxy.counts["swallowed"]) == (0, 1, 1)


def test_proxy_holds_and_lets_go(proxy: Proxy, server: Counting) -> None:
    proxy.holds = True
    assert (post(proxy, seconds=0.3), server.forms) == (0, 0)
    proxy.holds = False
    assert post(proxy) == 200


def test_proxy_repeats_requests(proxy: Proxy, server: Counting) -> None:
    proxy.copies = 5
    statuses = [post(proxy) for _ in range(10)]
    assert statuses == [200] * 10
    assert proxy.counts["repeated"] > 5
    until = time.monotonic() + 5
    while server.forms < 10 + proxy.counts["repeated"] and time.monotonic() < until:
        time.sleep(0.01)
    assert server.forms == 10 + proxy.counts["repeated"]


def test_proxy_cuts_what_is_open(proxy: Proxy, server: Counting) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)) as connection:
        connection.auto_open = 0
        connection.connect()
        assert ask(connection) == 200
        assert proxy.cut() == 1
        assert ask(connection) == 0
    assert server.forms == 1


STORED, ELSE = '{"stored": 1}', '{"lines": []}'


@pytest.fixture
def talk() -> Iterator[tuple[Server, list[str]]]:
    """A socket server that answers each message by something else and then by saying that it is stored."""
    heard: list[str] = []

    def answer(socket: ServerConnection) -> None:
        with suppress(ConnectionClosedError):
            for message in socket:
                heard.append(str(message))
                socket.send(ELSE)
                socket.send(STORED)

    with serve(answer, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server, heard
        server.shutdown()


def until_it_breaks(socket: ClientConnection) -> list[str]:
    """What a socket still brings."""
    came: list[str] = []
    with suppress(ConnectionClosedError):
        while True:
            came.append(str(socket.recv(5)))
    return came


def test_proxy_swallows_the_answer_to_a_message_and_nothing_else(talk: tuple[Server, list[str]]) -> None:
    server, heard = talk
    port = server.socket.getsockname()[1]
    said = {"cut_into": frames, "mark": b'"say"', "reads": unmasked, "answer": b'"stored"'}
    long = f'{{"do": "say", "text": "{"x" * 70_000}"}}'
    with Proxy(("127.0.0.1", port), **said) as proxy:  # type: ignore[arg-type]  # each by its name
        with connect(f"ws://127.0.0.1:{proxy.port}", compression=None) as socket:
            for message in (long, '{"do": "ping"}'):
                socket.send(message)
                assert [socket.recv(5), socket.recv(5)] == [ELSE, STORED]
            proxy.swallows = 1.0
            socket.send('{"do": "ping"}')
            assert [socket.recv(5), socket.recv(5)] == [ELSE, STORED], "it was no message"
            socket.send(long[:200] + '"}')
            assert STORED not in until_it_breaks(socket)
        assert (heard[0], len(heard), proxy.counts["swallowed"]) == (long, 4, 1)
