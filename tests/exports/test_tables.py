"""What single tables say of a society that has played."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from exports.cells import cell
from exports.columns import Column, ColumnType
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import TABLES, table_named
from matching.models import Group
from participants.models import Participant
from studies.models import Study
from tests.exports import rows
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)


def table(study: Study, name: str) -> list[dict[str, str]]:
    """One table's rows as cells."""
    declared = table_named(name, study)
    with snapshot():
        found = list(declared.rows(Scope(study)))
    return [{column.name: cell(column, row[column.name]) for column in declared.columns} for row in found]


def only(found: Iterable[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    """Some columns of some rows."""
    return [tuple(row[name] for name in names) for row in found]


def test_choice_set_lists_both_candidates_in_display_order_with_truth_and_label() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="B")
    found = table(study, "choice_sets")
    shown = only(found, "position", "display_order", "kind", "label_shown", "n_chars", "chosen", "returned", "executed")
    assert shown == [("A", "1", "human", "Person", "10", "0", "12", "0"), ("B", "2", "ai", "AI", "8", "1", "18", "1")]
    assert only(found, "selector", "candidate") == [
        ("gabcdefghjk-1", "gabcdefghjk-2"),
        ("gabcdefghjk-1", "gabcdefghjk-3"),
    ]


def test_choice_set_keeps_truth_when_the_label_is_hidden() -> None:
    study = rows.make_study()
    rows.make_society(study, condition="label=hidden").play(number=1, choice="keep")
    found = table(study, "choice_sets")
    assert only(found, "kind", "label_shown", "chosen", "executed") == [("human", "", "0", "0"), ("ai", "", "0", "0")]


def test_void_match_executes_nothing_and_leaves_the_choice_empty() -> None:
    study = rows.make_study()
    rows.make_society(study).play(number=1, choice=None)
    found = table(study, "choice_sets")
    assert only(found, "chosen", "executed", "source", "is_void") == [("", "0", "timeout", "1")] * 2
    late = [row for row in table(study, "decisions") if row["source"] == "timeout"]
    assert only(late, "field", "value", "is_void") == [("choice", "", "1")]


def test_decisions_have_a_row_for_each_act_and_field_and_name_whom_it_is_about() -> None:
    study = rows.make_study()
    rows.make_society(study).play(number=1, choice="A")
    found = only(table(study, "decisions"), "step", "position", "field", "about", "about_seat", "value", "source")
    assert found == [
        ("ask", "Chooser", "question", "", "", "Will you share?", "person"),
        ("reply", "A", "message", "", "", "I am fair.", "person"),
        ("reply", "B", "message", "", "", "'=SUM(A1)", "policy"),
        ("decide", "A", "returned", "", "", "12", "person"),
        ("decide", "B", "returned", "", "", "18", "policy"),
        ("decide", "Chooser", "choice", "", "", "A", "person"),
        ("expect", "Chooser", "expected", "A", "gabcdefghjk-2", "11", "person"),
        ("expect", "Chooser", "expected", "B", "gabcdefghjk-3", "15", "person"),
    ]


def test_beliefs_name_holder_target_and_when_they_were_asked() -> None:
    study = rows.make_study()
    rows.make_society(study).play(number=1, choice="A")
    found = only(table(study, "beliefs"), "holder", "target", "what", "asked", "value", "unit", "incentive", "round")
    assert found == [
        ("gabcdefghjk-1", "gabcdefghjk-2", "return", "after", "11", "points", "none", "1"),
        ("gabcdefghjk-1", "gabcdefghjk-3", "return", "after", "15", "points", "none", "1"),
    ]


def test_belief_that_did_not_come_has_a_row_for_each_partner_it_was_asked_about() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    match = society.play(number=1, choice="A")
    society.miss(match, "expect", "selector", asked=["expected@A", "expected@B"])
    found = only(table(study, "beliefs"), "field", "target_position", "target", "value", "source")
    assert found == [
        ("expected", "A", "gabcdefghjk-2", "", "timeout"),
        ("expected", "B", "gabcdefghjk-3", "", "timeout"),
    ], "nobody was asked who is an AI"
    rows_of_expect = [row for row in table(study, "decisions") if row["step"] == "expect"]
    assert only(rows_of_expect, "field", "about", "value") == [("expected", "A", ""), ("expected", "B", "")]


def test_what_stands_for_an_act_has_rows_for_what_its_own_role_was_asked() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    match = society.play(number=1, choice="A")
    stands = {"choice": "keep", "returned": 0, "expected": 5}
    society.miss(match, "decide", "person", asked=["returned"], values=stands)
    society.miss(match, "expect", "selector", asked=["expected@A", "expected@B"], values=stands)
    late = [row for row in table(study, "decisions") if row["source"] == "timeout"]
    assert only(late, "step", "position", "field", "about", "value") == [
        ("decide", "A", "returned", "", "0"),
        ("expect", "Chooser", "expected", "A", "5"),
        ("expect", "Chooser", "expected", "B", "5"),
    ]


def test_times_are_seconds_from_the_start_and_study_days() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="A")
    assert only(table(study, "rounds"), "opened_s", "closed_s") == [("60.000", "150.000")]
    rows.make_answer(society.selector, "after", "gender", "woman")
    assert only(table(study, "answers"), "answer_s", "value") == [("10.000", "woman")]
    assert {row["study_day"] for row in table(study, "groups")} == {"1"}


