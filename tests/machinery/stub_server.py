"""A small OpenAI-compatible server on a free local port, which answers well or with any fault that a test names."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from llm.providers.scripted import filled

HUGE_CHARS = 5_000_000
BULK_BYTES = 50_000_000
CHUNK = b" " * 65_536
REQUEST_ID = "req-of-the-stub"
FINGERPRINT = "fp-of-the-stub"


class StubServer:
    """Serves POST /chat/completions; `with StubServer() as server: server.base`.

    Args:
        delay_seconds: Before every reply.

    Attributes:
        faults: Names of methods of `Replies`; each request takes the next one, and one of `usual` when there is none.
        usual: Names to draw from; "ok" alone unless a test says otherwise.
        requests: The bodies received.
        keys: The Authorization headers received.
        paths: The addresses asked.
        bulk_sent: How many bytes of endless and enormous bodies left before the other side had enough.
        reply: The text of good replies; None draws one from the request's schema.
        answers: What makes the text of a good reply from the request's body; it may take its time.
        usage: Tokens of the prompt and of the answer, as every answer with words says.
        billed: How many answers said so.
    """

    def __init__(self, *, delay_seconds: float = 0.0) -> None:
        self.delay_seconds = delay_seconds
        self.faults: deque[str] = deque()
        self.usual: Sequence[str] = ("ok",)
        self._chance = random.Random("usual")
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.bulk_sent = 0
        self.reply: str | None = None
        self.answers: Callable[[dict[str, Any]], str] | None = None
        self.usage = (11, 7)
        self.billed = 0
        self.released = threading.Event()
        server = self

        class Handler(_Handler):
            stub = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base(self) -> str:
        """The address for RAPPORT_LLM_BASE."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def will(self, *faults: str) -> None:
        """Plan the next replies."""
        self.faults.extend(faults)

    def next_fault(self) -> str:
        return self.faults.popleft() if self.faults else self._chance.choice(self.usual)

    def __enter__(self) -> StubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    stub: StubServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.stub.requests.append(body)
        self.stub.keys.append(self.headers.get("Authorization", ""))
        self.stub.paths.append(self.path)
        fault = self.stub.next_fault()
        if self.stub.delay_seconds:
            time.sleep(self.stub.delay_seconds)
        getattr(Replies(self, body), fault)()

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""

    def send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        own = {"Content-Type": "application/json", "Content-Length": str(len(content)), "X-Request-Id": REQUEST_ID}
        for name, value in own.items():
            self.send_header(name, value)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(OSError):  # of a long answer the other side may take a part only
            self.wfile.write(content)


