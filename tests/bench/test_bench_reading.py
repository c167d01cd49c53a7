"""The driver reads our pages as our scripts do, and knows whose act a page shows."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bench.browser import Browser, Socket, frame, read_frame
from bench.rapport_visit import read
from bench.tape import Tape
from flow.drawing import draw
from flow.page import Page
from flow.stages.consent import Tick
from paradigm import Points
from tests.pages import gallery

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def drawn(page: Page) -> str:
    return draw(gallery.request(), page, gallery.FRAME, is_fragment=False)


def test_page_is_read_as_its_script_reads_it() -> None:
    fields = [Points("sent", "Points", high=10), Tick("take_part", "I take part")]
    page = read(drawn(Page("match", "Send", fields=fields, button="Continue", poll_seconds=4)))
    assert page.asked == ["sent", "take_part"]
    assert page.hidden.keys() == {"csrfmiddlewaretoken", "key", "rev"}
    assert (page.data["rev"], page.data["kind"], page.data["poll-seconds"]) == ("r1", "match", "4")
    assert (page.is_live, page.is_over, page.has_button) == (True, False, True)


def test_page_without_primary_button_waits() -> None:
    also = {"also": [{"name": "leave", "value": "1", "label": "Leave now"}]}
    page = read(drawn(Page("waiting", "Waiting", facts=also)))
    assert (page.is_live, page.has_button) == (True, False)


def test_release_runs_from_the_act_to_the_page_that_shows_it() -> None:
    tape = Tape()
    mine, other = tape.fill_in(["sent"]), tape.fill_in(["sent"])
    assert mine["sent"] != other["sent"]
    tape.acted(mine, 0.0)
    tape.shown("<p>Player A sent you 1 points</p>", 0.0)
    assert tape.releases_ms == []
    for _ in range(2):  # shown again later: the first time counts
        tape.shown(f"<p>Player A sent you {mine['sent']} points</p>", 0.0)
    assert len(tape.releases_ms) == 1
    assert len(tape.pages_ms) == 3


async def _served(serve: Serve, use: Callable[[str], Awaitable[None]]) -> None:
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await use(f"http://127.0.0.1:{port}")


@pytest.mark.asyncio
async def test_browser_keeps_cookies_follows_redirects_and_survives_a_closed_connection() -> None:
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):  # then the connection is closed without a word, as a keep-alive that ran out
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if heads[-1].startswith("POST"):
                await reader.readexactly(5)
                writer.write(b"HTTP/1.1 303 See Other\r\nLocation: /next?a=1\r\nSet-Cookie: k=v; Path=/\r\n")
                writer.write(b"Content-Length: 0\r\n\r\n")
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        writer.close()

    async def use(origin: str) -> None:
        browser = Browser(origin)
        answer = await browser.post("/form", {"x": "1 2"})
        assert (answer.status, answer.path, answer.body, answer.requests) == (200, "/next?a=1", "abcde", 2)
        await asyncio.sleep(0.05)
        assert (await browser.get("/again")).body == "abcde"
        browser.close()

    await _served(serve, use)
    assert [head.split(" ")[0] for head in heads] == ["POST", "GET", "GET"]
    assert "Cookie: k=v" not in heads[0]
    assert "Cookie: k=v" in heads[1]
    assert "Cookie: k=v" in heads[2]


@pytest.mark.asyncio
async def test_socket_hears_texts_answers_pings_and_notices_the_end() -> None:
    told: list[str] = []
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"\x81\x02hi" + b"\x89\x01p")
        first, size = await reader.readexactly(2)
        mask, content = await reader.readexactly(4), await reader.readexactly(size & 0x7F)
        told.append(f"{first:#x} {bytes(b ^ m for b, m in zip(content, mask, strict=False)).decode()}")
        long = b"x" * 300
        writer.write(b"\x81\x7e\x01\x2c" + long + b"\x88\x00")
        await reader.read()
        writer.close()

    async def use(origin: str) -> None:
        socket = Socket(told.append, over.set)
        await socket.open(origin.replace("http", "ws") + "/ws", browser=Browser(origin))
        await asyncio.wait_for(over.wait(), 5)
        assert not socket.is_open

    await _served(serve, use)
    assert sorted(told) == sorted(["hi", "0x8a p", "x" * 300])


@pytest.mark.asyncio
async def test_frames_of_a_client_are_masked() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"\x81\x03abc")
    assert await read_frame(reader) == (1, b"abc")
    assert frame(1, b"abc")[1] & 0x80