def test_waiting_is_counted_to_the_next_round_and_who_rests_has_a_row() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="A")  # closes 150 s after the forming
    society.rest("person", number=4)
    Group.objects.filter(pk=society.group.pk).update(ended_at=rows.BEGAN + timedelta(seconds=400), status="ended")
    waited = only(table(study, "placings"), "round", "position", "waited_s")
    assert waited[:3] == [("1", "A", "90.000"), ("1", "B", "90.000"), ("1", "Chooser", "90.000")]
    assert {row[2] for row in waited[3:]} == {""}  # still open
    assert only(table(study, "rests"), "round", "seat", "participant", "role", "waited_s") == [
        ("4", "gabcdefghjk-2", society.candidate.code, "candidate", "160.000")
    ]


def test_who_left_neither_waits_nor_rests_from_then_on() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="A")
    rows.record(study, "seat.left", ("group", society.group.pk), seat=2)  # half a minute after the forming
    society.rest("person", number=4)
    assert only(table(study, "rounds"), "round", "people") == [("1", "1"), ("4", "1")]
    waited = only(table(study, "placings"), "round", "position", "waited_s")
    assert waited[:3] == [("1", "A", ""), ("1", "B", "90.000"), ("1", "Chooser", "90.000")]
    assert table(study, "rests") == []


@pytest.mark.parametrize(("happened", "reason"), [("late", "timeout"), ("gone", "left"), ("over", "ended")])
def test_void_match_says_why(happened: str, reason: str) -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    group = ("group", society.group.pk)
    if happened == "gone":
        rows.record(study, "seat.left", group, seat=1)
    match = society.play(number=1, choice=None)
    if happened == "late":  # put out for this miss: not gone before
        rows.record(study, "seat.left", group, seat=1)
    if happened == "over":
        with erasing():
            Event.objects.filter(kind="match.voided").delete()
            match.acts.filter(source="timeout").delete()
    assert only(table(study, "rounds"), "is_void", "void_step", "void_reason") == [("1", "decide", reason)]
    society.play(number=2, choice="A")
    assert only(table(study, "rounds"), "void_reason")[1] == ("",)


def test_events_carry_codes_and_seat_numbers_instead_of_keys() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    match = society.play(number=1, choice="A")
    seat = society.seats["computer"]
    rows.record(study, "turn.opened", ("seat", seat.pk), match=match.pk, path="decide", rev=4)
    rows.record(study, "seat.left", ("group", society.group.pk), seat=2)
    rows.record(study, "rescue.extend", ("participant", society.selector.pk), reason="Mrs Miller rang", seconds=60)
    found = only(table(study, "events"), "kind", "subject", "participant", "group", "event_s", "facts")
    assert found == [
        ("turn.opened", "gabcdefghjk-3", "", "gabcdefghjk", "30.000",
         '{"match":"gabcdefghjk.1.1","path":"decide","rev":4}'),
        ("seat.left", "gabcdefghjk", "", "gabcdefghjk", "30.000", '{"number":2}'),
        ("rescue.extend", society.selector.code, society.selector.code, "", "30.000", '{"seconds":60}'),
    ]  # fmt: skip


def withdraw(person: Participant) -> None:
    Participant.objects.filter(pk=person.pk).update(status="withdrawn", exit="withdrawn")


