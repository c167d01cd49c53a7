"""Who met which rule, in a table of its own; nobody is missing from the others."""

import json

import pytest

from exports.codebook import codebook
from exports.tables import TABLES, columns_of, tables_of
from studies.definition import definition
from studies.models import Study
from tests.exports import rows
from tests.exports.test_tables import only, table

pytestmark = pytest.mark.django_db(transaction=True)
WOMAN = {"id": "woman", "rule": "gender == woman", "when": "post_treatment", "registered": False}


def ruled() -> Study:
    study = rows.make_study()
    said = json.loads(json.dumps(rows.definition(study.slug)))
    said["exclusions"].append(WOMAN)
    said["told"]["sentence"] = "You play {{ rounds }} rounds with people and AI."
    rows.make_version(study, 2, said=said)
    return study


def test_each_person_has_a_row_for_each_rule() -> None:
    study = ruled()
    society = rows.make_society(study)
    rows.make_answer(society.selector, "quiz", "earn", 3, is_correct=False)
    rows.make_answer(society.selector, "quiz", "earn", 10, is_correct=True, attempt=2)
    rows.make_answer(society.selector, "after", "gender", "man")
    society.selector.sessions.update(stage=len(rows.STAGES))
    session = society.selector.sessions.get()
    for kind in ("stage.opened", "stage.closed"):
        rows.record(study, kind, ("session", session.pk), stage="quiz")
    found = only(table(study, "exclusions"), "participant", "rule", "is_registered", "when", "is_met", "settled_s")
    assert sorted(found) == sorted([
        (society.selector.code, "tries", "1", "pre_treatment", "1", "30.000"),
        (society.selector.code, "woman", "0", "post_treatment", "0", "10.000"),
        (society.candidate.code, "tries", "1", "pre_treatment", "", ""),
        (society.candidate.code, "woman", "0", "post_treatment", "", ""),
    ])  # fmt: skip
    assert len(table(study, "participants")) == 2


def test_people_of_a_version_without_rules_have_no_row() -> None:
    study = rows.make_study()
    rows.make_society(study)
    rows.make_version(study, 2, said=rows.definition(study.slug) | {"exclusions": []})
    rows.make_participant(study, "plater")
    assert len(table(study, "participants")) == 3
    assert {row["version"] for row in table(study, "exclusions")} == {"1"}


def test_codebook_has_the_rules_and_the_words_that_people_were_told() -> None:
    study = ruled()
    book = [row for row in codebook(tables_of(study), study) if row["version"] == 2]
    told = {row["name"]: row["value"] for row in book if row["entry"] == "told"}
    assert told["sentence"] == "You play 2 rounds with people and AI."
    assert (told["ai_may_be_present"], told["share"], told["who_knows"]) == (1, "some", "nobody")
    assert "horizon" not in told
    hidden = {"tells": "untold", "between": {}}
    rows.make_version(study, 3, said=rows.definition(study.slug) | {"horizon": hidden})
    (row,) = [row for row in codebook(tables_of(study), study) if (row["entry"], row["name"]) == ("told", "horizon")]
    assert (row["version"], row["value"]) == (3, '{"between":{},"tells":"untold"}')
    rules = {row["name"]: (row["value"], row["label"], row["source"]) for row in book if row["entry"] == "exclusion"}
    assert rules["tries"] == ("quiz_attempts > 1", "Did not read.", "study file: exclusions, pre_treatment, registered")
    assert rules["woman"][2] == "study file: exclusions, post_treatment"


def test_columns_can_be_asked_for_before_there_are_data() -> None:
    study = rows.make_study()
    known = columns_of(definition(study.versions.get()))
    assert set(known) == {one.name for one in TABLES}
    assert {one.name: list(known[one.name]) for one in tables_of(study)} == {
        one.name: one.header for one in tables_of(study)
    }
