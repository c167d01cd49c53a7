"""A researcher's first ten minutes with the demonstration, by clicks only."""

import csv
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from tests.browser import look
from tests.browser.people import Player
from tests.machinery.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SLUG = "partner-selection-demo"


def links(running: Running) -> dict[str, str]:
    """What `manage.py demo` prints: where to play each study, and where its researcher comes in."""
    return dict(line.split(": ", 1) for line in running.manage("demo").splitlines())


def looked_at(page: Page, name: str) -> None:
    """Usable by everybody, on a phone too."""
    look.check_access(page)
    look.check_width(page)
    look.picture(page, f"researcher-{name}")


def test_ten_minutes_by_clicks(running: Running, chromium: Browser, tmp_path: Path) -> None:
    ways = links(running)
    play_three_rounds(Player.enter(chromium, ways["Play the game"]))
    desk = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True).new_page()
    complaints = look.listen(desk)
    come_in(desk, ways["Researcher"])
    change_the_endowment(desk)
    open_the_data(desk, tmp_path)
    watch(desk)
    play_with_the_new_number(desk)
    assert complaints == []
    desk.context.close()


def play_three_rounds(player: Player) -> None:
    """From the landing page into the fourth round, then one's own rows beside it."""
    player.looks = False
    tab = player.tab
    until = time.monotonic() + 360
    while "Round 4 of 4" not in tab.locator("body").inner_text():
        assert time.monotonic() < until, player.titles
        if not player.step():
            tab.wait_for_timeout(250)
    tab.get_by_role("link", name="What was recorded").click()
    expect(tab.locator("h1")).to_have_text("What was recorded")
    shown = tab.locator("main").inner_text()
    for part in ("What you decided", "What you were shown", "Your place in this round"):
        assert part in shown
    looked_at(tab, "own-rows")
    assert player.complaints == []
    tab.context.close()


def come_in(desk: Page, link: str) -> None:
    """By the one-time link, to the study."""
    desk.goto(link)
    looked_at(desk, "enter")
    desk.get_by_role("button", name="Come in").click()
    looked_at(desk, "studies")
    desk.get_by_role("link", name=SLUG).click()
    expect(desk.get_by_role("heading", name="Versions")).to_be_visible()
    looked_at(desk, "study")


def change_the_endowment(desk: Page) -> None:
    """10 becomes 5; page, example, quiz and codebook are seen to follow before and after it is kept."""
    desk.get_by_role("link", name="Parameters").click()
    looked_at(desk, "parameters")
    desk.get_by_label("What a Chooser may keep or give").fill("5")
    desk.get_by_role("button", name="Show what follows").click()
    follows = desk.locator(".follows")
    for said in ("10 → 5 points", "keeps 5 points", "15 - 6 = 9", "A Chooser who keeps earns 5 points.", "0 to 15"):
        expect(follows).to_contain_text(said)
    looked_at(desk, "parameters-preview")
    desk.get_by_label("Why this is changed").fill("smaller stakes")
    desk.get_by_role("button", name="Keep as a new version").click()
    expect(desk.get_by_role("status")).to_contain_text("Kept as version")
    expect(follows).to_contain_text("A Chooser who keeps earns 5 points.")
    desk.get_by_role("link", name="Codebook").click()
    expect(desk.locator("main")).to_contain_text("0 to 15")
    looked_at(desk, "codebook")


def open_the_data(desk: Page, folder: Path) -> None:
    """A table on its page, as a file, and everything in one zip."""
    desk.get_by_role("link", name="Data", exact=True).click()
    looked_at(desk, "data")
    desk.get_by_role("link", name="decisions", exact=True).click()
    expect(desk.locator("table.cells tbody tr").first).to_contain_text("ask")
    looked_at(desk, "table")
    saved = folder / "decisions.csv"
    downloaded(desk, lambda: desk.get_by_role("link", name="Download CSV").click()).save_as(saved)
    with saved.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"person", "policy"} <= {row["source"] for row in rows}
    assert {row["round"] for row in rows} >= {"1", "2", "3"}
    desk.get_by_role("link", name="Data", exact=True).click()
    bundle = folder / "all.zip"
    downloaded(desk, lambda: desk.get_by_role("link", name="Download everything").click()).save_as(bundle)
    with zipfile.ZipFile(bundle) as opened:
        # the other players are still at it, so a later file may have more rows
        assert opened.read(f"{SLUG}/decisions.csv").splitlines()[0] == saved.read_bytes().splitlines()[0]
        assert {f"{SLUG}/codebook.csv", f"{SLUG}/manifest.json"} <= set(opened.namelist())


def downloaded(desk: Page, click: Callable[[], None]) -> Download:
    """What a click downloads."""
    with desk.expect_download() as found:
        click()
    return found.value


def watch(desk: Page) -> None:
    """The board keeps itself fresh."""
    desk.get_by_role("link", name="Board").click()
    before = desk.locator("#freshness").inner_text()
    expect(desk.locator("#freshness")).not_to_have_text(before, timeout=15_000)
    assert int(desk.locator('[data-name="entered"]').inner_text()) >= 1
    looked_at(desk, "board")


def play_with_the_new_number(desk: Page) -> None:
    """Whoever starts now reads the new number."""
    desk.get_by_role("link", name="Study", exact=True).click()
    with desk.expect_popup() as opened:
        desk.get_by_role("button", name="Play it").click()
    player = Player(opened.value, looks=False)
    player.tab.click(".primary")
    player.tab.wait_for_url("**/s/")
    while player.title != "One round, step by step":
        player.step()
    expect(player.tab.locator("main")).to_contain_text("keeps 5 points")
