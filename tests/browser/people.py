"""People who play in real browsers: each has a context, reads whatever page comes, and answers it."""

import re
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from config.places import ROOT
from tests.browser import look
from tests.machinery.running import Running
from tests.machinery.study_files import read_study, write_study

STUDIES = ROOT / "experiments" / "partner_selection" / "studies"
SLUG = "a-whole-group"
ANSWERS = {
    "keep": "10", "picked": "12", "not_picked": "0", "who_sees": "both_in", "next_round": "anyone",
    "told_kinds": "unmarked", "choice": "A", "returned": "12", "expected@A": "11", "expected@B": "9",
    "question": "How many points will you send back if I pick you?",
    "message": "15 of 30.\nThen we both earn the same.",
}  # fmt: skip
PICTURED = frozenset({
    "taking-part", "one-round-step-by-step", "a-short-quiz", "waiting-for-your-group", "are-you-ready",
    "your-group-is-complete", "ask-a-and-b", "answer-the-chooser", "pick-a-pick-b-or-keep", "you-picked-a",
    "how-many-points-would-you-send-back", "what-do-you-expect", "what-this-study-was-about", "thank-you",
    "pick-a-pick-b-or-keep-phone", "how-many-points-would-you-send-back-phone", "taking-part-phone",
})  # fmt: skip
WORDS = "I looked at <b>what</b> they wrote & said."


def study_folder(folder: Path, *, slug: str = SLUG, is_filled: bool = False, rounds: int = 2) -> Path:
    """A study like the demo under a name of its own, with quicker programs.

    Args:
        is_filled: Whether programs take the seats of people who are not there.
    """
    shutil.copytree(STUDIES, folder / "studies")
    home = folder / "studies" / "demo"
    said = read_study(home)
    said["id"] = slug
    said["allocation"]["block_sizes"] = [2]
    if not is_filled:
        del said["groups"]["society"]["fill"]
    said["partners"]["computer"]["delay"] = {"min_s": 1, "max_s": 3, "chars_per_s": 50, "think_s": [1, 2], "miss": 0}
    game = next(stage for stage in said["waves"][0]["stages"] if stage["kind"] == "game")
    game["parameters"] |= {"rounds": rounds}
    write_study(home, said)
    return home


def load(installation: Running, folder: Path) -> None:
    """Freeze and open the study, as a demonstration."""
    installation.manage("study", "load", str(folder), "--demo", "--open")


def link_to(installation: Running, *, slug: str = SLUG) -> str:
    """The address of an open way in."""
    code = (
        "from participants.services import make_link; from studies.models import Study; "
        f"print('token', make_link(Study.objects.get(slug='{slug}'), is_open=True, origin='demo'))"
    )
    printed = installation.manage("shell", "-c", code)
    token = next(line.split()[1] for line in printed.splitlines() if line.startswith("token "))
    return f"{installation.origin}/j/{token}"


@dataclass
class Player:
    """One person with one tab.

    Attributes:
        titles: The headings met, in order.
        complaints: What the browser said in its console.
        answers: What to answer, by field key; other fields get something that is allowed.
    """

    tab: Page
    answers: Mapping[str, str] = field(default_factory=lambda: dict(ANSWERS))
    titles: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    looks: bool = True

    @classmethod
    def enter(cls, browser: Browser, link: str, *, width: int = 1100, script: bool = True) -> "Player":
        """Open the link in a new browser and press Start."""
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        player = cls(context.new_page())
        player.complaints = look.listen(player.tab)
        player.tab.goto(link)
        if script:
            look.check(player.tab)
            if player._is_wide:
                look.picture(player.tab, "landing")
        player.tab.click(".primary")
        player.tab.wait_for_url("**/s/")
        return player

    @property
    def title(self) -> str:
        """The heading of the page."""
        return self.tab.locator("h1").inner_text()

    @property
    def kind(self) -> str:
        """Which kind of page it is."""
        return self.tab.locator("#page").get_attribute("data-kind") or ""

    @property
    def rev(self) -> str:
        """The revision of the page."""
        return self.tab.locator("#page").get_attribute("data-rev") or ""

    @property
    def is_done(self) -> bool:
        """Whether the last page is reached."""
        return self.kind == "end"

    def note_page(self) -> None:
        """Look at a page that was not met before."""
        title = self.title
        if title in self.titles[-1:]:
            return
        if self.looks and title not in self.titles:
            look.check(self.tab)
            name = f"{_slug(title)}{'' if self._is_wide else '-phone'}"
            if name in PICTURED and self.title == title:  # it may have gone on meanwhile
                look.picture(self.tab, name)
        self.titles.append(title)

    @property
    def _is_wide(self) -> bool:
        return bool(self.tab.viewport_size and self.tab.viewport_size["width"] > 700)

    def step(self) -> bool:
        """Answer the page if it asks for something; whether it did."""
        self.note_page()
        if self.is_done or not self.tab.locator("main .primary").count():
            return False
        self.fill()
        self.send()
        return True

    def send(self) -> None:
        """Press the button and wait for the next page."""
        before = self.rev
        self.tab.click("main button.primary")
        self.tab.wait_for_function(
            "before => document.getElementById('page').dataset.rev !== before"
            " || document.getElementById('problems') && document.activeElement.id === 'problems'",
            arg=before,
            timeout=20_000,
        )
        problems = self.tab.locator("#problems")
        assert self.rev != before, f"{self.title}: refused: {problems.inner_text()}"

    def fill(self) -> None:
        """Answer every field that is empty."""
        form = self.tab.locator("form[data-form]")
        for box in form.locator("textarea, input[type=text], input[type=number]").all():
            box.fill(self._answer(box))
        for tick in form.locator("input[type=checkbox]").all():
            tick.check()
        for name in _names(form.locator("input[type=radio]").all()):
            options = form.locator(f'input[type=radio][name="{name}"]')
            wished = form.locator(f'input[type=radio][name="{name}"][value="{self.answers.get(name, "")}"]')
            (wished if wished.count() else options.first).check()

    def _answer(self, box: Locator) -> str:
        name = box.get_attribute("name") or ""
        fallback = box.get_attribute("min") if box.get_attribute("type") == "number" else WORDS
        return self.answers.get(name, fallback or "")


def play_until(players: Iterable[Player], reached: str, *, seconds: float) -> None:
    """Let everybody answer whatever they are asked until each has met a page of kind `reached`, or of that title."""
    until = time.monotonic() + seconds
    waiting = list(players)
    while waiting:
        assert time.monotonic() < until, [(one.title, one.titles) for one in waiting]
        moved = False
        for one in list(waiting):
            if reached in {one.kind, one.title}:
                one.note_page()
                waiting.remove(one)
            else:
                moved |= one.step()
        if not moved:
            time.sleep(0.2)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _names(radios: list[Locator]) -> list[str]:
    return list(dict.fromkeys(radio.get_attribute("name") or "" for radio in radios))
