"""A whole group: four people in four browsers and two automated players, from the landing page to the code."""

import pytest
from playwright.sync_api import Browser

from tests.browser import look, people
from tests.browser.people import Player
from tests.machinery.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def link(running: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A way into a study whose next two groups get one condition each."""
    people.load(running, people.study_folder(tmp_path_factory.mktemp("study")))
    return people.link_to(running)


def test_two_groups_play_both_conditions_from_landing_to_code(chromium: Browser, link: str) -> None:
    shown = [play_one_group(chromium, link) for _ in range(2)]
    assert sorted(shown) == [False, True]  # one block of two groups: marked once, unmarked once


def play_one_group(chromium: Browser, link: str) -> bool:
    """Whether the players' kinds were shown in this group."""
    players = [Player.enter(chromium, link, width=width) for width in (1200, 900, 390, 320)]
    people.play_until(players, "waiting", seconds=120)
    people.play_until(players, "match", seconds=90)
    is_marked = any("marked" in title.lower() for title in players[0].titles) or _tells_kinds(players)
    people.play_until(players, "end", seconds=300)
    codes = [one.tab.locator("#code").inner_text() for one in players]
    assert len(set(codes)) == 4
    for one in players:
        assert one.complaints == []
        assert one.tab.get_by_text("GBP").count()
        look.picture(one.tab, f"end-{one.tab.viewport_size['width']}")  # type: ignore[index]
        one.tab.context.close()
    return is_marked


def _tells_kinds(players: list[Player]) -> bool:
    return any(one.tab.locator(".card .label").count() for one in players)
