"""Labels against what partners are, and who is shown them: what must be declared, and what pages must say."""

import pytest

from studies.definition import label_for, labels_for
from studies.schema_partners import Label, PersonPartner
from tests.studies.conftest import Folder
from tests.studies.test_study_ethics import DELAY, FALSE

HUMAN = 'label: {by: label, values: {hidden: "", marked: Person}}'
COMPUTER = 'label: {by: label, values: {hidden: "", marked: Program}}'
DRAW = "{draw: {Person: 1, Program: 1}}"
DEBRIEF = "{id: debrief, kind: debrief, page: pages/debrief.md}"
KNOWS = "who_knows: everybody"


def drawn(folder: Folder, person: str = DRAW, computer: str = DRAW) -> None:
    """Both partners' labels are drawn in the marked condition."""
    folder.change("marked: Person}", f"marked: {person}}}")
    folder.change("marked: Program}", f"marked: {computer}}}")


def declared(folder: Folder) -> None:
    """False labels are approved, and explained at the end."""
    folder.change(DELAY, DELAY + FALSE)


def test_drawn_labels_are_off_until_false_labels_are_declared(folder: Folder) -> None:
    drawn(folder)
    found = [problem for problem in folder.problems() if problem.code == "E211"]
    assert [problem.path for problem in found] == [
        "partners.person.label.values.marked",
        "partners.computer.label.values.marked",
    ]
    line = folder.text().splitlines().index("    " + HUMAN.replace("Person", DRAW)) + 1
    assert str(found[0]) == (
        f"E211 partners.person.label.values.marked (line {line}): is drawn whoever sits there, so it may say what is "
        "not true. Declare it: deception: [{what: false_label, approved_by: …, reference: …, debrief: …}]."
    )
    assert {problem.code for problem in folder.problems()} == {"E211"}
    declared(folder)
    assert folder.problems() == []


def test_label_may_be_drawn_in_every_condition(folder: Folder) -> None:
    folder.change(HUMAN, f"label: {DRAW}")
    folder.change(COMPUTER, f"label: {DRAW}")
    assert {problem.path for problem in folder.problems() if problem.code == "E211"} == {
        "partners.person.label.draw",
        "partners.computer.label.draw",
    }
    declared(folder)
    hidden = folder.text("pages/briefing_hidden.md")
    assert {problem.code for problem in folder.problems()} == {"W212"}, "the page of the other condition says nothing"
    folder.write(hidden + "\nEach player is marked *Person* or *Program*.\n", "pages/briefing_hidden.md")
    assert folder.problems() == []


def test_person_called_a_machine_is_a_false_label(folder: Folder) -> None:
    folder.change("marked: Person}", "marked: Robot}")
    assert [(p.path, p.what) for p in folder.problems() if p.code == "E406"] == [
        ("partners.person.label", "calls a person an AI.")
    ]


@pytest.mark.parametrize(
    "said", ["{}", "{all: A, draw: {A: 1, B: 1}}", "{by: label, values: {hidden: A, marked: B}, draw: {A: 1, B: 1}}"]
)
def test_label_is_said_in_one_way(folder: Folder, said: str) -> None:
    folder.change(HUMAN, f"label: {said}")
    assert folder.one("E202").path.startswith("partners.person.label")


@pytest.mark.parametrize("draw", ["{A: 1}", "{A: 0, B: 1}", "{A: 1.5, B: 1}", "{A: 1, B: -1}"])
def test_draw_has_labels_with_weights(folder: Folder, draw: str) -> None:
    drawn(folder, person=f"{{draw: {draw}}}")
    assert folder.one("E100").path.startswith("partners.person.label.values.marked.draw")


def test_unknown_key_of_a_draw_is_named(folder: Folder) -> None:
    drawn(folder, person="{drawn: {A: 1, B: 1}}")
    assert "Did you mean draw?" in folder.one("E101").remedy


