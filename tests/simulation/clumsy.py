"""A server that misbehaves as it is told, and a simulated participant's door before it."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from simulation.door import Door
from simulation.ledger import Ledger
from simulation.pages import Shown

FORM = '<div id="page" data-kind="text" data-rev="r2"><main><h1 id="title">Next</h1></main></div>'
PAGE = Shown("text", "r1", title="Now", hidden={"key": "k1", "rev": "r1", "csrfmiddlewaretoken": "t"}, button=True)
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clumsy:
    """A server that gives the planned replies in turn, and keeps the forms and frames that reached it.

    Of a socket a number is the code with which it is closed, "listen" waits for a frame, and a function gives the
    frames that answer one.
    """

    def __init__(self) -> None:
        self.plan: deque[Any] = deque()
        self.forms: list[dict[str, str]] = []
        self.frames: list[str] = []
        self.queries: list[dict[str, str]] = []

    async def page(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            self.forms.append(dict(await request.post()))  # type: ignore[arg-type]  # no files are sent
        self.queries.append(dict(request.query))
        status, headers = self.plan.popleft()
        if status == "cut":
            assert request.transport
            request.transport.abort()
        return web.Response(status=200 if status == "cut" else status, headers=headers, text=FORM)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for what in self.plan.popleft():
            if isinstance(what, int):
                await socket.close(code=what)
                return socket
            if what == "listen" or callable(what):
                self.frames.append(str((await socket.receive()).data))
            if callable(what):
                for answer in what(self.frames[-1]):
                    await socket.send_str(answer)
            elif what != "listen":
                await socket.send_str(what)
        return socket


@asynccontextmanager
async def served(*plan: Any) -> AsyncIterator[tuple[Clumsy, Door]]:
    clumsy, app = Clumsy(), web.Application()
    clumsy.plan.extend(plan)
    app.router.add_route("*", "/s/", clumsy.page)
    app.router.add_route("*", "/s/poll", clumsy.page)
    app.router.add_route("*", "/j/{token}", clumsy.page)
    app.router.add_get("/ws/session", clumsy.socket)
    async with TestServer(app) as server:
        address = str(server.make_url("/ws/session")).replace("http://", "ws://")
        link = str(server.make_url("/j/x"))
        door = Door(link, person=4, ledger=Ledger(), via_socket=address, patience_seconds=3)
        try:
            yield clumsy, door
        finally:
            await door.close()


STORED = (200, {"X-Outcome": "stored"})
