"""Sample, exclusions, preregistration, and the words about AI: each code, and what is sound."""

import pytest

from tests.studies.conftest import Folder

SAMPLE = "sample: {unit: group, target: 24, counts: completed}\n"
EXCLUSION = "exclusions:\n  - {id: x1, rule: %s, when: %s}\n"
PLAN = """preregistration:
  hypotheses:
    - {id: h1, text: People give more to people., outcome: given, criterion: The interval of label lies above 0.}
  estimands:
    - {id: e1, hypothesis: h1, text: The mean difference over everyone allocated.}
  outcomes:
    - {id: given, table: decisions, column: value, where: field == given and is_void == 0, role: primary}
    - {id: agreed, table: participants, column: tick_take_part, role: exploratory}
  models:
    - {id: m1, outcome: given, formula: value ~ label * round + log(act_s) + (1 | participant), family: gaussian}
  missing: Void rounds are left out.
"""


def excluded(folder: Folder, rule: str, when: str = "pre_treatment") -> None:
    folder.write(folder.text() + EXCLUSION % (rule, when))


def planned(folder: Folder, old: str = "", new: str = "") -> None:
    assert PLAN.count(old) == 1 or not old
    folder.write(folder.text() + (PLAN.replace(old, new) if old else PLAN))


@pytest.mark.parametrize(
    ("rule", "when"),
    [
        ("quiz_attempts > 3", "pre_treatment"),
        ("quiz_minutes > 4.5 and letters == anew", "pre_treatment"),
        ("same_letters == 1 or keep < 3", "pre_treatment"),
    ],
)
def test_rule_over_what_comes_before_is_sound(folder: Folder, rule: str, when: str) -> None:
    folder.change(
        "- id: letters", "- {id: same_letters, type: points, label: Say one, correct: 1}\n- id: letters", "quiz.yaml"
    )
    excluded(folder, rule, when)
    assert folder.problems() == []


@pytest.mark.parametrize(
    "rule",
    ["checks_failed > 0", "told == told_no", "rounds_completed < 3", "rounds_void >= 1", "missed_acts > 2",
     "minutes < 2", "fair == 7 or age > 90", "rounds_void > rounds_completed"],
)  # fmt: skip
def test_rule_over_what_comes_after_is_a_sensitivity_analysis(folder: Folder, rule: str) -> None:
    excluded(folder, rule, "post_treatment")
    (found,) = folder.problems()
    assert (found.code, found.severity, found.path) == ("W423", "warning", "exclusions[x1]")
    assert "the primary set is everyone allocated" in found.what
    assert "sensitivity analysis" in found.remedy


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("quiz_attempt > 3", "Did you mean quiz_attempts?"),
        ("letters == anow", "Did you mean anew?"),
        ("letters > 3", "letters is a word and no number"),
        ("letters == quiz_attempts", "is a word and no number"),
        ("attention_failed > 0", 'nothing is known of people by the name "attention_failed"'),
        ("words == yes_it_was", 'by the name "words"'),
        ("quiz_attempts", "compared with nothing"),
        ("quiz_attempts > 3 and 1", "compared with nothing"),
        ("(quiz_attempts > 3) == 1", "where a name or a number is compared"),
        ("quiz_attempts > > 3", "a name or a number is missing"),
    ],
)
def test_rule_that_says_nothing_is_refused(folder: Folder, rule: str, words: str) -> None:
    excluded(folder, rule)
    found = folder.one("E420")
    assert found.path == "exclusions[x1].rule"
    assert words in str(found)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("quiz_minutes > 5", "can never be met"),
        ("quiz_minutes >= 0", "met by everybody"),
        ("rounds_completed > 3", "from 0 to 3"),
        ("checks_failed == 2", "from 0 to 1"),
        ("age < 18", "from 18 to 99"),
        ("letters == same and letters == anew", "one of same|anew"),
        ("quiz_attempts > 3 and quiz_attempts < 2", "can never be met"),
        ("1 > 2", "Name what is known"),
        ("rounds_completed >= 2 and rounds_void >= 2", "rounds_completed + rounds_void <= 3"),
        ("quiz_minutes > minutes", "quiz_minutes <= minutes"),
        ("quiz_attempts * 2 == 7", "a whole number from 0"),
        ("keep + fair > 19", "fair is a whole number from 1 to 7; keep is a whole number from 0 to 12"),
        ("letters == told", "told is one of told_yes|told_no"),
        ("minutes < 2 and minutes > quiz_minutes and quiz_minutes > 2", "quiz_minutes is a number from 0 to 5"),
    ],
)
def test_rule_that_decides_nothing_is_refused(folder: Folder, rule: str, words: str) -> None:
    excluded(folder, rule, "post_treatment")
    found = folder.one("E421")
    assert found.path == "exclusions[x1].rule"
    assert words in str(found)


