"""Scales in a study file: what is sound is silent, and whatever is wrong is said with its place and what to do."""

from pathlib import Path

import pytest

from config.places import ROOT
from studies.check import check_folder
from studies.scales import parse
from tests.studies.conftest import Folder
from tests.studies.test_wave_checks import DEBRIEF, LATER

SCALE = """
schema: scale/1
id: near
title: A scale of a test
language: en
citation: Written for this test.
is_validated: false
licence: {status: own}
recall: this task
instruction: Think of {{ recall }}.
anchors: {low: 1, high: 5, labels: {1: not at all, 3: so so, 5: very much}}
subscales: {warm: How warm it was, open: How open it was}
items:
  - {id: w1, text: "The others were kind.", subscale: warm}
  - {id: w2, text: "The others were cold.", subscale: warm, reverse: true}
  - {id: o1, text: "I said what I think.", subscale: open}
  - {id: o2, text: "The talk was", subscale: open, labels: {1: short, 5: long}}
  - {id: read, text: "Please pick 2 here.", attention: true, correct: 2}
order: random
planned_missing: {blocks: {first: [w1, o1], second: [w2, o2]}, shown: 1}
scoring: {method: mean, least_answered: 1}
"""
SHIPPED = sorted((ROOT / "experiments").glob("*/studies/scales/*.yaml"))
STAGE = "- {id: after, kind: survey, items: survey.yaml, shuffle: true}"
AT = "waves[main].stages[after]"


@pytest.fixture
def scaled(folder: Folder) -> Folder:
    """The sound study, whose survey asks a scale."""
    (folder.path / "scales").mkdir()
    folder.write(SCALE, "scales/near.yaml")
    folder.change("waves:\n", "scales: {near: {file: scales/near.yaml}}\nwaves:\n")
    folder.change(STAGE, "- {id: after, kind: survey, items: survey.yaml, scales: [near], shuffle: true}")
    return folder


def test_sound_scale_is_silent_and_frozen_with_the_study(scaled: Folder) -> None:
    assert scaled.problems() == []
    assert check_folder(scaled.path).files["scales/near.yaml"] == SCALE


def test_survey_may_ask_scales_alone(scaled: Folder) -> None:
    scaled.change("items: survey.yaml, scales: [near]", "scales: [near]")
    assert scaled.problems() == []


IN_STUDY = {
    # code: (old, new, path, part of the text)
    "E103": ("file: scales/near.yaml", "file: scales/far.yaml", "scales.near.file", "not found"),
    "E803": ("scales: {near:", "scales: {Self-Disclosure:", "scales.Self-Disclosure", "at most 24 characters"),
    "E811": ("scales: [near]", "scales: [neer]", f"{AT}.scales[0]", "Did you mean near?"),
    "E812": ("scales: [near]", "scales: [near, near]", f"{AT}.scales[1]", "twice in one survey"),
    "E814": ("language: en\n", "language: de\n", "scales/near.yaml: language", "citation of that wording"),
    "E819": ("scales: [near]", "scales: [near], purpose: funnel", f"{AT}.scales", "another survey"),
    "E820": ("items: survey.yaml, scales: [near]", "may_skip: true", AT, "asks nothing"),
    "W810": (", scales: [near]", "", "scales.near", "no survey asks this scale"),
}


@pytest.mark.parametrize("code", IN_STUDY)
def test_wrong_use_of_a_scale_gets_its_code(scaled: Folder, code: str) -> None:
    old, new, path, words = IN_STUDY[code]
    scaled.change(old, new)
    found = scaled.one(code)
    assert found.path == path
    assert words in str(found)
    assert found.line is not None


