"""The proxy does what it is told: a fault that did not happen would prove nothing."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.faults.proxy import Proxy, requests


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