@pytest.mark.parametrize(
    "rule", ["checks_failed > 0", "minutes < 2", "quiz_attempts > 3 or rounds_void > 1", "age > 90"]
)
def test_rule_that_is_known_too_late_is_no_rule_on_what_came_before(folder: Folder, rule: str) -> None:
    excluded(folder, rule)
    found = folder.one("E422")
    assert found.path == "exclusions[x1].when"
    assert "Write post_treatment" in found.remedy


def test_first_visit_begins_before_every_stage(folder: Folder) -> None:
    folder.change("{unit: group, method: permuted_block,", "{unit: session,")
    folder.change("at: formation}", "at: {session: 1}}")
    excluded(folder, "quiz_attempts > 3")
    assert "people are allocated before" in folder.one("E422").what


def test_answer_in_two_stages_has_no_name(folder: Folder) -> None:
    folder.change("      - {id: after,", "      - {id: again, kind: survey, items: survey.yaml}\n      - {id: after,")
    excluded(folder, "age > 90", "post_treatment")
    assert '"age" stands for two things' in folder.one("E420").what
    assert "another id" in folder.one("E420").remedy


def test_answer_that_is_called_like_something_counted_has_no_name(folder: Folder) -> None:
    folder.change("{id: fair,", "{id: minutes,", "survey.yaml")
    excluded(folder, "minutes > 3", "post_treatment")
    assert '"minutes" stands for two things' in folder.one("E420").what


def test_attention_items_can_be_counted(folder: Folder) -> None:
    item = "- {id: read, type: rating, label: Please pick 2., correct: 2, attention: true}\n"
    folder.write(folder.text("survey.yaml") + item, "survey.yaml")
    excluded(folder, "attention_failed == 1", "post_treatment")
    assert folder.codes() == {"W423"}
    folder.change("attention_failed == 1", "attention_failed == 2")
    assert "from 0 to 1" in str(folder.one("E421"))


def test_exclusion_stands_once(folder: Folder) -> None:
    excluded(folder, "quiz_attempts > 3")
    folder.write(folder.text() + "  - {id: x1, rule: quiz_attempts > 4, when: pre_treatment}\n")
    assert folder.one("E408").path == "exclusions[x1].id"