IN_FILE = [
    # code, old, new, path, part of the text
    ("E100", "method: mean", "method: median", "scoring.method", "'mean' or 'sum'"),
    ("E101", "reverse: true", "revers: true", "items[w2].revers", "Did you mean reverse?"),
    ("E105", "citation: Written for this test.\n", "", "citation", "is missing"),
    ("E408", "id: w2,", "id: w1,", "items[w1].id", "stands twice"),
    ("E603", "Think of {{ recall }}", "Think of {{ recal }}", "instruction", "Did you mean recall?"),
    ("E603", "recall: this task\n", "", "recall", "Say recall"),
    ("E803", "id: o1,", "id: a_name_that_is_long,", "items[a_name_that_is_long].id", "at most 15 characters"),
    ("E810", "status: own", "status: permission_required", "licence.attestation", "Ask the holder"),
    ("E810", "status: own", "status: free", "licence.name", "CC BY 4.0"),
    ("E813", "id: near", "id: close", "id", "Write id: near."),
    ("E815", "high: 5,", "high: 7,", "anchors.labels", "the end 7 has no words"),
    ("E815", "3: so so", "9: so so", "anchors.labels.9", "no point from 1 to 5"),
    ("E815", "low: 1, high: 5", "low: 5, high: 5", "anchors.high", "leaves nothing to choose"),
    ("E815", "labels: {1: short,", "labels: {2: short,", "items[o2].labels", "the end 1 has no words"),
    ("E816", 'think.", subscale: open}', 'think.", subscale: opn}', "items[o1].subscale", "not in subscales"),
    ("E816", "correct: 2}", "correct: 9}", "items[read].correct", "which answer it asks for"),
    ("E816", "attention: true, correct", "subscale: warm, correct", "items[read].correct", "only an attention item"),
    ("E816", "warm: How warm it was,", "cold: Cold, warm: How warm it was,", "subscales.cold", "has no items"),
    ("E817", "first: [w1, o1]", "first: [w1, o9]", "planned_missing.blocks.first[1]", "There are: w1, w2"),
    ("E817", "second: [w2, o2]", "second: [w2, o2, read]", "planned_missing.blocks.second[2]", "Ask everybody"),
    ("E817", "shown: 1", "shown: 2", "planned_missing.shown", "leave nothing out"),
    ("E818", "least_answered: 1", "least_answered: 2", "scoring.least_answered", "at most 1, or write all"),
    ("E816", "id: w1,", "id: w1, other: you,", "items[w1].other", "beside no circles"),
    ("E816", "id: w1,", "id: w1, type: circles,", "items[w1].other", "Add other"),
    ("E815", "id: w1,", "id: w1, type: circles, other: you,", "items[w1].type", "the line goes from 1 to 5"),
    ("W811", "Think of {{ recall }}", "Think of it", "recall", "in the instruction or in items"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "old", "new", "path", "words"), IN_FILE)
def test_spoiled_scale_gets_its_code(scaled: Folder, code: str, old: str, new: str, path: str, words: str) -> None:
    scaled.change(old, new, "scales/near.yaml")
    found = [problem for problem in scaled.problems() if problem.code == code]
    assert [problem.path for problem in found[:1]] == [f"scales/near.yaml: {path}"], scaled.problems()
    assert words in str(found[0])
    assert found[0].remedy
    assert found[0].line is not None


def test_attested_permission_is_accepted(scaled: Folder) -> None:
    attested = '{status: permission_unclear, attestation: {by: A. Person, on: "2026-05-01", reference: e-mail}}'
    scaled.change("{status: own}", attested, "scales/near.yaml")
    assert scaled.problems() == []


def test_names_of_a_scale_are_quiet_only_before_a_game(scaled: Folder) -> None:
    scaled.change("The others were kind.", "I trust the others.", "scales/near.yaml")
    assert scaled.problems() == []
    scaled.change("      - id: lobby\n", "      - {id: early, kind: survey, scales: [near]}\n      - id: lobby\n")
    assert scaled.one("W701").path == "scales/near.yaml: items[w1].text"


def test_attention_item_of_a_scale_can_be_counted_and_its_items_have_no_names_in_rules(scaled: Folder) -> None:
    rule = "exclusions: [{id: read, rule: attention_failed > 0, when: post_treatment}]\n"
    scaled.change("waves:\n", f"{rule}waves:\n")
    assert "E420" not in scaled.codes()
    scaled.change("attention_failed > 0", "w1 > 2")
    assert scaled.one("E420").path == "exclusions[read].rule"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scale_is_sound_ours_and_says_that_it_is_not_validated(scaled: Folder, file: Path) -> None:
    text = file.read_text()
    scaled.write(text, "scales/near.yaml")
    scaled.change("scales: {near:", f"scales: {{{file.stem}:")
    scaled.change("scales: [near]", f"scales: [{file.stem}]")
    assert scaled.problems() == []
    assert (parse(text).licence.status, parse(text).is_validated) == ("own", False)


def test_many_questions_at_every_visit_are_warned_about(scaled: Folder) -> None:
    scaled.change(DEBRIEF, LATER)
    feel = "{id: feel, kind: survey, items: survey.yaml}"
    scaled.change(feel, feel.replace("}", ", scales: [near]}"))
    assert "W812" not in scaled.codes(), "four of its own, and three of the scale, of which a block is left out"
    more = "".join(f'  - {{id: m{n}, text: "I felt well.", subscale: warm}}\n' for n in range(6))
    scaled.change("order: random\n", f"{more}order: random\n", "scales/near.yaml")
    assert scaled.one("W812").path == "waves[chat]"
    assert "asks up to 13 questions at each of 7 visits" in scaled.one("W812").what
