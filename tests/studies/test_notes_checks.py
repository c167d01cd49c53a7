"""What a study file may say of models that take notes: each code, one way to cause it, and the ways that are sound."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from studies.check import check, check_folder
from studies.problems import Problem
from studies.schema_partners import AutomatedPartner
from studies.slots import study_slots
from tests.studies.conftest import Folder, forget_code
from tests.studies.test_study_memory import MODEL, with_model

SCRIBE = '{name: scripted/two, max_tokens: 900, daily_cost_usd: "0.00", run_by: Them}'
FACTS = f"{{kind: facts, max_facts: 5, noted_by: {{prompt: prompts/notes.md, model: {SCRIBE}}}}}"
AT = "partners.computer.memory"
QUIZ = """
- {id: talk, type: choice, label: Talk?, options: [{value: a, label: "Yes"}, {value: b, label: "No"}], correct: a}
"""


@pytest.fixture(autouse=True)
def chatting_is_installed(sharing_is_installed: None, settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    forget_code()
    yield
    forget_code()


@pytest.fixture
def folder(folder: Folder) -> Folder:
    """A study that nothing blocks, without the words of the game that it had before."""
    made = with_model(folder)
    made.write("Note what matters.", "prompts/notes.md")
    made.write("You talk. Some players may be programs.", "pages/instructions.md")
    made.write(QUIZ, "quiz.yaml")
    for page in ("give_giver", "give_taker", "result_giver", "result_taker"):
        (made.path / f"pages/game/{page}.md").unlink()
    for page in ("talk_talker", "answer_talker"):
        made.write("Say something.", f"pages/game/{page}.md")
    return made


def noting(folder: Folder, memory: str) -> list[Problem]:
    """What is said of the study once its partner's notes are taken so."""
    folder.change(MODEL, f"{MODEL}    memory: {memory}\n")
    return [one for one in check(folder.path) if one.code.startswith(("E1", "E6", "E88", "W88"))]


def by_level(hidden: str, marked: str) -> str:
    return f"{{by: label, values: {{hidden: {hidden}, marked: {marked}}}}}"


@pytest.mark.parametrize(
    "memory",
    [FACTS, FACTS.replace("facts, max_facts: 5", "summary"), by_level(FACTS, FACTS.replace("5", "9")),
     by_level(FACTS, "{kind: session}")],
)  # fmt: skip
def test_model_may_take_the_notes_of_each_rule_that_has_any(folder: Folder, memory: str) -> None:
    assert noting(folder, memory) == []


@pytest.mark.parametrize(
    ("memory", "code", "path", "words"),
    [
        (by_level(FACTS, "{kind: facts}"), "W880", f"{AT}.values", "rules by words and at another by scripted/two"),
        (FACTS.replace("900", "90"), "W881", f"{AT}.noted_by.model.max_tokens", "need about 100"),
        (FACTS.replace("{kind: facts, max_facts: 5", "{kind: full"), "E101", f"{AT}.noted_by", "unknown key"),
        (FACTS.replace("daily_cost_usd: \"0.00\", ", ""), "E504", f"{AT}.noted_by.model.daily_cost_usd", "is missing"),
        (FACTS.replace("notes.md", "note.md"), "E103", f"{AT}.noted_by.prompt", "prompts/note.md"),
    ],
)  # fmt: skip
def test_note_taker_that_cannot_be_is_named_with_its_place(
    folder: Folder, memory: str, code: str, path: str, words: str
) -> None:
    folder.change(MODEL, f"{MODEL}    memory: {memory}\n")
    found = [one for one in check(folder.path) if one.code == code]
    assert [(one.code, one.path) for one in found] == [(code, path)], [str(one) for one in check(folder.path)]
    assert words in str(found[0])
    assert found[0].remedy


def test_room_is_counted_at_the_level_where_it_is_short(folder: Folder) -> None:
    found = noting(folder, by_level(FACTS, FACTS.replace("max_facts: 5", "max_facts: 200")))
    assert [(one.code, one.path) for one in found] == [("W881", f"{AT}.values.marked.noted_by.model.max_tokens")]


def test_prompt_names_parameters_only(folder: Folder) -> None:
    folder.write("Note {{ nonsense }}.", "prompts/notes.md")
    found = noting(folder, FACTS)
    assert {(one.code, one.path) for one in found} == {("E603", "prompts/notes.md")}
    assert 'nothing is called "nonsense"' in found[0].what


def test_people_read_who_is_sent_what_they_write_and_are_owed_it(folder: Folder) -> None:
    noting(folder, FACTS)
    checked = check_folder(folder.path)
    assert checked.study is not None
    assert study_slots(checked.study)["ai_services"] == "Our own machine; Them"
    assert checked.files["prompts/notes.md"] == "Note what matters.", "it is frozen with the study"
    folder.change(", run_by: Them", "")
    silent = [one for one in check(folder.path) if one.path.endswith("noted_by.model.run_by")]
    assert [one.code for one in silent] == ["W451"]


def test_partner_names_its_note_takers(folder: Folder) -> None:
    noting(folder, by_level(FACTS, "{kind: session}"))
    checked = check_folder(folder.path)
    assert checked.study is not None
    partner = checked.study.partners["computer"]
    assert isinstance(partner, AutomatedPartner)
    assert [one.prompt for one in partner.note_takers] == ["prompts/notes.md"]
