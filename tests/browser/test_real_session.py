"""One person in a real installation: back, refresh, two tabs, no network, no scripts, leaving."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser import look, people
from tests.browser.people import Player
from tests.machinery.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SLUG = "one-person"


@pytest.fixture(scope="module")
def link(running: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A way into a study where programs take the seats of people who are not there."""
    people.load(running, people.study_folder(tmp_path_factory.mktemp("study"), slug=SLUG, is_filled=True))
    return people.link_to(running, slug=SLUG)


@pytest.fixture
def player(chromium: Browser, link: str) -> Iterator[Player]:
    one = Player.enter(chromium, link)
    one.looks = False
    yield one
    one.tab.context.close()


def to_the_pages(player: Player) -> None:
    """Past the consent page, to the first page of the instructions."""
    player.step()
    expect(player.tab.locator("h1")).to_have_text("Two roles")


def forms_sent(player: Player) -> list[str]:
    """The bodies of forms that leave this tab from now on."""
    sent: list[str] = []
    player.tab.on("request", lambda r: sent.append(r.post_data or "") if r.method == "POST" else None)
    return sent


def test_triple_click_goes_one_page_further(player: Player) -> None:
    to_the_pages(player)
    sent = forms_sent(player)
    player.tab.evaluate("() => { const b = document.querySelector('.primary'); b.click(); b.click(); b.click(); }")
    expect(player.tab.locator("h1")).to_have_text("One round, step by step")
    assert len(sent) == 1


def test_back_and_refresh_show_the_page_one_is_at(player: Player) -> None:
    to_the_pages(player)
    player.send()
    title = player.title
    player.tab.reload()
    assert player.title == title
    player.tab.click("a.leave")
    player.tab.go_back()
    expect(player.tab.locator("h1")).to_have_text(title)
    player.tab.go_back()  # to the landing page: Start leads to where one was
    player.tab.click(".primary")
    expect(player.tab.locator("h1")).to_have_text(title)


def test_two_tabs_follow_the_same_session(player: Player) -> None:
    to_the_pages(player)
    other = player.tab.context.new_page()
    other.goto(player.tab.url)
    player.send()
    expect(player.tab.locator("h1")).to_have_text("One round, step by step")
    other.click(".primary")  # sends the page that is over
    expect(other.locator("h1")).to_have_text("One round, step by step")
    expect(other.locator("#note")).to_contain_text("That page was over already")
    player.tab.reload()
    expect(player.tab.locator("h1")).to_have_text("One round, step by step")


def test_network_that_goes_and_comes_loses_nothing(player: Player) -> None:
    to_the_pages(player)
    player.tab.context.set_offline(True)
    player.tab.click(".primary")
    expect(player.tab.locator("#note")).to_contain_text("You are offline")
    player.tab.context.set_offline(False)
    expect(player.tab.locator("h1")).to_have_text("One round, step by step", timeout=20_000)


def test_answer_that_is_lost_after_it_was_stored_is_not_stored_twice(player: Player) -> None:
    to_the_pages(player)
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort("connectionreset")
        else:
            route.continue_()

    player.tab.route("**/s/", lose_first)
    player.tab.click(".primary")
    expect(player.tab.locator("h1")).to_have_text("One round, step by step", timeout=20_000)
    assert lost


def test_foreign_page_is_sent_away_from_a_lost_session(player: Player) -> None:
    to_the_pages(player)
    player.tab.context.clear_cookies()
    player.tab.click(".primary")
    expect(player.tab.locator("h1")).to_have_text("This page is not open to you")


def test_session_can_be_played_without_scripts_to_the_waiting_room(chromium: Browser, link: str) -> None:
    one = Player.enter(chromium, link, script=False)
    tab = one.tab
    for _ in range(12):
        if one.kind == "waiting":
            break
        one.fill()
        tab.click("main button.primary")
        tab.wait_for_load_state()
    assert one.kind == "waiting"
    assert re.search(r'http-equiv="refresh" content="\d+"', tab.content())
    tab.click("a.leave")
    tab.click("text=Leave the study")
    expect(tab.locator("#page")).to_have_attribute("data-kind", "end")
    tab.context.close()


def test_refused_form_without_scripts_keeps_the_answers(chromium: Browser, link: str) -> None:
    one = Player.enter(chromium, link, script=False)
    one.tab.locator("input[type=checkbox]").nth(1).check()
    one.tab.click("main button.primary")
    expect(one.tab.locator("#problems")).to_be_visible()
    expect(one.tab.locator("input[type=checkbox]").nth(1)).to_be_checked()
    expect(one.tab.locator("input[type=checkbox]").nth(0)).not_to_be_checked()
    one.tab.context.close()


def test_declining_and_leaving_end_in_their_own_pages(chromium: Browser, link: str, player: Player) -> None:
    player.tab.click("text=I do not want to take part")
    expect(player.tab.locator("#page")).to_have_attribute("data-kind", "end")
    look.check(player.tab)
    other = Player.enter(chromium, link)
    other.tab.click("a.leave")  # the consent page speaks of the words, too
    look.check(other.tab)
    look.picture(other.tab, "leave")
    other.tab.click("text=Leave and delete my data")
    expect(other.tab.locator("#page")).to_have_attribute("data-kind", "end")
    look.check(other.tab)
    other.tab.context.close()


@pytest.mark.parametrize("has_socket", [True, False])
def test_waiting_page_goes_on_with_and_without_a_socket(player: Player, has_socket: bool) -> None:
    frames: list[str] = []
    player.tab.on("websocket", lambda one: one.on("framereceived", lambda frame: frames.append(str(frame))))
    if not has_socket:
        player.tab.route_web_socket("**/ws/session", lambda one: one.close(code=1011))
    people.play_until([player], "waiting", seconds=60)
    expect(player.tab.locator("h1")).to_have_text("Are you ready?", timeout=60_000)
    player.send()
    expect(player.tab.locator("h1")).to_have_text("Your group is complete", timeout=60_000)
    assert bool(frames) == has_socket
    assert all(set(json.loads(frame)) == {"stream", "seq"} for frame in frames)