def test_false_labels_need_a_debrief_that_tells_who_was_who(folder: Folder) -> None:
    declared(folder)
    folder.change(DEBRIEF, DEBRIEF.replace("}", ", reveals_partners: false}"))
    found = folder.one("E212")
    assert found.path == "waves[main].stages[debrief].reveals_partners"
    assert found.remedy == "Set reveals_partners: true."


@pytest.mark.parametrize("computer", ["{draw: {Person: 1, Program: 2}}", "{draw: {Person: 1, Machine: 1}}", "Program"])
def test_draws_that_are_not_alike_are_warned_of(folder: Folder, computer: str) -> None:
    drawn(folder, computer=computer)
    declared(folder)
    assert folder.one("W211").path == "partners.computer.label"


def test_weights_that_mean_the_same_are_alike(folder: Folder) -> None:
    drawn(folder, computer="{draw: {Program: 3, Person: 3}}")
    declared(folder)
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        ("{giver: all}", "told.who_knows", 'says nothing of the role "taker"'),
        ("{giver: all, tacker: own, taker: none}", "told.who_knows.tacker", "no group has such a role"),
    ],
)
def test_who_knows_is_said_of_every_role(folder: Folder, said: str, path: str, words: str) -> None:
    folder.change(KNOWS, f"who_knows: {said}")
    found = folder.one("E213")
    assert found.path == path
    assert words in found.what


@pytest.mark.parametrize("said", ["nobody", "{giver: none, taker: []}"])
def test_labels_that_nobody_is_shown_are_refused(folder: Folder, said: str) -> None:
    folder.change(KNOWS, f"who_knows: {said}")
    assert folder.one("E214").path == "told.who_knows"


@pytest.mark.parametrize(
    ("said", "path"),
    [("anybody", "told.who_knows"), ("{giver: some, taker: own}", "told.who_knows.giver"),
     ("{giver: [own, mine], taker: own}", "told.who_knows.giver[1]")],
)  # fmt: skip
def test_unknown_words_of_who_knows_are_refused(folder: Folder, said: str, path: str) -> None:
    folder.change(KNOWS, f"who_knows: {said}")
    assert folder.one("E100").path == path


def test_labels_that_no_page_explains_are_warned_of(folder: Folder) -> None:
    folder.write("# Your group\n\nEach player is marked *Person* or not.\n", "pages/briefing_marked.md")
    found = folder.one("W212")
    assert found.path == "partners.computer.label"
    assert found.what == '"Program" is shown to players under label=marked, but no page before the game says so.'


@pytest.mark.parametrize(
    ("knows", "sentence", "is_warned"),
    [
        ("everybody", "All players in your group see these marks.", False),
        ("{giver: others, taker: none}", "All players in your group see these marks.", True),
        ("{giver: others, taker: none}", "Every player sees the *labels*.", True),
        ("{giver: others, taker: none}", "Alle sehen diese Markierungen.", True),
        ("{giver: others, taker: none}", "Only the Giver sees these marks.", False),
        ("everybody", "Only the Giver sees these marks.", True),
        ("everybody", "Nur der Geber sieht die Bezeichnungen.", True),
        ("{giver: others, taker: none}", "All players see the result. Some players have marks.", False),
    ],
)
def test_page_that_says_otherwise_than_the_file_is_warned_of(
    folder: Folder, knows: str, sentence: str, is_warned: bool
) -> None:
    folder.change(KNOWS, f"who_knows: {knows}")
    folder.write(folder.text("pages/briefing_marked.md") + f"\n{sentence}\n", "pages/briefing_marked.md")
    assert [problem.path for problem in folder.problems()] == (["pages/briefing_marked.md"] if is_warned else [])
    assert folder.codes() == ({"W213"} if is_warned else set())


def test_label_under_a_level() -> None:
    label = Label.model_validate({"by": "label", "values": {"hidden": "", "marked": {"draw": {"Person": 2, "": 1}}}})
    partner = PersonPartner(occupant="person", label=label)
    assert label_for(partner, {"label": "hidden"}) == ""
    assert label_for(partner, {"label": "marked"}) is None
    assert labels_for(partner, {"label": "marked"}) == {"Person": 2, "": 1}
    assert label.words == ["Person"]
