"""The belief that was drawn: its row of the dataset, what its person is told at the end, and what erasure leaves."""

import pytest

from exports.services import erasure
from flow.models import Award, Match
from flow.paid import points_of
from participants.models import Participant
from recruitment.drawn import drawn_tables
from tests.exports import rows
from tests.exports.test_tables import only, table
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def society() -> rows.Society:
    """Two rounds; the Chooser said 11 of A in the first, A sent back 12."""
    found = rows.make_society(rows.make_study())
    rows.make_award(found, found.play(number=1, choice="B"))
    found.play(number=2, choice="keep")
    return found


def withdraw(person: Participant) -> None:
    person.status, person.exit = "withdrawn", "withdrawn"
    person.save()


def test_row_has_all_that_is_needed_to_reckon_it_again(society: rows.Society) -> None:
    found = table(society.study, "awards")
    assert only(found, "step", "field", "target_position", "target", "what") == [
        ("expect", "expected", "A", "gabcdefghjk-2", "return")
    ]
    assert only(found, "said", "truth", "chances", "tickets", "probability") == [("11", "12", "899", "900", "0.998889")]
    assert only(found, "ticket", "prize", "points", "replaced") == [("7", "20", "20", "18")]


def test_points_of_the_round_are_replaced_and_no_others(society: rows.Society) -> None:
    assert points_of(society.selector) == 20 + 10
    assert points_of(society.candidate) == 0


def test_person_is_told_question_answer_truth_and_what_was_paid(society: rows.Society) -> None:
    (told,) = drawn_tables(society.selector)
    assert list(told.columns) == [
        "Round", "Question", "Your answer", "What was true", "Chance to win", "Points paid", "In place of"
    ]  # fmt: skip
    assert [list(row) for row in told.rows] == [
        [1, "How many points did A decide to send back?", 11, 12, "100 %", 20, 18]
    ]
    assert drawn_tables(society.candidate) == []


def test_person_is_not_told_who_was_an_ai(society: rows.Society) -> None:
    with erasing():
        Award.objects.update(field="type_ai@B", what="type", said=70, truth=100, chances=9100, tickets=10_000)
    (told,) = drawn_tables(society.selector)
    assert [list(row) for row in told.rows] == [[1, "How likely (in %) is B an AI?", 70, 20, 18]]
    assert "100" not in str(told.rows)


@pytest.fixture
def silent(society: rows.Society) -> rows.Society:
    """The same, and the Chooser did not say in time what it expected."""
    with erasing():
        Award.objects.update(said=None, chances=0, points=0)
    return society


def test_answer_that_did_not_come_wins_nothing_and_its_person_is_told(silent: rows.Society) -> None:
    found = table(silent.study, "awards")
    assert only(found, "said", "truth", "chances", "probability") == [("", "12", "0", "0.000000")]
    assert only(found, "points", "replaced", "missing_reason") == [("0", "18", "")]
    (told,) = drawn_tables(silent.selector)
    assert list(told.rows[0])[2:] == ["none in time", 12, "0 %", 0, 18]
    assert points_of(silent.selector) == 0 + 10


def test_answer_that_did_not_come_is_told_also_where_the_partner_is_erased(silent: rows.Society) -> None:
    withdraw(silent.candidate)
    with erasing():
        erasure._forget(silent.candidate, [silent.group])
    award = Award.objects.get()
    assert (award.said, award.truth, award.chances) == (None, None, 0)
    (told,) = drawn_tables(silent.selector)
    assert list(told.rows[0])[2:] == ["none in time", 0, 18]


@pytest.mark.parametrize("who", ["selector", "candidate"])
def test_row_is_blank_where_the_person_or_somebody_in_the_match_withdrew(society: rows.Society, who: str) -> None:
    withdraw(getattr(society, who))
    (row,) = table(society.study, "awards")
    assert {row[name] for name in ("truth", "chances", "probability", "ticket", "points", "replaced")} == {""}
    assert row["said"] == ("" if who == "selector" else "11")
    assert row["missing_reason"] == {"selector": "withdrawn", "candidate": "withdrawn_consent"}[who]


def test_erasure_takes_what_was_said_and_keeps_what_is_paid(society: rows.Society) -> None:
    withdraw(society.selector)
    with erasing():
        erasure._forget(society.selector, [society.group])
    award = Award.objects.get()
    assert (award.said, award.truth, award.chances, award.points) == (None, None, None, 20)
    assert points_of(society.selector) == 30
    assert drawn_tables(society.selector) == []


def test_erasure_of_a_partner_takes_what_was_true_of_them(society: rows.Society) -> None:
    withdraw(society.candidate)
    with erasing():
        erasure._forget(society.candidate, [society.group])
    award = Award.objects.get()
    assert (award.said, award.truth, award.chances, award.points) == (11, None, None, 20)


def test_award_of_another_match_replaces_nothing_here(society: rows.Society) -> None:
    with erasing():
        Award.objects.update(match=Match.objects.get(round=2), points=0)
    assert points_of(society.selector) == 18
