"""What each exit pays, line by line."""

from decimal import Decimal

import pytest

from recruitment.rules import Earned, Terms, Waited, completion_code, reckon, total_of

WAITED = Waited(seconds=61, per_minute=Decimal("0.10"))


def terms(rule: str, **facts: object) -> Terms:
    usual = {
        "currency": "GBP",
        "base": Decimal("4.00"),
        "amount": Decimal("1.00"),
        "rate": Decimal("0.02"),
        "most": Decimal("6.00"),
    }
    return Terms(rule=rule, **(usual | facts))  # type: ignore[arg-type]


def paid(rule: str, earned: Earned, **facts: object) -> dict[str, int]:
    return {line.what: line.amount_minor for line in reckon(terms(rule, **facts), earned)}


def test_full_pays_base_points_and_waiting() -> None:
    assert paid("full", Earned(points=123, waited=(WAITED,))) == {"base": 400, "bonus": 246, "waiting": 20}


def test_fixed_pays_its_amount_and_waiting_but_no_points() -> None:
    assert paid("fixed", Earned(points=123, waited=(WAITED,))) == {"fixed": 100, "waiting": 20}


def test_earned_pays_the_base_only_after_the_whole_game() -> None:
    assert paid("earned", Earned(points=10)) == {"bonus": 20}
    assert paid("earned", Earned(points=10, has_played=True)) == {"base": 400, "bonus": 20}


def test_none_pays_nothing_not_even_waiting() -> None:
    assert paid("none", Earned(points=123, has_played=True, waited=(WAITED,))) == {}


def test_bonus_is_bounded_on_both_sides() -> None:
    assert paid("full", Earned(points=10_000))["bonus"] == 600
    assert paid("full", Earned(points=-5))["bonus"] == 0


def test_points_without_a_rate_pay_nothing() -> None:
    assert paid("full", Earned(points=50), rate=None) == {"base": 400}


@pytest.mark.parametrize(("points", "minor"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_halves_of_a_penny_are_rounded_up_once(points: int, minor: int) -> None:
    assert paid("full", Earned(points=points), rate=Decimal("0.005"))["bonus"] == minor


@pytest.mark.parametrize(("seconds", "minor"), [(0, 0), (1, 10), (60, 10), (61, 20), (600, 100)])
def test_waiting_is_paid_for_each_minute_begun(seconds: int, minor: int) -> None:
    waited = Waited(seconds=seconds, per_minute=Decimal("0.10"))
    assert paid("fixed", Earned(waited=(waited,))).get("waiting", 0) == minor


def test_yen_have_no_smaller_unit() -> None:
    assert paid(
        "full", Earned(points=3), currency="JPY", base=Decimal("400"), rate=Decimal("0.5"), most=Decimal("99")
    ) == {
        "base": 400,
        "bonus": 2,
    }


def test_line_names_the_rounds_that_were_drawn() -> None:
    (line,) = reckon(terms("earned"), Earned(points=12, drawn=(3, 8)))
    assert line.numbers == {"points": "12", "rate": "0.02", "rounds": "3, 8"}
    (line,) = reckon(terms("earned"), Earned(drawn=()))
    assert (line.amount_minor, line.numbers["rounds"]) == (0, "")


def test_lines_name_the_numbers_that_explain_them() -> None:
    lines = reckon(terms("full"), Earned(points=500, waited=(WAITED,)))
    assert [line.numbers for line in lines] == [
        {},
        {"points": "500", "rate": "0.02", "most": "6.00"},
        {"minutes": "2", "per_minute": "0.10"},
    ]
    assert total_of(lines, "base", "fixed", "bonus", "waiting") == 400 + 600 + 20


def test_codes_differ_between_exits_and_studies_and_stay_the_same() -> None:
    code = completion_code("seed", "completed", "auto")
    assert code == completion_code("seed", "completed", "auto")
    assert len(code) == 10
    assert len({code, completion_code("seed", "no_group", "auto"), completion_code("other", "completed", "auto")}) == 3
    assert completion_code("seed", "completed", "DONE-1") == "DONE-1"
