"""Manipulation checks and the funnel: each code, one way to cause it, and the ways that are sound."""

from pathlib import Path
from typing import Any

import pytest

from studies.check import check
from studies.problems import Problem
from tests.machinery.quick import quick_study, stage
from tests.studies.conftest import Folder

LABEL = "  label: {levels: [hidden, marked]}"
CHECK = "{item: told, expected: {hidden: told_no, marked: told_yes}}"
AFTER = "      - {id: after, kind: survey, items: survey.yaml, shuffle: true}\n"
DEBRIEF = "      - {id: debrief, kind: debrief, page: pages/debrief.md}\n"
GAME = "      - id: game\n"
FUNNEL = "      - {id: back, kind: survey, purpose: funnel, items: funnel.yaml}\n"
QUESTIONS = (
    '- {id: about, type: text, label: "What was it about?"}\n- {id: odd, type: text, label: "Was anything odd?"}\n'
)


@pytest.fixture
def folder(folder: Folder) -> Folder:
    folder.write(QUESTIONS, "funnel.yaml")
    return folder


def checked(folder: Folder, said: str = CHECK) -> None:
    folder.change(LABEL, f"  label: {{levels: [hidden, marked], check: {said}}}")


def make_probed(folder: Folder) -> None:
    """Ask for everything that may be asked for."""
    folder.write(QUESTIONS, "funnel.yaml")
    checked(folder)
    folder.change(AFTER, FUNNEL + AFTER)


def one(folder: Folder, code: str) -> Problem:
    """The only problem with a code, of all that there are."""
    found = [problem for problem in check(folder.path) if problem.code == code]
    assert len(found) == 1, [str(problem) for problem in check(folder.path)]
    return found[0]


def test_check_and_funnel_leave_nothing_to_say(folder: Folder) -> None:
    make_probed(folder)
    assert check(folder.path) == []


def test_factor_without_a_check_is_warned_about(folder: Folder) -> None:
    found = one(folder, "W434")
    assert (found.path, found.severity) == ("factors.label", "warning")
    assert "check: {item:" in found.remedy


def test_deception_without_a_funnel_is_warned_about(folder: Folder) -> None:
    found = one(folder, "W435")
    assert (found.path, found.severity) == ("deception", "warning")


def test_nobody_is_warned_of_what_varies_while_people_are_there(folder: Folder) -> None:
    folder.change(
        "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}",
        "{unit: round, block_sizes: [2], at: formation}",
    )
    assert "W434" not in {problem.code for problem in check(folder.path)}


@pytest.mark.parametrize(
    ("said", "code", "path", "part"),
    [
        ("{item: tld, expected: {hidden: told_no, marked: told_yes}}", "E434", "item", "Did you mean told?"),
        ("{item: letters, expected: {hidden: same, marked: anew}}", "E434", "item", 'asks "letters"'),
        ("{item: told, expected: {hidden: told_no}}", "E202", "expected", 'no entry for level "marked"'),
        (
            "{item: told, expected: {hidden: told_no, marked: told_yes, loud: told_no}}",
            "E202",
            "expected",
            'no level "loud"',
        ),
        ("{item: told, expected: {hidden: never, marked: told_yes}}", "E435", "expected.hidden", '"never" cannot be'),
        ("{item: fair, expected: {hidden: [1, 2], marked: [6, 9]}}", "E435", "expected.marked", '"9" cannot be'),
    ],
)
def test_check_that_cannot_be_one(folder: Folder, said: str, code: str, path: str, part: str) -> None:
    checked(folder, said)
    found = one(folder, code)
    assert found.path == f"factors.label.check.{path}"
    assert part in f"{found.what} {found.remedy}"


def test_check_may_expect_several_answers_and_numbers(folder: Folder) -> None:
    checked(folder, "{item: fair, expected: {hidden: [1, 2, 3], marked: 7}}")
    assert folder.problems() == []


def test_item_that_two_stages_ask_is_no_check(folder: Folder) -> None:
    checked(folder, "{item: fair, expected: {hidden: 1, marked: 7}}")
    folder.change(AFTER, AFTER + AFTER.replace("id: after", "id: again"))
    assert "asked in 2 stages" in one(folder, "E434").what


