"""What may differ from visit to visit, and by level: each code once, and the ways that are sound."""

import pytest

from tests.studies.conftest import Folder
from tests.studies.test_wave_checks import DEBRIEF, LATER

FEEL = "      - {id: feel, kind: survey, items: survey.yaml}\n"
ROOM = "        page: pages/waiting.md\n"
SEATS = "giver: {humans: 2}\n      taker: {humans: 1, ai: 1}"
ALONE = "giver: {humans: 1}\n      taker: {ai: 1}"
FILL = "    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n"
AI = "ai: computer}"
BY_LABEL = "ai: {by: label, values: {hidden: computer, marked: other}}}"
GIVEN = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"
OTHER = """  other:
    occupant: policy
    policies: [half]
    label: {by: label, values: {hidden: "", marked: Program}}
    asked_if_ai: deflect
waves:
"""


@pytest.fixture
def waves(folder: Folder) -> Folder:
    """The study with seven visits and a last one after it."""
    folder.change(DEBRIEF, LATER)
    return folder


@pytest.fixture
def two(folder: Folder) -> Folder:
    """The study with a second automated partner, one of which a factor picks."""
    folder.change("waves:\n", OTHER)
    folder.change(AI, BY_LABEL)
    return folder


def test_who_waits_for_others_is_asked_whether_they_are_there(folder: Folder) -> None:
    folder.change(ROOM, f"{ROOM}        asks_ready: false\n")
    found = folder.one("E530")
    assert found.path == "waves[main].stages[lobby].asks_ready"
    assert "needs 3 people" in found.what
    folder.change(SEATS, ALONE)
    folder.change(FILL, "")
    assert "E530" not in folder.codes()


def test_waiting_that_never_is_needs_no_pay(folder: Folder) -> None:
    folder.change('pay_per_minute: "0.10"', 'pay_per_minute: "0.00"')
    assert "W407" in folder.codes()
    folder.change(ROOM, f"{ROOM}        asks_ready: false\n")
    assert "W407" not in folder.codes()


@pytest.mark.parametrize(
    ("visits", "path", "words"),
    [
        ("[7, 8]", "waves[chat].stages[feel].visits[1]", '"chat" has 7'),
        ("[2, 2]", "waves[chat].stages[feel].visits[1]", "stands twice"),
        ("[1, 2, 3, 4, 5, 6, 7]", "waves[chat].stages[feel].visits", "every visit"),
    ],
)
def test_visit_that_never_comes_is_refused(waves: Folder, visits: str, path: str, words: str) -> None:
    waves.change(FEEL, FEEL.replace("items:", f"visits: {visits}, items:"))
    found = waves.one("E531")
    assert found.path == path
    assert words in found.what
    assert found.remedy


def test_survey_at_some_visits_is_sound(waves: Folder) -> None:
    waves.change(FEEL, FEEL.replace("items:", "visits: [1, 4, 7], items:"))
    assert waves.problems() == []


def test_partner_for_each_level_is_sound(two: Folder) -> None:
    assert {code for code in two.codes() if code.startswith(("E20", "E50", "E53", "W530"))} == set()


@pytest.mark.parametrize(
    ("new", "code", "path"),
    [
        ("{by: lable, values: {hidden: computer, marked: other}}", "E201", "groups.pair.partners.ai.by"),
        ("{by: label, values: {hidden: computer}}", "E202", "groups.pair.partners.ai.values"),
        ("{by: label, values: {hidden: computer, marked: othr}}", "E501", "groups.pair.partners.ai.values.marked"),
        ("{by: label, values: {hidden: computer, marked: person}}", "E501", "groups.pair.partners.ai.values.marked"),
    ],
)
def test_partner_that_is_none_at_some_level_is_refused(two: Folder, new: str, code: str, path: str) -> None:
    two.change(BY_LABEL, f"ai: {new}}}")
    assert path in {problem.path for problem in two.problems() if problem.code == code}


@pytest.mark.parametrize(
    "given",
    [
        "{unit: round, block_sizes: [2], at: formation}",
        "{unit: participant, meets: anybody, block_sizes: [2], at: entry}",
        "{unit: participant, block_sizes: [2], at: {session: 1}}",
    ],
)
def test_level_that_a_group_does_not_have_picks_no_partner(two: Folder, given: str) -> None:
    two.change(GIVEN, given)
    assert two.one("E532").path == "groups.pair.partners.ai.by"


def test_level_that_is_given_too_late_picks_no_partner(two: Folder) -> None:
    two.change(GIVEN, "{unit: participant, block_sizes: [2], at: after}")
    found = two.one("E533")
    assert found.path == "groups.pair.partners.ai.by"
    assert 'given after "after"' in found.what
    two.change("at: after}", "at: quiz}")
    assert "E533" not in two.codes()


def test_policy_of_each_partner_is_looked_up(two: Folder) -> None:
    two.change(OTHER.replace("waves:\n", ""), OTHER.replace("waves:\n", "").replace("[half]", "[haf]"))
    assert two.one("E505").path == "partners.other.policies[0]"


def test_level_of_a_group_changes_from_visit_to_visit(waves: Folder) -> None:
    text = waves.text()
    start, end = text.index("      - id: lobby\n"), text.index("      - id: briefing\n")
    room = text[start:end].replace("id: lobby", "id: lobby_again")
    waves.change(FEEL, f"{room}{FEEL}")
    found = waves.one("W530")
    assert found.path == "allocation.unit"
    assert "from visit to visit" in found.what


def test_surveys_for_different_levels_come_to_nobody_both(waves: Folder) -> None:
    items = "".join(f"- {{id: q{n}, type: rating, label: Question {n}?}}\n" for n in range(8))
    waves.write(items, "many.yaml")
    feel = "      - {{id: {0}, kind: survey, items: many.yaml{1}}}\n"
    waves.change(FEEL, feel.format("feel", "") + feel.format("more", ""))
    assert "16 questions" in waves.one("W812").what
    by = ", when: {{by: label, levels: [{0}]}}"
    waves.change(feel.format("feel", ""), feel.format("feel", by.format("hidden")))
    waves.change(feel.format("more", ""), feel.format("more", by.format("marked")))
    assert "W812" not in waves.codes()


def test_long_survey_at_some_visits_does_not_tire(waves: Folder) -> None:
    items = "".join(f"- {{id: q{n}, type: rating, label: Question {n}?}}\n" for n in range(14))
    waves.write(items, "many.yaml")
    waves.change(FEEL, FEEL.replace("survey.yaml", "many.yaml"))
    assert "W812" in waves.codes()
    waves.change("items: many.yaml", "visits: [7], items: many.yaml")
    assert "W812" not in waves.codes()
