"""A whole group: four people in four browsers and two automated players, from the landing page to the code."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser import people
from tests.browser.people import Player
from tests.machinery.running import Running

DEBRIEF = "What this study was about"
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
    people.play_until(players, DEBRIEF, seconds=300)
    is_marked = {_was_marked(one) for one in players}
    assert len(is_marked) == 1
    people.play_until(players, "end", seconds=60)
    for one in players:
        assert re.fullmatch(r"[A-Z0-9]{6,}", one.tab.locator("#code").inner_text())
        assert one.tab.get_by_role("cell", name="Taking part").count() == 1
        assert one.complaints == []
        one.tab.context.close()
    return is_marked.pop()


def _was_marked(player: Player) -> bool:
    """What the debrief's table says of the letters that one met (a Responder meets one other letter)."""
    cells = {text.strip() for text in player.tab.locator("table td").all_text_contents()}
    assert bool(cells & {"AI", "Person"}) != ("nothing" in cells), cells
    return "nothing" not in cells
