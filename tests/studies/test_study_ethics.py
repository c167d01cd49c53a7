"""What hides or misnames a partner must be declared, and a debrief must explain it."""

import shutil
from pathlib import Path

import pytest

from tests.machinery.quick import SHIPPED
from tests.studies.conftest import Folder

OMISSION = '  - {what: omission, approved_by: ethics board, reference: "IRB-1", debrief: pages/debrief.md}\n'
DELAY = '  - {what: delay, approved_by: ethics board, reference: "IRB-1", debrief: pages/debrief.md}\n'
FALSE = '  - {what: false_label, approved_by: ethics board, reference: "IRB-1", debrief: pages/debrief.md}\n'
COMPUTER = 'label: {by: label, values: {hidden: "", marked: Program}}'
DEBRIEF = "{id: debrief, kind: debrief, page: pages/debrief.md}"
DEFLECT, CONSTANT = "    asked_if_ai: deflect", "\n    delay: {min_s: 5, max_s: 5}"
VARYING = "\n    delay: {min_s: 2, max_s: 25}"


def open_labels(folder: Folder) -> None:
    """Nothing is hidden in any condition."""
    folder.change('values: {hidden: "", marked: Person}', "values: {hidden: Player, marked: Person}")
    folder.change('values: {hidden: "", marked: Program}', "values: {hidden: A program, marked: Program}")
    folder.write("# Your group\n\nEach is called *Player* or *A program*.\n", "pages/briefing_hidden.md")
    folder.change("deception:\n" + OMISSION + DELAY, "")


def test_open_labels_and_a_constant_delay_need_no_declaration(folder: Folder) -> None:
    open_labels(folder)
    folder.change(DEFLECT, DEFLECT + CONSTANT)
    assert folder.problems() == []


def test_unless_declared_the_pace_under_an_open_label_is_constant(folder: Folder) -> None:
    open_labels(folder)
    assert folder.problems() == []


def test_human_pace_is_warned_about_under_an_open_label_too(folder: Folder) -> None:
    open_labels(folder)
    folder.change(DEFLECT, DEFLECT + VARYING)
    found = folder.one("W458")
    assert (found.path, found.severity) == ("partners.computer.delay", "warning")
    assert "min_s: 3, max_s: 3" in found.remedy
    folder.change("told: {ai", f"deception:\n{DELAY}told: {{ai")
    assert folder.problems() == []


def test_hidden_labels_need_an_omission_and_a_delay(folder: Folder) -> None:
    folder.change("deception:\n" + OMISSION + DELAY, "")
    found = [problem for problem in folder.problems() if problem.code == "E406"]
    assert {problem.path for problem in found} == {"partners.computer.label", "partners.computer.delay"}
    assert any("{what: omission, approved_by" in problem.remedy for problem in found)


def test_same_label_for_all_hides_too(folder: Folder) -> None:
    open_labels(folder)
    folder.change("hidden: A program", "hidden: Player")
    assert {problem.path for problem in folder.problems()} == {"partners.computer.label", "partners.computer.delay"}


def test_constant_delay_imitates_nobody(folder: Folder) -> None:
    folder.change(DELAY, "")
    folder.change(DEFLECT, DEFLECT + CONSTANT)
    assert folder.problems() == []


def test_false_label_is_refused_unless_declared(folder: Folder) -> None:
    folder.change("marked: Program}", "marked: Person}")
    assert "what a person is called" in folder.one("E406").what
    folder.change(DELAY, DELAY + FALSE)
    assert folder.problems() == []


def test_denying_needs_a_declaration(folder: Folder) -> None:
    folder.change("asked_if_ai: deflect", "asked_if_ai: deny")
    assert folder.one("E406").path == "partners.computer.asked_if_ai"


def test_stand_in_labelled_as_a_person_needs_a_declaration(folder: Folder) -> None:
    folder.change("label_as: computer", "label_as: person")
    assert folder.one("E406").path == "groups.pair.fill.label_as"


@pytest.mark.parametrize(("label", "passes"), [("Program", True), ("", False)])
def test_stand_in_without_a_label_passes_for_a_person_where_programs_have_one(
    folder: Folder, label: str, passes: bool
) -> None:
    folder.change('values: {hidden: "", marked: Person}', 'values: {hidden: "", marked: ""}')
    folder.change(COMPUTER, f'label: {{all: "{label}"}}')
    folder.change("label_as: computer", "label_as: person")
    found = [(one.path, "what: false_label" in one.remedy) for one in folder.problems() if one.code == "E406"]
    assert found == ([("groups.pair.fill.label_as", True)] if passes else [])


