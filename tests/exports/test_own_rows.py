"""What a person is shown of their own record: complete, their own, and blind until the game is over."""

import pytest

from exports.errors import ExportError
from exports.own_rows import OwnTable, rows_of
from exports.own_steps import record_of
from scheduling.models import Session
from tests.exports import rows

pytestmark = pytest.mark.django_db(transaction=True)


def by_name(tables: list[OwnTable]) -> dict[str, list[dict[str, str]]]:
    return {t.name: [dict(zip([c.name for c in t.columns], row, strict=True)) for row in t.rows] for t in tables}


def own(society: rows.Society, name: str = "selector") -> dict[str, list[dict[str, str]]]:
    return by_name(rows_of(Session.objects.get(seats=society.seats[name])))


def test_own_rows_show_choice_set_decision_and_belief_of_the_round_just_played() -> None:
    society = rows.make_society(rows.make_study())
    society.play(number=1, choice="A")
    society.play(number=2, choice="B")
    found = own(society)
    assert list(found) == ["placings", "choice_sets", "decisions", "beliefs", "exposures"]
    assert {row["round"] for table in found.values() for row in table} == {"2"}
    assert [(r["position"], r["chosen"], r["returned"]) for r in found["choice_sets"]] == [
        ("A", "0", ""),
        ("B", "1", "18"),
    ]
    assert [(r["field"], r["value"]) for r in found["decisions"]][:2] == [
        ("question", "Will you share?"),
        ("choice", "B"),
    ]
    assert [r["value"] for r in found["beliefs"]] == ["11", "15"]


def test_own_rows_hold_nobody_elses_acts() -> None:
    society = rows.make_society(rows.make_study())
    society.play(number=1, choice="A")
    found = own(society, "person")
    assert {row["seat"] for table in found.values() for row in table} == {"gabcdefghjk-2"}
    assert [row["value"] for row in found["decisions"]] == ["I am fair.", "12"]
    assert "choice_sets" not in found


def test_own_rows_tell_no_kind_before_the_game_is_over() -> None:
    society = rows.make_society(rows.make_study(), condition="label=hidden")
    society.play(number=1, choice="A")
    for table in rows_of(society.selector.sessions.get()):
        assert not {"kind", "is_stand_in", "candidate", "about_seat", "target"} & {c.name for c in table.columns}
        assert not any(cell in {"ai", "human", "policy"} for row in table.rows for cell in row)
    society.group.status = "complete"
    society.group.save()
    revealed = own(society)["choice_sets"]
    assert [(row["kind"], row["returned"]) for row in revealed] == [("human", "12"), ("ai", "18")]


def test_own_rows_say_when_the_clock_decided() -> None:
    society = rows.make_society(rows.make_study())
    society.play(number=1, choice=None)
    late = [row for row in own(society)["decisions"] if row["source"] == "timeout"]
    assert [(row["field"], row["value"], row["is_void"]) for row in late] == [("choice", "", "1")]


def test_own_rows_are_for_demos_and_previews_only() -> None:
    society = rows.make_society(rows.make_study())
    society.play(number=1, choice="A")
    society.selector.origin = "link"
    society.selector.save()
    with pytest.raises(ExportError) as refused:
        own(society)
    assert refused.value.code == "not_for_this_session"


def test_own_rows_are_empty_before_the_first_act() -> None:
    society = rows.make_society(rows.make_study())
    assert rows_of(society.selector.sessions.get()) == []


def test_record_shows_each_step_beside_its_rows_and_the_person_behind_them() -> None:
    society = rows.make_society(rows.make_study(), condition="label=hidden")
    society.play(number=1, choice="B")
    record = record_of(Session.objects.get(seats=society.seats["selector"]))
    decide = next(step for step in record.steps if step.path == "decide")
    assert [card.position for card in decide.cards] == ["A", "B"]
    assert [table.name for table in decide.tables] == ["choice_sets", "decisions", "exposures"]
    assert {step.path for step in record.steps} == {"ask", "decide", "expect"}
    you = next(table for table in record.tables if table.name == "participants")
    said = {column.name: list(cells) for column, cells in you.lines}
    assert said["participant"] == [society.selector.code]
    assert "condition" not in said


def test_record_tells_no_kind_before_the_game_is_over() -> None:
    society = rows.make_society(rows.make_study(), condition="label=hidden")
    society.play(number=1, choice="A")
    record = record_of(society.selector.sessions.get())
    tables = [*record.tables, *(table for step in record.steps for table in step.tables)]
    lines = [line for table in tables for line in table.lines]
    assert not {"kind", "is_stand_in", "candidate", "condition"} & {column.name for column, _cells in lines}
    assert not any(cell in {"ai", "human", "policy"} for _column, cells in lines for cell in cells)
