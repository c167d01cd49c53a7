"""A language model that answers everything after the same time, for as many as ask at once: a process of its own.

python -m bench.model_stub SECONDS           prints its port, and serves until it is ended

POST …/chat/completions is answered as OpenAI's are. GET anything tells how many were asked, and how many of these at
once at most, since it was last told.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

import uvloop

SAID = "So it is, I think. And what came of it in the end?"
MOST_WAITING = 1000
SERVED = "bench-1"


class ModelStub:
    """Serves on a free port of this machine.

    Args:
        seconds: From a question, once it is read, to its answer.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked = self.at_once = self.most_at_once = 0

    async def start(self) -> asyncio.Server:
        """Begin to serve."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=MOST_WAITING)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever asks may go away at any moment.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                body = await reader.readexactly(length_of(head))
                if head.startswith("GET"):
                    answer = self._told()
                else:
                    await self._think()
                    answer = completion(json.loads(body))
                content = json.dumps(answer).encode()
                facts = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
                writer.write(b"HTTP/1.1 200 OK\r\n" + facts.encode() + content)
                await writer.drain()
        writer.close()

    async def _think(self) -> None:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1

    def _told(self) -> dict[str, int]:
        told = {"asked": self.asked, "most_at_once": self.most_at_once}
        self.asked, self.most_at_once = 0, self.at_once
        return told


def length_of(head: str) -> int:
    """How many bytes follow the head of a request."""
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def reply_to(question: dict[str, Any]) -> str:
    """A conversation's message; that it goes on is said where it is asked, which is not before it may be ended."""
    asked = question["messages"][-1]["content"]
    return json.dumps({"message": SAID, **({"then": "more"} if '"then"' in asked else {})})


def completion(question: dict[str, Any]) -> dict[str, Any]:
    """An answer in the form of a conversation's message."""
    reply = reply_to(question)
    message = {"role": "assistant", "content": reply}
    return {
        "id": "chatcmpl-bench", "object": "chat.completion", "created": 1, "model": SERVED,
        "system_fingerprint": "fp-bench", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": len(json.dumps(question.get("messages"))) // 4, "completion_tokens": len(reply) // 4,
            "total_tokens": len(json.dumps(question.get("messages"))) // 4 + len(reply) // 4,
        },
    }  # fmt: skip


async def main() -> None:
    """Serve."""
    server = await ModelStub(float(sys.argv[1])).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
