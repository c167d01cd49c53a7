"""Parameters that a factor decides: what is refused, what is frozen, and what holds for a group of each level."""

from collections.abc import Callable

import pytest

from exports.codebook import version_rows
from studies import definition
from studies.models import Version
from studies.problems import StudyError
from studies.services import change_parameters
from studies.slots import slots
from studies.varied import combinations, under, varied
from tests.studies.conftest import Folder

PLAIN = "parameters: {rounds: 3, endowment: 12}"
VARIED = "parameters: {rounds: 3, endowment: {by: label, values: {hidden: 12, marked: 20}}}"
AT = "waves[main].stages[game].parameters.endowment"
BY_GROUP = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"


def values(said: str) -> str:
    """The game's parameters with another entry for the endowment."""
    return f"parameters: {{rounds: 3, endowment: {said}}}"


def settle(folder: Folder) -> None:
    """Take out of the pages before the game what differs between levels."""
    for file in ("pages/instructions.md", "quiz.yaml"):
        text = folder.text(file)
        for slot, value in (("endowment", 12), ("half", 6), ("endowment - half", 6)):
            text = text.replace(f'"{{{{ {slot} }}}}"', str(value)).replace(f"{{{{ {slot} }}}}", str(value))
        folder.write(text, file)


@pytest.mark.parametrize(
    ("said", "code", "path", "what"),
    [
        ("{by: lable, values: {hidden: 12, marked: 20}}", "E201", f"{AT}.by", 'factor "lable" does not exist'),
        ("{by: label, values: {hidden: 12}}", "E202", f"{AT}.values", 'no entry for level "marked"'),
        ("{by: label, values: {hidden: 1, marked: 2, open: 3}}", "E202", f"{AT}.values.open", 'no level "open"'),
        (
            "{by: label, values: {hidden: 12, marked: 0}}",
            "E100",
            f"{AT}.values.marked",
            "got 0. Write a number of at least 1.",
        ),
        ("{by: label, values: {hidden: many, marked: 9}}", "E100", f"{AT}.values.hidden", "valid integer"),
        ("{by: label}", "E217", AT, "is not {by: FACTOR, values: {LEVEL: VALUE}}"),
        ("{by: label, values: {hidden: 12, marked: 20}, all: 3}", "E217", AT, "is not {by: FACTOR"),
    ],
)
def test_what_is_no_value_for_each_level_is_refused(folder: Folder, said: str, code: str, path: str, what: str) -> None:
    folder.change(PLAIN, values(said))
    found = folder.one(code)
    assert found.path == path
    assert what in f"{found.what} {found.remedy}"
    assert found.remedy


def test_value_for_each_level_is_sound(folder: Folder) -> None:
    folder.change(PLAIN, VARIED)
    settle(folder)
    assert {problem.code for problem in folder.problems() if problem.severity == "error"} == set()


@pytest.mark.parametrize(
    ("allocation", "given"),
    [
        ("{unit: participant, meets: anybody, block_sizes: [2], at: entry}", "participant"),
        ("{unit: participant, block_sizes: [2], at: {session: 1}}", "participant session 1"),
        ("{unit: round, block_sizes: [2], at: formation}", "round"),
        ("{unit: pair, block_sizes: [2], at: formation}", "pair"),
    ],
)
def test_factor_that_is_not_of_whole_groups_cannot_decide(folder: Folder, allocation: str, given: str) -> None:
    folder.change(PLAIN, VARIED)
    folder.change(BY_GROUP, allocation)
    found = folder.one("E218")
    assert found.path == f"{AT}.by"
    assert f'"label" is given by {given}' in found.what


def test_factor_of_people_who_meet_their_like_may_decide(folder: Folder) -> None:
    folder.change(PLAIN, VARIED)
    folder.change(BY_GROUP, "{unit: participant, block_sizes: [2], at: entry}")
    assert "E218" not in folder.codes()


def test_factor_that_is_given_anew_in_a_round_cannot_decide(folder: Folder) -> None:
    folder.change(PLAIN, VARIED)
    again = "{factors: [label], unit: group, block_sizes: [2], at: {round: 2}}"
    folder.change(BY_GROUP, f"[{BY_GROUP[:-1]}, factors: [label]}}, {again}]")
    assert "given by group round 2" in folder.one("E218").what


def test_page_outside_the_game_cannot_name_what_differs(folder: Folder) -> None:
    folder.change(PLAIN, VARIED)
    found = [problem for problem in folder.problems() if problem.code == "E603"]
    assert any(problem.path == "pages/instructions.md" for problem in found)
    assert all('nothing is called "' in problem.what for problem in found)
    settle(folder)
    assert "E603" not in folder.codes()


@pytest.fixture
def varied_version(frozen: Callable[..., Version], folder: Folder) -> Version:
    """The test study with an endowment for each level."""
    settle(folder)
    return frozen(PLAIN, VARIED)


def test_levels_and_defaults_are_frozen_and_each_group_has_its_own(varied_version: Version) -> None:
    game = definition.game(varied_version, "game")
    assert game.parameters == {
        "rounds": 3,
        "endowment": {"by": "label", "values": {"hidden": 12, "marked": 20}},
        "give_seconds": 60,
    }
    for condition, endowment in (("label=hidden", 12), ("label=marked", 20)):
        found = definition.parameters(varied_version, "game", condition)
        assert (found.named("rounds"), found.named("endowment"), found.named("half")) == (3, endowment, endowment / 2)


def test_group_without_the_level_is_refused_by_name(varied_version: Version) -> None:
    with pytest.raises(StudyError) as refused:
        definition.parameters(varied_version, "game")
    assert refused.value.code == "level_missing"
    assert "label=hidden, label=marked" in str(refused.value)


def test_slots_outside_the_game_are_those_that_every_level_shares(varied_version: Version) -> None:
    found = slots(varied_version)
    assert found["rounds"] == 3
    assert not {"endowment", "half"} & set(found)


def test_codebook_has_a_row_for_each_level_and_one_for_what_they_share(varied_version: Version) -> None:
    rows = [row for row in version_rows(varied_version) if row["entry"] in ("parameter", "derived", "field")]
    found = {(row["name"], row["levels"]): row for row in rows}
    assert (found["endowment", "label=hidden"]["value"], found["endowment", "label=marked"]["value"]) == (12, 20)
    assert found["given", "label=marked"]["allowed_values"] == "0 to 20"
    assert {levels for name, levels in found if name == "rounds"} == {""}
    assert {levels for name, levels in found if name == "note"} == {""}


def test_other_parameters_can_be_changed_and_the_factor_stays(varied_version: Version) -> None:
    study = varied_version.study
    newest = change_parameters(study, stage="game", values={"rounds": 2}, reason="shorter")
    assert definition.game(newest, "game").parameters["endowment"] == {
        "by": "label",
        "values": {"hidden": 12, "marked": 20},
    }


def test_combinations_cross_the_factors_that_decide() -> None:
    said = {"a": 1, "b": {"by": "x", "values": {"p": 1, "q": 2}}, "c": {"by": "y", "values": {"r": 3, "s": 4}}}
    assert set(varied(said)) == {"b", "c"}
    found = combinations(said, {"x": ["p", "q"], "y": ["r", "s"], "z": ["t", "u"]})
    assert found == [{"x": x, "y": y} for x in "pq" for y in "rs"]
    assert under(said, {"x": "q", "y": "r", "z": "t"}) == {"a": 1, "b": 2, "c": 3}
    assert combinations({"a": 1}, {"x": ["p", "q"]}) == [{}]