def test_withdrawn_person_has_no_rows_and_no_word_anywhere() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    match = society.play(number=1, choice="A", words="My dog is called Bruno.")
    society.talk(match, "person", "Bruno again")
    rows.make_answer(society.candidate, "after", "remarks", "Bruno!")
    rows.record(study, "consent.given", ("participant", society.candidate.pk))
    withdraw(society.candidate)
    everything = {one.name: table(study, one.name) for one in TABLES}
    cells = [value for found in everything.values() for row in found for value in row.values()]
    assert not [value for value in cells if "Bruno" in value or society.candidate.code in value]
    assert everything["events"] == []
    assert only(everything["placings"], "position", "points", "is_withdrawn", "missing_reason") == [
        ("A", "", "1", "withdrawn"),
        ("B", "", "0", "withdrawn_consent"),
        ("Chooser", "", "0", "withdrawn_consent"),
    ]
    offered = only(everything["choice_sets"], "position", "kind", "message", "n_chars", "returned", "missing_reason")
    assert offered == [
        ("A", "human", "", "", "", "withdrawn"),
        ("B", "ai", "", "", "18", "withdrawn_partner"),  # a program's words may repeat theirs
    ]
    stated = only(everything["decisions"], "position", "field", "value", "missing_reason")
    assert ("Chooser", "question", "", "withdrawn_partner") in stated
    assert ("Chooser", "choice", "A", "") in stated
    assert {row["view"] for row in everything["exposures"]} == {""}
    assert only(everything["groups"], "has_withdrawn", "people") == [("1", "2")]


def test_points_of_a_void_match_stay_for_they_are_declared() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice=None)
    withdraw(society.candidate)
    found = only(table(study, "placings"), "position", "points", "missing_reason")
    assert found == [("A", "", "withdrawn"), ("B", "10", ""), ("Chooser", "10", "")]


def test_views_before_the_withdrawn_was_met_are_kept() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="A")
    other = rows.make_society(study, "gbbbbbbbbbb")
    other.play(number=1, choice="A")
    withdraw(society.candidate)
    kept = [row["group"] for row in table(study, "exposures") if row["view"]]
    assert set(kept) == {"gbbbbbbbbbb"}


def test_erased_person_leaves_a_seat_that_is_marked() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    society.play(number=1, choice="A")
    with erasing():
        society.candidate.delete()
    found = table(study, "seats")
    assert only(found, "number", "is_withdrawn", "participant")[1] == ("2", "1", "")


def test_allocations_log_what_was_taken() -> None:
    study = rows.make_study()
    rows.make_society(study)
    rows.make_society(study, "gbbbbbbbbbb", condition="label=hidden")
    found = only(table(study, "allocations"), "order", "unit_code", "act", "condition", "slot")
    assert found == [
        ("1", "gabcdefghjk", "taken", "label=disclosed", "1"),
        ("2", "gbbbbbbbbbb", "taken", "label=hidden", "2"),
    ]
    first = table(study, "allocations")[0]
    said = {"entry": "1", "unit": "group", "factors": "label", "method": "permuted_block", "from": "", "place": ""}
    assert {name: first[name] for name in said} == said
    assert first["at_s"] == "0.000"
    assert Group.objects.count() == 2


@pytest.mark.parametrize("name", ["allocations", "choice_sets"])
def test_number_of_queries_does_not_grow_with_the_rows(name: str) -> None:
    study = rows.make_study()
    needed = []
    for code in ("gabcdefghjk", "gbbbbbbbbbb", "gcccccccccc"):
        society = rows.make_society(study, code)
        for number in (1, 2):
            society.play(number=number, choice="B")
        with CaptureQueriesContext(connection) as asked:
            found = table(study, name)
        needed.append((len(found), sum("SELECT" in query["sql"] for query in asked)))
    assert needed[0][0] < needed[2][0]
    per_society = needed[1][1] - needed[0][1]
    assert per_society == needed[2][1] - needed[1][1] <= {"allocations": 0, "choice_sets": 2}[name]


@pytest.mark.parametrize(
    ("type_", "value", "written"),
    [
        ("text", "=1+1", "'=1+1"),
        ("text", "'=1+1", "''=1+1"),
        ("text", "\t x", "'\t x"),
        ("text", "\uff1d1+1", "'\uff1d1+1"),
        ("text", "it's - fine", "it's - fine"),
        ("text", -5, "-5"),
        ("string", "-", "-"),
        ("number", Decimal("-0.5"), "-0.5"),
        ("boolean", False, "0"),
        ("json", {"b": 1, "a": "é"}, '{"a":"é","b":1}'),
        ("text", None, ""),
    ],
)
def test_cell_writes_a_value(type_: ColumnType, value: object, written: str) -> None:
    assert cell(Column("x", "x", type_), value) == written
