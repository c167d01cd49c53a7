"""Who was asked what it is, and what it said: beside every text, and a table of its own."""

import pytest

from exports.tables import table_named
from exports.tables.choice_sets import CHOICE_SETS
from exports.tables.decisions import DECISIONS
from exports.tables.talk import ENTRIES
from flow.models import Act, Match, Placing
from matching.models import Seat
from measures.identity import MARKER
from studies.models import Study
from tests.exports import rows
from tests.exports.test_tables import only, table, withdraw
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)


def asked(study: Study, *, question: str, person: str, computer: str) -> tuple[rows.Society, Match]:
    """A round in which the selector asks, and both candidates reply."""
    society = rows.make_society(study)
    match = society.play(number=1, choice="A")
    acts = {"selector": ("ask", {"question": question}), "person": ("reply", {"message": person})}
    acts["computer"] = ("reply", {"message": computer})
    with erasing():
        for name, (path, values) in acts.items():
            Act.objects.filter(match=match, path=path, seat=society.seats[name]).update(values=values)
    return society, match


def test_each_who_was_asked_has_a_row_with_truth_label_rule_and_answer() -> None:
    study = rows.make_study()
    society, match = asked(study, question="Are you a bot?", person="no lol", computer="I'd rather play.")
    Seat.objects.filter(pk=society.seats["computer"].pk).update(settings={"asked_if_ai": "deny"})
    Placing.objects.filter(match=match, seat=society.seats["computer"]).update(label="Person")
    names = ("step", "asker", "asked_kind", "seat", "kind", "match_label", "asked_if_ai", "reply_step", "answered")
    assert only(table(study, "kind_questions"), *names) == [
        ("ask", "gabcdefghjk-1", "ai", "gabcdefghjk-2", "human", "Person", "", "reply", "claims_human"),
        ("ask", "gabcdefghjk-1", "ai", "gabcdefghjk-3", "ai", "Person", "deny", "reply", "neither"),
    ]


def test_question_that_nobody_could_answer_has_no_reply() -> None:
    study = rows.make_study()
    asked(study, question="Will you share?", person="Are you human?", computer="As an AI, I share.")
    assert only(table(study, "kind_questions"), "asker", "seat", "answered", "reply_step") == [
        ("gabcdefghjk-2", "gabcdefghjk-3", "no_reply", ""),
        ("gabcdefghjk-2", "gabcdefghjk-1", "no_reply", ""),
    ], "the other reply was written blind, and is no answer to it"


def test_talk_is_read_in_its_order() -> None:
    study = rows.make_study()
    society, match = asked(study, question="", person="hi", computer="hi")
    for name, text in [
        ("computer", "yes"), ("selector", "are you human?"), ("person", "who knows"), ("computer", "Yes"),
        ("selector", "human or ai?"), ("computer", "human"),
    ]:  # fmt: skip
        society.talk(match, name, text)
    found = only(table(study, "kind_questions"), "seq", "asked_kind", "seat", "reply_seq", "answered")
    assert found == [
        ("2", "human", "gabcdefghjk-2", "3", "neither"),
        ("2", "human", "gabcdefghjk-3", "4", "claims_human"),
        ("5", "either", "gabcdefghjk-2", "", "no_reply"),
        ("5", "either", "gabcdefghjk-3", "6", "claims_human"),
    ]
    marks = only(table(study, "entries"), "seq", "asked_kind", "claimed_kind", "announces_identity")
    assert marks[1] == ("2", "human", "", "0")


def test_marks_stand_beside_every_text() -> None:
    study = rows.make_study()
    asked(study, question="Are you human?", person="I'm human, Tim from last round", computer="I am an AI.")
    shown = only(table(study, "choice_sets"), "message", "claimed_kind", "asked_kind", "announces_identity")
    assert shown[0] == ("I am fair.", "", "", "0"), "as it was displayed"
    decided = only(table(study, "decisions"), "field", "claimed_kind", "asked_kind", "announces_identity")
    assert decided[:4] == [
        ("question", "", "human", "0"),
        ("message", "human", "", "1"),
        ("message", "ai", "", "0"),
        ("returned", "", "", ""),
    ]
    assert ("choice", "", "", "") in decided, "an option is nobody's words"


def test_marks_are_no_text_and_name_the_lexicon_that_made_them() -> None:
    for declared in (CHOICE_SETS, DECISIONS, ENTRIES, table_named("kind_questions", rows.make_study())):
        made = {column.name: column for column in declared.columns if MARKER in column.source}
        assert made
        assert {column.type for column in made.values()} <= {"string", "boolean"}


def test_nothing_is_said_of_words_that_are_withheld() -> None:
    study = rows.make_study()
    society, _match = asked(study, question="Are you a bot?", person="I am human", computer="no")
    withdraw(society.candidate)
    assert table(study, "kind_questions") == [], "the question may repeat what is gone"
    for name in ("choice_sets", "decisions"):
        held = [row for row in table(study, name) if row["missing_reason"]]
        assert held
        assert {(row["claimed_kind"], row["asked_kind"], row["announces_identity"]) for row in held} == {("", "", "")}
