"""What the check says of worked examples on pages."""

import pytest

from paradigm import Decision, Points
from studies import registry
from tests.studies.conftest import Folder

SLOT = "\n{{ calculator }}\n"


def with_slot(folder: Folder, file: str) -> None:
    folder.write(folder.text(file) + SLOT, file)


@pytest.mark.parametrize("file", ["pages/instructions.md", "pages/game/give_giver.md", "pages/game/result_taker.md"])
def test_slot_is_accepted_on_instructions_and_pages_of_the_game(folder: Folder, file: str) -> None:
    with_slot(folder, file)
    assert folder.problems() == []


@pytest.mark.parametrize("file", ["pages/consent.md", "pages/waiting.md", "pages/exit.md", "pages/game/sit_out.md"])
def test_slot_is_refused_elsewhere(folder: Folder, file: str) -> None:
    with_slot(folder, file)
    assert "calculator" in folder.one("E603").what


def test_rules_that_cannot_be_asked_are_refused(folder: Folder) -> None:
    with_slot(folder, "pages/instructions.md")
    sharing = registry.experiment("sharing")
    usual = sharing.payoff
    object.__setattr__(sharing, "payoff", lambda state: state.levels["label"])
    try:
        found = folder.one("E446")
    finally:
        object.__setattr__(sharing, "payoff", usual)
    assert found.path == "waves[main].stages[instructions].pages[0]"
    assert "KeyError" in found.what


def test_match_that_asks_for_too_much_is_refused(folder: Folder) -> None:
    with_slot(folder, "pages/instructions.md")
    sharing = registry.experiment("sharing")
    usual = sharing.steps
    many = Decision("many", "giver", [Points(f"p{number}") for number in range(13)])
    object.__setattr__(sharing, "steps", [many, *usual])
    try:
        found = [problem for problem in folder.problems() if problem.code == "E447"]
    finally:
        object.__setattr__(sharing, "steps", usual)
    assert [problem.path for problem in found] == ["waves[main].stages[instructions].pages[0]"]


def test_page_of_a_study_without_a_game_has_nothing_to_work_out(folder: Folder) -> None:
    with_slot(folder, "pages/instructions.md")
    text = folder.text()
    begin, end = text.index("      - id: lobby\n"), text.index("      - {id: after,")
    folder.write(text[:begin] + text[end:])
    assert "there is no game" in folder.one("E446").what
