"""What a study file may say of people behind the curtain, and what it must declare and tell."""

import pytest

from tests.studies.conftest import Folder
from tests.studies.test_safety_checks import MODEL, chatting_is_installed, companion  # noqa: F401  fixtures

AT = "partners.curtain"
DECEPTION = "  - {what: delay, approved_by: ethics board"
DECLARED = '  - {what: wizard, approved_by: ethics board, reference: "IRB-2", debrief: pages/debrief.md}\n'
WIZARD = '{draft: true, seconds: 20, otherwise: draft, line: {en: "One moment."}, disclosed_in: debrief}'
CURTAIN = f"""  curtain:
{MODEL}    label: {{by: label, values: {{hidden: "", marked: Program}}}}
    asked_if_ai: deflect
    delay: {{min_s: 20, max_s: 25}}
    wizard: {WIZARD}
waves:
"""
BY_LEVEL = "{human: person, ai: {by: label, values: {hidden: computer, marked: curtain}}}"


@pytest.fixture
def curtain(companion: Folder) -> Folder:  # noqa: F811  a fixture
    """At one level of a factor people of the team may write in the model's place; everything is declared."""
    companion.change(DECEPTION, DECLARED + DECEPTION)
    companion.change("waves:\n", CURTAIN)
    companion.change("{human: person, ai: computer}", BY_LEVEL)
    companion.change("experiment: chatting\n", "experiment: chatting\n        parameters: {quota: 0}\n")
    return companion


def ours(folder: Folder) -> list[tuple[str, str]]:
    found = [one for one in folder.problems() if one.code[1:3] == "91" or one.code == "E862"]
    assert all(one.remedy for one in found)
    return [(one.code, one.path) for one in found]


def test_declared_level_has_nothing_to_mend(curtain: Folder) -> None:
    assert ours(curtain) == []


def test_study_without_anybody_behind_it_is_not_asked_for_anything(companion: Folder) -> None:  # noqa: F811  a fixture
    assert ours(companion) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        (DECLARED, "", "E910", f"{AT}.wizard"),
        (BY_LEVEL, "{human: person, ai: curtain}", "E911", f"{AT}.wizard"),
        (
            "values: {hidden: computer, marked: curtain}}", "values: {hidden: curtain, marked: curtain}}", "E911",
            f"{AT}.wizard",
        ),
        ("disclosed_in: debrief", "disclosed_in: debreif", "E912", f"{AT}.wizard.disclosed_in"),
        ("disclosed_in: debrief", "disclosed_in: game", "E912", f"{AT}.wizard.disclosed_in"),
        (
            "kind: debrief, page: pages/debrief.md", "kind: debrief, reveals_partners: false, page: pages/debrief.md",
            "E912", f"{AT}.wizard.disclosed_in",
        ),
        ("draft: true, seconds", "draft: false, seconds", "E913", f"{AT}.wizard.otherwise"),
        ("otherwise: draft, line: {en", "otherwise: line, line: {de", "E913", f"{AT}.wizard.otherwise"),
        ("draft: true, seconds: 20, otherwise: draft", "seconds: 20, otherwise: silence", "E913", f"{AT}.wizard.line"),
        ("{en: \"One moment.\"}", f'{{en: "{"x" * 41}"}}', "E862", f"{AT}.wizard.line.en"),
        ("delay: {min_s: 20", "delivery: {bubbles: 2}\n    delay: {min_s: 20", "E914", f"{AT}.delivery.bubbles"),
        (
            "delay: {min_s: 20", "delivery: {if_interrupted: drop}\n    delay: {min_s: 20", "E914",
            f"{AT}.delivery.if_interrupted",
        ),
        ("delay: {min_s: 20", "delivery: {floor: one}\n    delay: {min_s: 20", "E914", f"{AT}.delivery.floor"),
        ("delay: {min_s: 20", "may_stay_silent: true\n    delay: {min_s: 20", "E914", f"{AT}.may_stay_silent"),
        ("share: some", "share: exact", "E916", f"{AT}.wizard"),
        ("share: some", "share: range", "E916", f"{AT}.wizard"),
        ("seconds: 20", "seconds: 21", "W911", f"{AT}.wizard.seconds"),
    ],
)  # fmt: skip
def test_what_is_not_declared_or_cannot_be_is_refused(
    curtain: Folder, old: str, new: str, code: str, path: str
) -> None:
    curtain.change(old, new)
    assert (code, path) in ours(curtain)
    assert {found for found, _ in ours(curtain)} == {code}


def test_talk_that_counts_entries_does_not_wait_for_silence(curtain: Folder) -> None:
    curtain.change('otherwise: draft, line: {en: "One moment."}', "otherwise: silence")
    assert ours(curtain) == []
    curtain.change("parameters: {quota: 0}", "parameters: {quota: 3}")
    assert ours(curtain) == [("E914", f"{AT}.wizard.otherwise")]


def test_draft_needs_a_model_that_makes_it(curtain: Folder) -> None:
    text = curtain.text()
    where = text.index("  curtain:\n")
    curtain.write(text[:where] + text[where:].replace(MODEL, "    occupant: policy\n    policies: [half]\n", 1))
    assert ("E913", f"{AT}.wizard.draft") in ours(curtain)


def test_game_without_conversation_has_no_place_for_it(folder: Folder) -> None:
    folder.change(DECEPTION, DECLARED + DECEPTION)
    folder.change("    asked_if_ai: deflect\n", f"    asked_if_ai: deflect\n    wizard: {WIZARD}\n")
    assert ("E915", "partners.computer.wizard") in ours(folder)


def test_declared_without_anybody_behind_it_says_so(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.change(DECEPTION, DECLARED + DECEPTION)
    assert ours(companion) == [("W910", "deception[1]")]


@pytest.mark.parametrize("said", ["{}", "{otherwise: draft}", "{otherwise: wait, disclosed_in: debrief}"])
def test_fallback_and_the_debrief_must_be_named(curtain: Folder, said: str) -> None:
    curtain.change(f"wizard: {WIZARD}", f"wizard: {said}")
    assert any(one.path.startswith(f"{AT}.wizard") and one.code in ("E100", "E105") for one in curtain.problems())