def test_whole_preregistration_is_sound(folder: Folder) -> None:
    planned(folder)
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "words"),
    [
        ("outcome: given, crit", "outcome: givn, crit", "E430", "hypotheses[h1].outcome", "Did you mean given?"),
        ("hypothesis: h1", "hypothesis: h2", "E430", "estimands[e1].hypothesis", "There are: h1."),
        ("outcome: given, formula", "outcome: agree, formula", "E430", "models[m1].outcome", "Did you mean agreed?"),
        (", outcome: given, crit", ", crit", "E105", "hypotheses[h1].outcome", "is missing"),
        ("table: decisions", "table: decision", "E431", "outcomes[given].table", "Did you mean decisions?"),
        ("column: value", "column: valu", "E431", "outcomes[given].column", "Did you mean value?"),
        ("tick_take_part", "tick_take_par", "E431", "outcomes[agreed].column", "Did you mean tick_take_part?"),
        ("field == given", "feld == given", "E431", "outcomes[given].where", "Did you mean field?"),
        ("field == given", "round == given", "E431", "outcomes[given].where", "round holds numbers, never given"),
        ("field == given", "field == 3", "E431", "outcomes[given].where", "field holds words"),
        ("field == given", "field", "E431", "outcomes[given].where", "compared with nothing"),
        ("label * round", "lable * round", "E432", "models[m1].formula", "Did you mean label?"),
        ("log(act_s)", "lg(act_s)", "E432", "models[m1].formula", "Did you mean log?"),
        ("value ~ label", "round ~ label", "E432", "models[m1].formula", "not the outcome's column value"),
        ("value ~ label", "value label", "E432", "models[m1].formula", "is no formula"),
        ("(1 | participant)", "(1 $ participant)", "E432", "models[m1].formula", "is no formula"),
        ("role: exploratory", "role: primary", "E433", "outcomes[agreed]", "no model says"),
        (", criterion: The interval of label lies above 0.", "", "W453", "hypotheses[h1]", "Add criterion."),
        ("{id: agreed", "{id: given", "E408", "outcomes[given].id", "stands twice"),
        ("missing: Void rounds are left out.", "power: none", "E105", "missing", "is missing"),
    ],
)  # fmt: skip
def test_spoiled_preregistration_gets_its_code(
    folder: Folder, old: str, new: str, code: str, path: str, words: str
) -> None:
    planned(folder, old, new)
    found = folder.one(code)
    assert found.path == f"preregistration.{path}"
    assert words in str(found)
    assert found.remedy


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "words"),
    [
        ("completed}\n", "analysable}\n", "W425", "sample.counts", "Write completed"),
        ("completed}\n", 'completed, until: "2027-02-30"}\n', "E100", "sample.until", "is no day"),
        ("completed}\n", "completed, until: 2027-02-28}\n", "E102", "sample.until", "Quote dates"),
        ("completed}\n", "completed, pilot: {target: 0}}\n", "E100", "sample.pilot.target", "at least 1"),
    ],
)  # fmt: skip
def test_spoiled_sample_gets_its_code(folder: Folder, old: str, new: str, code: str, path: str, words: str) -> None:
    folder.change(SAMPLE, SAMPLE.replace(old, new))
    found = folder.one(code)
    assert found.path == path
    assert words in str(found)


def test_sample_with_day_pilot_and_analysable_groups_is_sound(folder: Folder) -> None:
    folder.change("counts: completed}", 'counts: analysable, until: "2027-03-31", pilot: {target: 6}}')
    excluded(folder, "quiz_attempts > 3")
    assert folder.problems() == []


def test_groups_that_nobody_forms_are_no_sample(folder: Folder) -> None:
    text = folder.text()
    lobby, after = text.index("      - id: lobby\n"), text.index("      - {id: after,")
    folder.write(text[:lobby] + text[after:])
    assert folder.one("W424").path == "sample.unit"


SENTENCE = "sentence: Some players may be programs."


def test_words_about_ai_must_be_named(folder: Folder) -> None:
    folder.change(f", {SENTENCE}", "")
    found = folder.one("W417")
    assert (found.path, found.severity) == ("told.sentence", "warning")


def test_words_about_ai_must_stand_on_a_page(folder: Folder) -> None:
    folder.change(SENTENCE, "sentence: Some players may be computers.")
    assert folder.one("E416").path == "told.sentence"


def test_words_of_one_condition_are_not_read_by_all(folder: Folder) -> None:
    folder.change(SENTENCE, "sentence: Each player is marked.")
    assert "nor on every page of a briefing" in folder.one("E416").what
    folder.write(
        "# Your group\n\nEach player is\n**marked**. You will not be told who is a person.\n",
        "pages/briefing_hidden.md",
    )
    assert folder.problems() == []


def test_words_about_ai_may_hold_slots_and_give_nothing_away(folder: Folder) -> None:
    folder.change(SENTENCE, 'sentence: "You play {{ rounds }} rounds"')
    assert folder.problems() == []
    folder.change("{{ rounds }} rounds", "{{ rounds }} rounds with {{ endowmnt }} bots")
    assert {"E416", "E603", "W701"} <= folder.codes()


def test_study_of_people_alone_need_not_speak_of_ai(folder: Folder) -> None:
    folder.change("giver: {humans: 2}", "giver: {humans: 1}")
    folder.change("taker: {humans: 1, ai: 1}", "taker: {humans: 1}")
    folder.change("    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n", "")
    folder.change("ai_may_be_present: true", "ai_may_be_present: false")
    folder.change(f", {SENTENCE}", "")
    assert "W417" not in folder.codes()
