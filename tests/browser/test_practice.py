"""Practice on a phone, in a real installation: every page reads as practice, and it ends in the waiting room."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import people
from tests.browser.people import Player
from tests.machinery.quick import stage
from tests.machinery.running import Running
from tests.machinery.study_files import read_study, write_study

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SLUG = "practising"
PRACTICE = {
    "id": "try_out", "kind": "practice", "game": "game", "script": "../practice/answers.yaml",
    "page": "../practice/page.md",
}  # fmt: skip


@pytest.fixture(scope="module")
def link(running: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = people.study_folder(tmp_path_factory.mktemp("study"), slug=SLUG, is_filled=True)
    practising(folder)
    people.load(running, folder)
    return people.link_to(running, slug=SLUG)


def practising(folder: Path) -> None:
    said = read_study(folder)
    stages = said["waves"][0]["stages"]
    stages.insert(stages.index(stage(said, "lobby")), PRACTICE)
    write_study(folder, said)


def test_practice_is_played_on_a_phone_and_says_so_on_every_page(chromium: Browser, link: str) -> None:
    player = Player.enter(chromium, link, width=360)
    notes: list[str] = []
    while player.kind != "waiting":
        if player.kind == "practice":
            notes.append(player.tab.locator("#note").inner_text())
            assert player.tab.locator(".points").count() == 0
        assert player.step(), player.titles
    assert len(notes) == 8
    assert {note.startswith("Practice: the other players' answers are made up.") for note in notes} == {True}
    assert "A practice round" in player.titles
    assert player.complaints == []
    player.tab.context.close()