class Replies:
    """One method per way to answer."""

    def __init__(self, handler: _Handler, body: dict[str, Any]) -> None:
        self._handler = handler
        self._body = body

    def ok(self) -> None:
        self._say(self._good())

    def fenced(self) -> None:
        self._say(f"```json\n{self._good()}\n```")

    def refusal(self) -> None:
        self._say(None, refusal="I cannot help with that.")

    def filtered(self) -> None:
        self._say("", finish_reason="content_filter")

    def empty(self) -> None:
        self._say("")

    def truncated(self) -> None:
        self._say(self._good()[:5], finish_reason="length")

    def bad_json(self) -> None:
        self._say("{'amount': three")

    def deep_json(self) -> None:
        self._say("[" * 90_000)

    def wrong_schema(self) -> None:
        self._say('{"something": "else"}')

    def negative(self) -> None:
        self._say('{"amount": -1, "message": "below"}')

    def enormous(self) -> None:
        self._say('{"amount": 1e308, "message": "above"}')

    def infinite(self) -> None:
        self._say('{"amount": 1e999, "message": "above"}')

    def not_a_number(self) -> None:
        self._say('{"amount": NaN, "message": "neither"}')

    def nul(self) -> None:
        self._say('{"amount": 3, "message": "a\\u0000b\\ud800c"}')

    def raw_nul(self) -> None:
        self._say("a\x00b")

    def emoji(self) -> None:
        self._say('{"amount": 3, "message": "\U0001f600 \u202eevil\u202c \u05d0"}')

    def huge(self) -> None:
        self._say("x" * HUGE_CHARS)

    def usage_below_zero(self) -> None:
        self._say(self._good(), usage=(-900_000, 7))

    def usage_beyond_numbers(self) -> None:
        self._say(self._good(), usage=(11, 10**25))

    def usage_of_nothing(self) -> None:
        """As some gateways that do not know."""
        self._say(self._good(), usage=(0, 0))

    def strange_model(self) -> None:
        self._say(self._good(), served="x\x00y")

    def rate_limited(self) -> None:
        self._fail(429, "rate_limit_exceeded", retry_after="0")

    def rate_limited_for_long(self) -> None:
        self._fail(429, "rate_limit_exceeded", retry_after="600")

    def rate_limited_for_nobody_knows_how_long(self) -> None:
        self._fail(429, "rate_limit_exceeded", retry_after="nan")

    def quota(self) -> None:
        self._fail(429, "insufficient_quota")

    def server_error(self) -> None:
        self._fail(500, "server_error")

    def overloaded(self) -> None:
        self._fail(503, "overloaded")

    def wrong_key(self) -> None:
        self._fail(401, "invalid_api_key", says=f"Incorrect API key provided: {self._handler.headers['Authorization']}")

    def unknown_model(self) -> None:
        self._fail(404, "model_not_found")

    def bad_request(self) -> None:
        self._fail(400, "invalid_request_error", says=f"cannot read {self._body['messages'][-1]['content']}")

    def echo(self) -> None:
        """As what shows a lab which headers arrive."""
        self._say(json.dumps({"amount": 3, "message": f"you sent {self._handler.headers['Authorization']}"}))

    def coded_words(self) -> None:
        """What should be a word for programs repeats what was asked."""
        self._fail(400, f"cannot read {self._body['messages'][-1]['content'][:40]}")

    def hang(self) -> None:
        self._handler.stub.released.wait(60)
        self._handler.close_connection = True

    def silence(self) -> None:
        self._handler.close_connection = True

    def trickle(self) -> None:
        """Promise much and send a byte now and then."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Length", "1000000")
        self._handler.end_headers()
        while not self._handler.stub.released.wait(0.2):
            self._handler.wfile.write(b" ")
            self._handler.wfile.flush()

    def cut(self) -> None:
        """Promise a whole answer and hang up in the middle of it."""
        self._begin({"Content-Length": "1000"})
        self._handler.wfile.write(b'{"id": "x", "object": "chat.comp')
        self._handler.close_connection = True

    def bulky(self) -> None:
        """A body of 50 MB, as its header says."""
        self._begin({"Content-Length": str(BULK_BYTES)})
        self._pour(BULK_BYTES)

    def bulky_unsaid(self) -> None:
        """The same, of a length that no header tells."""
        self._begin({"Transfer-Encoding": "chunked"})
        self._pour(BULK_BYTES, is_chunked=True)

    def endless(self) -> None:
        """A body without an end, as fast as it is taken."""
        self._begin({"Transfer-Encoding": "chunked"})
        self._pour(None, is_chunked=True)

    def bomb(self) -> None:
        """A small body that unfolds into a large one."""
        self._handler.send(200, _folded(), Content_Encoding="gzip")

    def elsewhere(self) -> None:
        """A redirect."""
        self._handler.send(307, b"{}", Location="http://127.0.0.1:9/v1/chat/completions")

    def _begin(self, headers: Mapping[str, str]) -> None:
        self._handler.send_response(200)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def _pour(self, most: int | None, *, is_chunked: bool = False) -> None:
        self._handler.close_connection = True
        sent = 0
        with contextlib.suppress(OSError):  # the other side has had enough
            while (most is None or sent < most) and not self._handler.stub.released.is_set():
                size = b"%x\r\n" % len(CHUNK) if is_chunked else b""
                self._handler.wfile.write(size + CHUNK + (b"\r\n" if is_chunked else b""))
                sent += len(CHUNK)
                self._handler.stub.bulk_sent += len(CHUNK)

    def no_choices(self) -> None:
        self._handler.send(
            200, json.dumps({"id": "x", "object": "chat.completion", "model": "m", "choices": []}).encode()
        )

    def crowded(self) -> None:
        """A short body of which a reader makes a great deal."""
        self._handler.send(200, json.dumps({"id": "x", "model": "m", "choices": [{}] * 100_000}).encode())

    def web_page(self) -> None:
        self._handler.send(200, b"<html>a gateway's page</html>")

    def half(self) -> None:
        self._handler.send(200, b'{"id": "x", "object": "chat.comp')

    def _good(self) -> str:
        if self._handler.stub.answers is not None:
            return self._handler.stub.answers(self._body)
        if self._handler.stub.reply is not None:
            return self._handler.stub.reply
        form = self._body.get("response_format")
        if form is None:
            return "Good."
        return json.dumps(filled(form["json_schema"]["schema"], random.Random(str(len(self._handler.stub.requests)))))

    def _say(
        self, content: str | None, *, finish_reason: str = "stop", refusal: str | None = None,
        usage: tuple[int, int] | None = None, served: str = "",
    ) -> None:  # fmt: skip
        message = {"role": "assistant", "content": content} | ({"refusal": refusal} if refusal else {})
        tokens = usage or self._handler.stub.usage
        self._handler.stub.billed += 1
        reply = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": served or f"{self._body['model']}-served",
            "system_fingerprint": FINGERPRINT,
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
        }
        self._handler.send(200, json.dumps(reply).encode())

    def _fail(self, status: int, code: str, *, says: str = "no", **headers: str) -> None:
        error = {"error": {"message": f"{code}: {says}", "type": code, "code": code}}
        self._handler.send(status, json.dumps(error).encode(), **headers)


@cache
def _folded() -> bytes:
    return gzip.compress(b" " * BULK_BYTES)


def fault_names() -> Iterable[str]:
    """Every way to answer that a test may plan."""
    return [name for name in vars(Replies) if not name.startswith("_")]