@pytest.mark.parametrize(
    ("knows", "is_hidden"),
    [
        ("{giver: none, taker: all}", True),
        ("{giver: own, taker: all}", True),
        ("{giver: [partners], taker: none}", False),  # no taker meets an automated seat
        ("{giver: others, taker: own}", False),
    ],
)
def test_label_that_a_role_is_not_shown_hides_what_it_meets(folder: Folder, knows: str, is_hidden: bool) -> None:
    open_labels(folder)
    folder.change("who_knows: everybody", f"who_knows: {knows}")
    found = {problem.path: problem for problem in folder.problems() if problem.code == "E406"}
    assert set(found) == ({"told.who_knows", "partners.computer.delay"} if is_hidden else set())
    assert not is_hidden or '"giver"' in found["told.who_knows"].what


@pytest.mark.parametrize(
    ("knows", "hidden_from"), [("{selector: others, candidate: own}", '"candidate"'), ("everybody", "")]
)
def test_rival_whose_label_is_not_shown_is_hidden_too(tmp_path: Path, knows: str, hidden_from: str) -> None:
    shutil.copytree(SHIPPED, tmp_path / "studies")
    folder = Folder(tmp_path / "studies" / "main")
    text = folder.text()
    start, end = text.index("deception:"), text.index("told:")
    folder.write(text[:start] + text[end:])
    folder.change("who_knows: everybody", f"who_knows: {knows}")
    folder.change('values: {hidden: "", disclosed: Person}', "values: {hidden: Person, disclosed: Person}")
    folder.change('values: {hidden: "", disclosed: AI}', "values: {hidden: AI, disclosed: AI}")
    found = [problem.what for problem in folder.problems() if problem.code == "E406"]
    assert len(found) == (2 if hidden_from else 0), found
    assert any(hidden_from in what for what in found) == bool(hidden_from)


def test_ai_that_nobody_is_told_of_is_false_and_not_only_left_out(folder: Folder) -> None:
    folder.change("ai_may_be_present: true", "ai_may_be_present: false")
    found = folder.one("E406")
    assert (found.path, "what: false_label" in found.remedy) == ("told.ai_may_be_present", True)
    folder.change(DELAY, DELAY + FALSE)
    folder.change(DEBRIEF, DEBRIEF.replace("}", ", reveals_partners: false}"))
    assert folder.one("E212").path.endswith("reveals_partners"), "so the truth is told in the end"


@pytest.mark.parametrize("entry", [OMISSION, DELAY, FALSE])
def test_whoever_is_told_of_a_deception_may_have_their_data_deleted(folder: Folder, entry: str) -> None:
    folder.change(OMISSION + DELAY, entry)
    folder.change(DEBRIEF, DEBRIEF.replace("}", ", offer_data_withdrawal: false}"))
    found = folder.one("E458")
    assert found.path == "waves[main].stages[debrief].offer_data_withdrawal"
    assert "offer_data_withdrawal: true" in found.remedy


def test_where_nothing_is_hidden_the_debrief_may_offer_no_deletion(folder: Folder) -> None:
    open_labels(folder)
    folder.change(DEBRIEF, DEBRIEF.replace("}", ", offer_data_withdrawal: false}"))
    assert not {one.code for one in folder.problems() if one.severity == "error"}


def test_ai_that_is_never_there_is_warned_about_unless_declared(folder: Folder) -> None:
    folder.change("taker: {humans: 1, ai: 1}", "taker: {humans: 2}")
    folder.change("    fill: {", "    # fill: {")
    found = [problem for problem in folder.problems() if problem.code == "W454"]
    assert [problem.path for problem in found] == ["told.ai_may_be_present"]
    folder.change("what: omission", "what: false_label")
    assert "W454" not in {problem.code for problem in folder.problems()}


@pytest.mark.parametrize("stage", ["      - {id: debrief, kind: debrief, page: pages/debrief.md}\n"])
def test_deception_without_debrief_is_refused(folder: Folder, stage: str) -> None:
    folder.change(stage, "")
    found = [problem for problem in folder.problems() if problem.code == "E406"]
    assert [problem.path for problem in found] == ["deception[0].debrief", "deception[1].debrief"]


