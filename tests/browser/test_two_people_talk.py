"""Two people in two browsers talk in a real installation: over sockets, without them, and while their process dies."""

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from config.places import ROOT
from tests.browser import people
from tests.browser.people import Player
from tests.machinery.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SLUG = "bench-talk"


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    """A way into a study of conversations of two."""
    people.load(running, ROOT / "bench" / "talk_study")
    return people.link_to(running, slug=SLUG)


@pytest.fixture
def tabs(chromium: Browser, link: str) -> Iterator[list[Tab]]:
    players = [Player.enter(chromium, link) for _ in range(2)]
    for one in players:
        one.looks = False
    until = time.monotonic() + 120
    while waiting := [one for one in players if not one.tab.locator("textarea").count()]:
        assert time.monotonic() < until, [one.titles for one in waiting]
        # a page may turn into the talk at any moment: there nobody may take a step
        if not any(not one.tab.locator("textarea").count() and one.step() for one in waiting):
            time.sleep(0.2)
    yield [one.tab for one in players]
    for one in players:
        one.tab.context.close()


def follow(tab: Tab) -> list[str]:
    """Whatever a tab asks of the pages from now on."""
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "/s/" in request.url else None)
    return asked


def settled(tab: Tab) -> None:
    """The page follows its socket and has asked what was new when that opened."""
    expect(tab.locator("textarea")).to_be_visible()
    tab.wait_for_timeout(1500)


def say(tab: Tab, text: str) -> None:
    tab.locator("textarea").fill(text)
    tab.locator("textarea").press("Enter")
    expect(tab.locator("textarea")).to_have_value("", timeout=15_000)


def lines(tab: Tab) -> list[str]:
    return tab.locator("[data-log] .said").all_inner_texts()


def stored(running: Running) -> list[list[object]]:
    """Every message, in the order of its conversation."""
    code = (
        "import json; from chat.models import Entry; "
        "print('entries', json.dumps(list(Entry.objects.order_by('pk').values_list('seq', 'text'))))"
    )

    line = next(one for one in running.manage("shell", "-c", code).splitlines() if one.startswith("entries "))
    found: list[list[object]] = json.loads(line.removeprefix("entries "))
    return found


def test_lines_come_without_a_request_and_what_the_socket_cannot_bring_the_page_does(
    running: Running, tabs: list[Tab]
) -> None:
    first, second = tabs
    for tab in tabs:
        settled(tab)
    before = len(stored(running))
    asked = [follow(tab) for tab in tabs]
    second.locator("textarea").press_sequentially("I am")
    for n in range(3):
        say(first, f"words {n}")
        expect(second.locator("[data-log] .theirs .said").last).to_have_text(f"words {n}")
    expect(second.locator("textarea")).to_have_value("I am")
    second.keyboard.type(" here")
    second.keyboard.press("Enter")
    expect(first.locator("[data-log] .theirs .said").last).to_have_text("I am here")
    assert asked == [[], []], "nobody asked for a page"
    assert lines(first) == lines(second) == ["words 0", "words 1", "words 2", "I am here"]
    other_tab = second.context.new_page()
    other_tab.goto(second.url)
    settled(other_tab)
    running.kill("sockets")
    say(first, "while it is away")
    say(first, "once more")
    expect(second.locator("[data-log] .said").last).to_have_text("once more", timeout=60_000)
    first.wait_for_timeout(8000)
    for each in asked:
        each.clear()
    say(second, "and now")
    for tab in (first, second, other_tab):
        expect(tab.locator("[data-log] .said").last).to_have_text("and now")
        assert lines(tab)[4:] == ["while it is away", "once more", "and now"]
    assert not any("POST" in one for one in asked[1])
    assert stored(running)[before:] == [[seq, text] for seq, text in enumerate(lines(first), start=1)]
    for tab in tabs:
        tab.reload()
        expect(tab.locator("[data-log] .said")).to_have_count(7)
