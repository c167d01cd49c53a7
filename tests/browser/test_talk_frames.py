"""What a browser says over the socket of a conversation besides messages, and a socket that is closed at once."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect
from playwright.sync_api import Page as Tab

from flow.forms import CANONICAL_UUID
from tests.browser.test_talk import Talk

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    yield context.new_page()
    context.close()


def test_typing_is_said_over_the_socket_now_and_then_and_without_one_with_the_next_question(tab: Tab) -> None:
    stage = Talk(typing=True)
    stage.typing = []
    stage.open(tab)
    tab.wait_for_timeout(200)
    tab.locator("textarea").press_sequentially(" ")
    assert stage.heard == []
    tab.locator("textarea").press_sequentially("hello there", delay=30)
    tab.wait_for_timeout(100)
    (first,) = [json.loads(text) for text in stage.heard]
    assert first == {"do": "typing", "key": first["key"]}, "not with every key"
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello there")
    tab.keyboard.type("a")
    tab.wait_for_timeout(100)
    second = json.loads(stage.heard[-1])
    assert len(stage.heard) == 2, "another message is told at once"
    assert second["do"] == "typing"
    assert first["key"] == stage.sent[0]["key"], "it says which message it is"
    assert CANONICAL_UUID.fullmatch(second["key"])
    assert not any("typing" in asked for asked in stage.asked)
    stage.sockets[-1].close(code=4429)
    tab.wait_for_timeout(3100)
    tab.keyboard.type("b")
    stage.typing = [["B", 1]]
    expect(tab.locator("[data-typing]")).to_have_text("B is writing …", timeout=6000)
    (third,) = [asked["typing"] for asked in stage.asked if "typing" in asked]
    assert CANONICAL_UUID.fullmatch(third)
    assert len(stage.heard) == 2


class Later(Talk):
    """A conversation whose sockets are let in and closed at once: come later."""

    def _connect(self, socket: WebSocketRoute) -> None:
        super()._connect(socket)
        socket.close(code=1013)


def test_socket_that_is_told_to_come_later_does_so_less_and_less_often(tab: Tab) -> None:
    stage = Later()
    stage.open(tab)
    tab.wait_for_timeout(4000)
    # twice as long each time, and by chance less: that an open socket is of use shows only what comes through it
    assert 2 <= len(stage.sockets) <= 9
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello")
    assert len(stage.sent) == 1, "messages go by forms meanwhile"
