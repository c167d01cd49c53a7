"""What a study file may say of memory: each code, one way to cause it, and the ways that are sound."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from pydantic import TypeAdapter, ValidationError

from studies.check import check
from studies.problems import Problem, StudyError
from studies.schema_memory import AnyMemory, FactsMemory, MemoryByLevel, rule_under
from tests.studies.conftest import Folder, forget_code

POLICY = "    occupant: policy\n    policies: [half]\n"
MODEL = """    occupant: model
    personas: [prompts/one.md]
    model: {name: scripted/one, daily_cost_usd: "0.00", run_by: Our own machine}
"""
FACTS, SESSION = "{kind: facts, max_facts: 5}", "{kind: session}"
BY_LABEL = "{by: label, values: {hidden: {kind: facts}, marked: {kind: session}}}"
AT = "partners.computer.memory"
TOLD = "partners.computer.told_about_memory"
OURS = ("E201", "E202", "E468", "E469", "E502", "E51", "W51", "E100", "E101", "E105")
SECOND_GAME = """      - {id: again, kind: game, experiment: chatting, pages: pages/game,
         on_timeout: {exit: inactive}, on_too_few: {exit: partners_left}}
"""


@pytest.fixture(autouse=True)
def chatting_is_installed(sharing_is_installed: None, settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    forget_code()
    yield
    forget_code()


@pytest.fixture
def folder(folder: Folder) -> Folder:
    return with_model(folder)


def with_model(folder: Folder) -> Folder:
    """One person talks twice with a model."""
    (folder.path / "prompts").mkdir()
    folder.write("You like to talk.", "prompts/one.md")
    folder.change(POLICY, MODEL)
    folder.change("      giver: {humans: 2}\n      taker: {humans: 1, ai: 1}\n", "      talker: {humans: 1, ai: 1}\n")
    folder.change("    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n", "")
    folder.change("experiment: sharing", "experiment: chatting")
    folder.change("        parameters: {rounds: 3, endowment: 12}\n", "")
    folder.change("{giver: 1, taker: 1}", "{talker: 1}")
    folder.change("      - {id: after,", SECOND_GAME + "      - {id: after,")
    return folder


def remember(folder: Folder, memory: str, *more: str) -> list[Problem]:
    """What is said of the study once its partner remembers so."""
    lines = "".join(f"    {line}\n" for line in (f"memory: {memory}", *more))
    folder.change(MODEL, MODEL + lines)
    return [one for one in check(folder.path) if one.code.startswith(OURS)]


@pytest.mark.parametrize(
    "memory",
    [FACTS, SESSION, BY_LABEL, "{kind: none}", "{kind: window}", "{kind: summary, chars: 400}", "{kind: full}"],
)
def test_every_rule_is_sound_where_one_person_is_met_twice(folder: Folder, memory: str) -> None:
    assert remember(folder, memory) == []


@pytest.mark.parametrize(
    ("memory", "code", "path", "words"),
    [
        ("{kind: fact}", "E100", AT, "Did you mean facts?"),
        ("{kind: facts, chars: 400}", "E101", f"{AT}.chars", "unknown key"),
        ("{kind: facts, max_facts: 0}", "E100", f"{AT}.max_facts", "at least 1"),
        ("{kind: window, messages: 9999}", "E100", f"{AT}.messages", "at most 400"),
        ("{by: lable, values: {hidden: {kind: none}}}", "E201", f"{AT}.by", 'factor "lable" does not exist'),
        ("{by: label, values: {hidden: {kind: none}}}", "E202", f"{AT}.values", 'no entry for level "marked"'),
        ("{by: label, values: {hidden: {kind: facts}, marked: {kind: facts}}}", "W510", f"{AT}.values", "nothing is"),
    ],
)
def test_rule_that_cannot_be_kept_is_refused_with_its_place(
    folder: Folder, memory: str, code: str, path: str, words: str
) -> None:
    found = remember(folder, memory)
    assert [(one.code, one.path) for one in found] == [(code, path)], [str(one) for one in found]
    assert words in str(found[0])
    assert found[0].remedy


@pytest.mark.parametrize("given", ["{unit: session, method: simple, at: entry}", "{unit: item, at: after}"])
def test_factor_that_changes_by_visit_or_item_decides_no_memory(folder: Folder, given: str) -> None:
    folder.change("{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}", given)
    found = [one for one in remember(folder, BY_LABEL) if one.code == "E519"]
    assert [one.path for one in found] == [f"{AT}.by"]
    assert "Give the factor by participant or group" in found[0].remedy


def test_what_lasts_needs_a_second_conversation(folder: Folder) -> None:
    folder.change(SECOND_GAME, "")
    found = remember(folder, BY_LABEL)
    assert [(one.code, one.path) for one in found] == [("E502", f"{AT}.values.hidden")]
    assert "facts needs more than one conversation" in found[0].what


def test_what_lasts_needs_one_person_and_one_seat(folder: Folder) -> None:
    folder.change("talker: {humans: 1, ai: 1}", "talker: {humans: 2, ai: 2}")
    found = remember(folder, "{kind: full}")
    assert {(one.code, one.path) for one in found} == {("E510", AT), ("E511", AT)}
    assert "meets 2 people at once" in next(one.what for one in found if one.code == "E510")


def test_memory_of_one_conversation_may_be_of_many_people(folder: Folder) -> None:
    folder.change("talker: {humans: 1, ai: 1}", "talker: {humans: 2, ai: 2}")
    assert remember(folder, SESSION) == []


def test_game_without_conversations_has_nothing_to_remember(folder: Folder) -> None:
    folder.write(folder.text().replace("experiment: chatting", "experiment: sharing"))
    assert [one.code for one in remember(folder, SESSION)] == ["E513"]


def say(folder: Folder, words: str) -> None:
    """Put a sentence on the page of instructions."""
    folder.write(folder.text("pages/instructions.md") + f"\n{words}\n", "pages/instructions.md")


def test_people_who_are_told_must_read_it(folder: Folder) -> None:
    found = remember(folder, FACTS, "told_about_memory: 'yes'")
    assert [(one.code, one.path) for one in found] == [("E515", TOLD)]
    say(folder, "The program remembers what you tell it.")
    assert [one.code for one in check(folder.path) if one.code.startswith(OURS)] == []


def test_people_who_are_told_nothing_must_not_read_it(folder: Folder) -> None:
    say(folder, "It will not forget you.")
    assert [(one.code, one.path) for one in remember(folder, FACTS)] == [("W511", TOLD)]


@pytest.mark.parametrize(
    ("memory", "told"), [(SESSION, "'yes'"), (FACTS, "'no'"), (BY_LABEL, "'yes'"), (BY_LABEL, "'no'")]
)
def test_what_is_not_true_is_not_told(folder: Folder, memory: str, told: str) -> None:
    say(folder, "The program remembers.")
    found = remember(folder, memory, f"told_about_memory: {told}")
    assert [(one.code, one.path) for one in found] == [("E514", TOLD)]


def test_what_people_are_told_differs_only_where_that_is_said(folder: Folder) -> None:
    told = "told_about_memory: {by: label, values: {hidden: 'yes', marked: 'no'}}"
    for level, words in (("hidden", "It remembers you."), ("marked", "It does not remember you.")):
        file = f"pages/briefing_{level}.md"
        folder.write(f"{folder.text(file)}\n{words}\n", file)
    found = remember(folder, BY_LABEL, told)
    assert [(one.code, one.path) for one in found] == [("E512", TOLD)]
    assert "differs_too: [told_about_memory]" in found[0].remedy
    folder.change(BY_LABEL, BY_LABEL.replace("}}}", "}}, differs_too: [told_about_memory]}"))
    assert [one.code for one in check(folder.path) if one.code.startswith(OURS)] == []


def test_saying_nothing_is_an_omission(folder: Folder) -> None:
    told = ', approved_by: ethics board, reference: "IRB-1", debrief: pages/debrief.md}\n'
    folder.change(f"  - {{what: omission{told}", "")
    assert [(one.code, one.path) for one in remember(folder, FACTS)] == [("W512", TOLD)]


VISIBLE = "partners.computer.past_transcript_visible"


def test_earlier_conversations_may_be_shown_at_every_level_of_memory(folder: Folder) -> None:
    assert remember(folder, BY_LABEL, "past_transcript_visible: true") == []


def test_earlier_conversations_differ_with_memory_only_where_that_is_said(folder: Folder) -> None:
    visible = "past_transcript_visible: {by: label, values: {hidden: true, marked: false}}"
    found = remember(folder, BY_LABEL, visible)
    assert [(one.code, one.path) for one in found] == [("E468", VISIBLE)]
    folder.change(BY_LABEL, BY_LABEL.replace("}}}", "}}, differs_too: [told_about_memory]}"))
    assert "E468" in {one.code for one in check(folder.path)}, "that is something else"
    folder.change("differs_too: [told_about_memory]", "differs_too: [past_transcript_visible]")
    assert [one.code for one in check(folder.path) if one.code.startswith(OURS)] == []


@pytest.mark.parametrize(
    ("values", "codes"),
    [("{hidden: true}", ["E202"]), ("{hidden: true, marked: false, loud: true}", ["E202"]), ("{}", ["E100"])],
)
def test_every_level_says_whether_they_are_shown(folder: Folder, values: str, codes: list[str]) -> None:
    found = remember(folder, SESSION, f"past_transcript_visible: {{by: label, values: {values}}}")
    assert [one.code for one in found] == codes


def test_there_must_be_something_to_read(folder: Folder) -> None:
    folder.change(SECOND_GAME, "")
    found = remember(folder, SESSION, "past_transcript_visible: true")
    assert [(one.code, one.path) for one in found] == [("E469", VISIBLE)]


def test_they_belong_to_one_person(folder: Folder) -> None:
    folder.change("talker: {humans: 1, ai: 1}", "talker: {humans: 2, ai: 2}")
    found = remember(folder, SESSION, "past_transcript_visible: true")
    assert [(one.code, one.path) for one in found] == [("E510", VISIBLE), ("E511", VISIBLE)]
    assert found[0].remedy.endswith("or write false.")


def given_away(folder: Folder) -> list[str]:
    return [one.path for one in check(folder.path) if one.code == "E470"]


def test_they_give_away_a_hidden_program_where_people_meet_people(folder: Folder) -> None:
    remember(folder, SESSION, "past_transcript_visible: {by: label, values: {hidden: false, marked: true}}")
    assert given_away(folder) == [], "nobody meets a person in this study"
    two = "groups:\n  people:\n    roles:\n      talker: {humans: 2}\n    partners: {human: person}\n"
    folder.change("groups:\n", two)
    assert given_away(folder) == [VISIBLE]
    folder.change('hidden: "", marked: Program', 'hidden: "Program", marked: Program')
    assert given_away(folder) == [], "the label says it anyway"


def test_factor_that_is_given_item_by_item_holds_in_no_conversation(folder: Folder) -> None:
    folder.change(
        "factors:\n  label: {levels: [hidden, marked]}\n",
        "factors:\n  label: {levels: [hidden, marked]}\n  tone: {levels: [plain, warm]}\n",
    )
    folder.change("conditions: {cross: [label]}", "conditions: {cross: [label, tone]}")
    folder.change(
        "allocation: {unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}",
        "allocation:\n  - {factors: [label], unit: group, block_sizes: [2, 4], at: formation}\n"
        "  - {factors: [tone], unit: item, method: simple, at: after}",
    )
    found = remember(folder, SESSION, "past_transcript_visible: {by: tone, values: {plain: true, warm: false}}")
    assert [(one.code, one.path) for one in found] == [("E469", f"{VISIBLE}.by")]


def test_rule_of_a_level_is_that_of_the_file() -> None:
    memory = TypeAdapter(AnyMemory).validate_python(
        {"by": "label", "values": {"hidden": {"kind": "facts", "max_facts": 3}, "marked": {"kind": "none"}}}
    )
    assert isinstance(memory, MemoryByLevel)
    assert rule_under(memory, {"label": "hidden", "other": "x"}) == FactsMemory(kind="facts", max_facts=3)
    with pytest.raises(StudyError, match='not for ""') as error:
        rule_under(memory, {"other": "x"})
    assert error.value.code == "level_missing"
    with pytest.raises(ValidationError):
        TypeAdapter(AnyMemory).validate_python({"kind": "facts", "by": None, "max_facts": True})