def test_automated_partner_must_say_what_it_answers(folder: Folder) -> None:
    folder.change("    asked_if_ai: deflect\n", "")
    assert folder.one("E105").path == "partners.computer.asked_if_ai"


MODEL = """    occupant: model
    personas: [prompts/fair.md]
    model: {name: stub/fair, daily_cost_usd: "0.00", price: {input: "0", output: "0"}, run_by: the lab itself}
"""


def with_model(folder: Folder, prompt: str) -> None:
    folder.change("    occupant: policy\n    policies: [half]\n", MODEL)
    (folder.path / "prompts").mkdir()
    folder.write(prompt, "prompts/fair.md")
    folder.write(folder.text("pages/consent.md") + "AI service: {{ ai_services }}.\n", "pages/consent.md")


def test_model_is_a_partner(folder: Folder) -> None:
    with_model(folder, "You have {{ endowment }} points. Be fair.")
    assert folder.problems() == []


def test_persona_names_parameters_only(folder: Folder) -> None:
    with_model(folder, "You are in a study that takes {{ minutes }} minutes.")
    assert folder.one("E603").path == "prompts/fair.md"


def test_missing_persona_is_named(folder: Folder) -> None:
    with_model(folder, "Be fair.")
    (folder.path / "prompts/fair.md").unlink()
    assert folder.one("E103").path == "partners.computer.personas[0]"


def test_model_without_a_cost_limit_is_refused(folder: Folder) -> None:
    with_model(folder, "Be fair.")
    folder.change(', daily_cost_usd: "0.00"', "")
    assert folder.one("E504").path == "partners.computer.model.daily_cost_usd"


@pytest.mark.parametrize("name", ["fair", "/fair", "stub/", "' /fair'"])
def test_model_whose_provider_is_not_said_is_refused(folder: Folder, name: str) -> None:
    with_model(folder, "Be fair.")
    folder.change("name: stub/fair", f"name: {name}")
    assert folder.one("E845").path == "partners.computer.model.name"


@pytest.mark.parametrize(
    "name",
    ["'huggingface/https://evil.example'", "'oobabooga/http://169.254.169.254/'", "'openai/a b'", '"openai/a\\\\b"'],
)
def test_model_whose_name_is_an_address_is_refused(folder: Folder, name: str) -> None:
    with_model(folder, "Be fair.")
    folder.change("name: stub/fair", f"name: {name}")
    found = folder.one("E845")
    assert (found.path, "is an address" in found.what) == ("partners.computer.model.name", True)


def test_address_in_the_name_of_the_model_that_is_asked_instead_is_refused(folder: Folder) -> None:
    with_model(folder, "Be fair.")
    other = 'on_failure: {fallback: {model: {name: "huggingface/https://evil.example", daily_cost_usd: "0.00"}}}'
    folder.change(MODEL, f"{MODEL}    {other}\n")
    assert folder.one("E845").path == "partners.computer.on_failure.fallback.model.name"


def test_people_are_told_who_runs_the_model(folder: Folder) -> None:
    with_model(folder, "Be fair.")
    folder.change("AI service: {{ ai_services }}.", "AI service: a company.", "pages/consent.md")
    assert "who runs the AI service" in folder.one("W451").what
    folder.change(", run_by: the lab itself", "")
    found = folder.one("W451")
    assert found.path == "partners.computer.model.run_by"
    assert "who is sent what they write" in found.what


@pytest.mark.parametrize("label", ["AI", "an ai player", "Computer", "machine 2"])
def test_rule_that_is_called_ai_is_warned_of(folder: Folder, label: str) -> None:
    folder.change("marked: Program}", f"marked: {label}}}")
    found = folder.one("W409")
    assert (found.path, found.severity) == ("partners.computer.label", "warning")
    assert "decides by a rule of the experiment" in found.what


def test_declared_false_label_and_a_model_called_ai_are_not_warned_of(folder: Folder) -> None:
    folder.change("marked: Program}", "marked: AI}")
    folder.write("# Your group\n\nEach player is marked *Person* or *AI*.\n", "pages/briefing_marked.md")
    text = folder.text()
    folder.change(DELAY, DELAY + FALSE)
    assert folder.problems() == []
    folder.write(text)
    with_model(folder, "Be fair.")
    assert folder.problems() == []
