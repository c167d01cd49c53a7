"""What the check says of the rounds that are paid, and what the study's pages say of them."""

from pathlib import Path

import pytest

from studies.check import check_folder
from studies.slots import study_slots
from tests.studies.conftest import Folder

MAX = 'max: "6.00"'
TOLD = "# How it works\n\n{{ rounds }} rounds. {{ points_rule }}\n\nSome players may be programs.\n"


def pays(folder: Folder, words: str, *, is_told: bool = True) -> None:
    """Points by another rule, which an instructions page tells."""
    folder.change(MAX, f"{MAX}, {words}")
    if is_told:
        folder.write(TOLD, "pages/instructions.md")


@pytest.mark.parametrize("words", ["pay: all_rounds", "pay: one_random_round", "pay: one_random_round, void: drawn"])
def test_sound_rules_are_accepted(folder: Folder, words: str) -> None:
    pays(folder, words)
    assert folder.problems() == []


@pytest.mark.parametrize("rounds", [4, 6])
def test_blocks_that_fit_are_accepted(folder: Folder, rounds: int) -> None:
    pays(folder, "pay: one_per_block, block_rounds: 2")
    folder.change("parameters: {rounds: 3", f"parameters: {{rounds: {rounds}")
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("words", "code", "key", "said"),
    [
        ("pay: one_per_block", "E440", "block_rounds", "is missing"),
        ("pay: one_random_round, block_rounds: 2", "E440", "block_rounds", "not to one_random_round"),
        ("block_rounds: 2", "E440", "block_rounds", "not to all_rounds"),
        ("void: left_out", "E440", "void", "nothing is drawn"),
        ("pay: one_random_round, void: left_out", "W440", "void", "takes a bad round out"),
        ("pay: one_per_block, block_rounds: 3", "E441", "block_rounds", "the game has 3 rounds"),
        ("pay: one_per_block, block_rounds: 2", "W441", "block_rounds", "no multiple of 2"),
    ],
)
def test_rule_that_does_not_fit_gets_its_code(folder: Folder, words: str, code: str, key: str, said: str) -> None:
    pays(folder, words)
    found = folder.one(code)
    assert found.path == f"payments.points.{key}"
    assert said in str(found)
    assert found.remedy
    assert [problem.code for problem in folder.problems()] == [code]


def test_draw_that_people_are_not_told_of_is_warned_about(folder: Folder) -> None:
    pays(folder, "pay: one_random_round", is_told=False)
    found = folder.one("W442")
    assert (found.path, found.severity) == ("payments.points.pay", "warning")
    assert "points_rule" in found.what


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pay: all_rounds", "The points of all rounds are paid."),
        ("pay: one_random_round", "one round is drawn by chance, and only its points are paid. A round that does not"),
        ("pay: one_per_block, block_rounds: 2", "one round out of each 2 is drawn by chance"),
        ("pay: one_random_round, void: left_out", "is not drawn, unless there is no other."),
    ],
)
def test_slot_says_which_rounds_are_paid(folder: Folder, words: str, said: str) -> None:
    pays(folder, words)
    folder.change("parameters: {rounds: 3", "parameters: {rounds: 4")
    study = check_folder(Path(folder.path)).study
    assert study is not None
    assert said in study_slots(study)["points_rule"]


def test_slot_speaks_the_language_of_the_study(folder: Folder) -> None:
    pays(folder, "pay: one_random_round")
    folder.change("language: en", "language: de")
    study = check_folder(Path(folder.path)).study
    assert study is not None
    assert "Zufall" in study_slots(study)["points_rule"]


def test_extra_seconds_of_the_first_round_are_a_slot_and_have_a_bound(folder: Folder) -> None:
    folder.change(
        "        experiment: sharing\n", "        experiment: sharing\n        first_round_extra_seconds: 45\n"
    )
    study = check_folder(Path(folder.path)).study
    assert study is not None
    assert study_slots(study)["first_round_extra_seconds"] == 45
    folder.change("first_round_extra_seconds: 45", "first_round_extra_seconds: 601")
    assert folder.one("E100").path == "waves[main].stages[game].first_round_extra_seconds"
