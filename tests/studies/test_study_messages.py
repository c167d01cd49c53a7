"""What else a code may say: each other way to cause it, where it is said to be, and the words that name the remedy."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree

import pytest

from studies import registry
from studies.problems import errors
from tests.studies.conftest import Folder

LONGITUDINAL = Path(__file__).parents[2] / "experiments" / "longitudinal_chat" / "studies"
BOTH = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"
SEATS = "giver: {humans: 2}\n      taker: {humans: 1, ai: 1}"
LABEL = 'label: {by: label, values: {hidden: "", marked: Program}}'

SAID = [
    # code, old, new, path, part of the text
    ("E006", "", "- a list\n", "study.yaml", "Begin with `schema: study/1`."),
    ("E201", "cross: [label]", "cross: [label, lable]", "conditions.cross[1]", "Did you mean label?"),
    ("E202", LABEL, "label: {}", "partners.computer.label", 'Write {all: "…"}, {by: …'),
    ("E202", LABEL, LABEL.replace("values", "all: Player, values"), "partners.computer.label.all", "Keep one"),
    ("E202", LABEL, LABEL.replace("marked:", "market: X, marked:"), "partners.computer.label.values.market", "marked?"),
    ("E206", "cross: [label]", "cross: [label, label]", "conditions.cross[1]", "stands twice"),
    ("E206", "[hidden, marked]", "[hidden, marked, marked]", "factors.label.levels", "a level stands twice"),
    ("E207", BOTH, f"[{BOTH.replace('{unit', '{factors: [label, label], unit')}]", "allocation[0].factors[1]",
     "Keep one"),
    ("E402", "on_decline: {exit: declined}", "on_decline: {exit: decline}",
     "waves[main].stages[consent].on_decline.exit", "Did you mean declined?"),
    ("E402", "on_timeout: {exit: no_group}", "on_timeout: {exit: alone}", "waves[main].stages[lobby].on_timeout.exit",
     "There are: "),
    ("E402", "exit: inactive}", "exit: inactve}", "waves[main].stages[game].on_timeout.exit", "Did you mean inactive?"),
    ("E402", "exit: partners_left}", "exit: partner_left}", "waves[main].stages[game].on_too_few.exit",
     "partners_left?"),
    ("E403", SEATS, "giver: {ai: 2}\n      taker: {ai: 1}", "waves[main].stages[lobby].forms", "Give a role humans."),
    ("E408", "ticks: [", "ticks: [{id: take_part, label: Once more}, ", "waves[main].stages[consent].ticks",
     "Give each its own."),
    ("E408", "id: instructions, kind", "id: exits, kind", "waves[main].stages[exits].id",
     '"exits" is the name of pages that belong to no stage'),
    ("E408", "id: instructions, kind", "id: between_visits, kind", "waves[main].stages[between_visits].id",
     "Give the stage another id."),
    ("E409", "exit: inactive}", "exit: inactive, impute: {gave: {given: 0}}}",
     "waves[main].stages[game].on_timeout.impute.gave", "Did you mean give?"),
    ("E409", "exit: inactive}", "exit: inactive, impute: {give: {given: 99}}}",
     "waves[main].stages[game].on_timeout.impute.give.given", "Name a value that a person could give."),
    ("E501", "label_as: computer", "label_as: compuer", "groups.pair.fill.label_as", "Did you mean computer?"),
    ("E501", SEATS, "giver: {humans: 0}\n      taker: {humans: 0}", "groups.pair.roles", "Give a role humans or ai."),
    ("E501", "{human: person, ai: computer}", "{human: person}", "groups.pair.partners.ai", "no partner fills them"),
    ("E501", "{human: person, ai: computer}", "{human: computer, ai: computer}", "groups.pair.partners.human",
     "A human seat needs occupant person"),
    ("E506", "{giver: 1, taker: 1}", "{giver: 3, taker: 1}", "waves[main].stages[game].min_active.giver", "Lower it."),
    ("E506", "{giver: 1, taker: 1}", "{giver: 1, tker: 1}", "waves[main].stages[game].min_active.tker", "taker?"),
    ("E604", 'failed_quiz: {pay: fixed, amount: "0.50",', "failed_quiz: {pay: fixed,", "exits.failed_quiz",
     "Add amount"),
    ("E604", "completed: {pay: full,", 'completed: {pay: full, amount: "1.00",', "exits.completed.amount",
     "Use pay: fixed or remove it."),
    ("E605", 'base: "4.00"', 'base: "4.005"', "payments.base", "Round it."),
    ("E605", 'max: "6.00"}', 'max: "6.001"}', "payments.points.max", "Round it."),
    ("W407", 'no_group: {pay: fixed, amount: "1.00",', "no_group: {pay: none,", "waves[main].stages[lobby].on_timeout",
     "Waiting people must be paid."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "old", "new", "path", "words"), SAID)
def test_other_ways_to_cause_a_code_name_place_and_remedy(
    folder: Folder, code: str, old: str, new: str, path: str, words: str
) -> None:
    if old:
        folder.change(old, new)
    else:
        folder.write(new)
    found = [problem for problem in folder.problems() if (problem.code, problem.path) == (code, path)]
    assert len(found) == 1, [str(problem) for problem in folder.problems()]
    assert words in str(found[0])
    assert found[0].remedy
    assert found[0].line is not None


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("asked_if_ai: lie", "Choose 'admit', 'deflect' or 'deny'"),
        ("asked_if_ai: admit\n    delivery: {bubbles: 50}", "got 50. Write a number of at most 6."),
        ("asked_if_ai: admit\n    delivery: {debounce_s: -1}", "got -1. Write a number of at least 0"),
        ("asked_if_ai: admit\n    delivery: many", 'got "many". Write its entries by their names'),
        ("asked_if_ai: admit\n    may_stay_silent: perhaps", 'got "perhaps". Write true or false.'),
        ("asked_if_ai: admit\n    wizard: true", "Write its entries by their names"),
    ],
)
def test_one_wrong_word_of_a_partner_is_all_that_is_said(tmp_path: Path, new: str, words: str) -> None:
    """What only follows from it, such as slots and items that cannot be filled yet, would send people elsewhere."""
    copytree(LONGITUDINAL, tmp_path / "studies")
    folder = Folder(tmp_path / "studies" / "seven_chats")
    folder.change("asked_if_ai: admit", new)
    (found,) = errors(folder.problems())
    assert found.code == "E100"
    assert words in str(found)


ITEMS = [
    ("E408", "{value: anew, label:", "{value: same, label:", "[letters].options", "Give each its own."),
    ("E414", "- id: keep\n", "- id: keep\n  required: false\n", "[keep].required", "Remove required: false."),
    ("E415", "low: 0\n", "low: 12\n", "[keep].high", "Mend the bounds."),
    ("E415", 'correct: "{{ endowment - half }}"', "correct: 99", "[keep].correct", "Choose from 0 to 12."),
    (
        "E202",
        "- id: keep\n",
        "- id: keep\n  wordings: {hidden: How many do you keep}\n",
        "[keep].wordings",
        "Name the factor",
    ),
]


@pytest.mark.parametrize(("code", "old", "new", "path", "words"), ITEMS)
def test_other_ways_to_spoil_an_item(folder: Folder, code: str, old: str, new: str, path: str, words: str) -> None:
    folder.change(old, new, "quiz.yaml")
    found = folder.one(code)
    assert found.path == f"quiz.yaml: {path}"
    assert words in str(found)
    assert found.line is not None


def test_square_of_nothing_has_no_order(folder: Folder) -> None:
    folder.change("cross: [label]", "cross: []")
    folder.change(BOTH, "{unit: round, method: latin_square, at: formation}")
    found = folder.one("E209")
    assert (found.path, found.remedy) == ("allocation.method", "Name a factor.")


def test_page_of_a_condition_that_is_given_later_is_refused(folder: Folder) -> None:
    folder.change(BOTH, "{unit: participant, block_sizes: [2], at: after}")
    said = [problem for problem in folder.problems() if problem.path == "waves[main].stages[briefing]"]
    assert [problem.code for problem in said] == ["E204"]
    assert 'people come to "briefing" before they are allocated' in said[0].what
    assert "Move it behind that stage" in said[0].remedy


def spoiled(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """The experiment of the test study, with something wrong in its code."""
    broken = replace(registry.experiment("sharing"), **fields)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "experiment", cache(lambda _: broken))


def test_experiment_that_names_no_number_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled(monkeypatch, void_points="pot")
    found = folder.one("E507")
    assert found.path == "waves[main].stages[game].experiment"
    assert 'void_points names "pot"' in found.what


def test_pairing_that_breaks_is_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled(monkeypatch, pairing=lambda matching: [matching.seats[99]])
    found = folder.one("E404")
    assert "IndexError" in found.what
    assert "mend the pairing rule" in found.remedy