def test_check_is_asked_when_the_level_holds(folder: Folder) -> None:
    checked(folder, "{item: early, expected: {hidden: 1, marked: 7}}")
    folder.write('- {id: early, type: rating, label: "How marked?"}\n', "early.yaml")
    folder.change("      - id: lobby\n", "      - {id: first, kind: survey, items: early.yaml}\n      - id: lobby\n")
    found = one(folder, "E436")
    assert (found.path, "before the level is given (at: formation)" in found.what) == ("factors.label.check.item", True)


def test_check_is_asked_of_everybody(folder: Folder) -> None:
    checked(folder, "{item: fair, expected: {hidden: 1, marked: 7}}")
    folder.change("{id: after, kind", "{id: after, when: {by: label, levels: [hidden]}, kind")
    found = one(folder, "E436")
    assert (found.path, "of some people only" in found.what) == ("factors.label.check.item", True)


@pytest.mark.parametrize(
    "said",
    [
        "{unit: round, block_sizes: [2], at: formation}",
        "{unit: group, block_sizes: [2], at: {round: 2}}",
    ],
)
def test_level_that_changes_on_the_way_has_no_later_check(folder: Folder, said: str) -> None:
    checked(folder)
    folder.change("{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}", said)
    assert one(folder, "E436").path == "factors.label.check"


@pytest.mark.parametrize(
    ("before", "code"), [(GAME, "E437"), ("      - id: lobby\n", "E437"), (AFTER, ""), (DEBRIEF, "")]
)
def test_funnel_comes_after_the_last_game(folder: Folder, before: str, code: str) -> None:
    folder.change(before, FUNNEL + before)
    found = [problem for problem in check(folder.path) if problem.code in {"E437", "E438", "E439"}]
    assert [problem.code for problem in found] == ([code] if code else [])
    if found:
        assert (found[0].path, 'before the game "game"' in found[0].what) == ("waves[main].stages[back]", True)


def test_funnel_comes_before_the_debrief(folder: Folder) -> None:
    folder.change(DEBRIEF, DEBRIEF + FUNNEL)
    assert 'after the debrief "debrief"' in one(folder, "E438").what


def test_funnel_has_one_order(folder: Folder) -> None:
    folder.change(AFTER, FUNNEL.replace("funnel.yaml", "funnel.yaml, shuffle: true") + AFTER)
    assert one(folder, "E439").path == "waves[main].stages[back].shuffle"


def test_check_before_the_funnel_tells_what_is_studied(folder: Folder) -> None:
    checked(folder, "{item: fair, expected: {hidden: 1, marked: 7}}")
    folder.change(DEBRIEF, FUNNEL + DEBRIEF)
    found = one(folder, "W436")
    assert (found.path, "asks fair, share_ai before the funnel" in found.what) == ("waves[main].stages[after]", True)


def test_check_on_the_condition_page_tells_nothing_new(folder: Folder) -> None:
    checked(folder)
    folder.change(AFTER, FUNNEL + AFTER)
    assert check(folder.path) == []


@pytest.mark.parametrize("what", ["type", "return"])
def test_survey_that_asks_who_is_an_ai_before_the_funnel_tells_what_is_studied(folder: Folder, what: str) -> None:
    folder.write(f'- {{id: guess, type: rating, label: "How likely?", belief: {{what: {what}}}}}\n', "guess.yaml")
    folder.change(AFTER, "      - {id: early, kind: survey, items: guess.yaml}\n" + FUNNEL + AFTER)
    found = [(one.path, "asks guess before" in one.what) for one in check(folder.path) if one.code == "W436"]
    assert found == ([("waves[main].stages[early]", True)] if what == "type" else [])


@pytest.mark.parametrize(
    ("parameters", "is_warned"),
    [
        ({}, True),  # after the last round
        ({"beliefs_about": "both"}, True),
        ({"beliefs_about": {"by": "label", "values": {"hidden": "return_only", "disclosed": "type"}}}, True),
        ({"beliefs_about": "return_only"}, False),
        ({"beliefs_ask": "none"}, False),
    ],
)
def test_game_that_asks_who_is_an_ai_before_the_funnel_tells_what_is_studied(
    tmp_path: Path, parameters: dict[str, Any], is_warned: bool
) -> None:
    def believing(said: dict[str, Any]) -> None:
        stage(said, "game")["parameters"] |= parameters

    found = [one for one in check(quick_study(tmp_path, change=believing)) if one.code == "W436"]
    assert [one.path for one in found] == (["waves[main].stages[game].parameters"] if is_warned else [])
    assert all("return_only" in one.remedy for one in found)
