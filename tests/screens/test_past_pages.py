"""A talk after an earlier one is drawn, with what can be read of that; a factor that decides it is a declaration."""

import pytest

from config.supervisor.screens import Source, compared
from screens.differing import told
from screens.looking import LATER, PAST
from screens.screen import Drawn, Screen
from studies.check import check
from studies.problems import errors
from tests.screens.studies import drawn_folder
from tests.screens.test_talk_pages import TALK, with_talk
from tests.studies.conftest import Folder, folder, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.studies.test_study_memory import MODEL, POLICY

pytestmark = pytest.mark.django_db


def drawn(folder: Folder, visible: str) -> tuple[Drawn, Source]:  # noqa: F811
    """The study in which one person meets a model in two rounds, each with a talk, drawn."""
    (folder.path / "prompts").mkdir()
    folder.write("You like to talk.", "prompts/one.md")
    folder.change(POLICY, f"{MODEL}    past_transcript_visible: {visible}\n")
    folder.change("      giver: {humans: 2}\n      taker: {humans: 1, ai: 1}\n",
                  "      giver: {humans: 1}\n      taker: {ai: 1}\n")  # fmt: skip
    folder.change("    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n", "")
    folder.change("{rounds: 3, endowment: 12}", "{rounds: 2, endowment: 12}")
    for role in ("giver", "taker"):
        folder.write("# Your conversation\n\nTalk about your week.", f"pages/game/chat_{role}.md")
    with with_talk(TALK):
        found = errors(check(folder.path))
        assert [str(one) for one in found] == []
        source, screens = drawn_folder(folder.path)
    return screens, source


def of_talks(screens: Drawn, condition: str) -> dict[str, Screen]:
    """The pages of the talk, by state."""
    return {key.state: screen for key, screen in screens.under(f"label={condition}").items() if key.step == "chat"}


def test_later_talk_is_drawn_with_what_was_said_before(folder: Folder) -> None:  # noqa: F811
    found = of_talks(drawn(folder, "true")[0], "hidden")
    assert "Your earlier conversations" not in found["acts"].html
    assert "Your earlier conversations" in found[f"acts, {LATER}"].html
    assert "data-transcript" in found[PAST].html


def test_factor_that_decides_it_is_all_that_differs(folder: Folder) -> None:  # noqa: F811
    screens, source = drawn(folder, "{by: label, values: {hidden: true, marked: false}}")
    found = of_talks(screens, "marked")
    assert "Your earlier conversations" not in found[f"acts, {LATER}"].html
    assert PAST not in found
    differences = compared(screens, source.study, "hidden", "marked")
    assert [told(same) for same in differences if not same.reason] == []
    ours = [same for same in differences if same.reason == "past_transcript_visible by label"]
    assert {key.step for same in ours for key in same.keys} == {"chat"}
    assert any("Your earlier conversations" in words for same in ours for words in same.first)
