"""What models cost by condition: every attempt once, what is billed apart from what is assumed."""

from decimal import Decimal

import pytest

from bots.models import BotTurn
from events import clock
from exports.masked import DECIDED
from exports.tables import table_for
from llm.models import Call, Charge
from matching.models import Seat
from tests.exports import rows
from tests.exports.test_tables import only, table

pytestmark = pytest.mark.django_db(transaction=True)


def charged(call: Call, state: str, usd: str | None, line: str = "reply") -> None:
    amount = Decimal(usd) if usd is not None else None
    Charge.objects.create(
        call=call, root=call.scope.partition("/")[0], line=line, state=state, most_usd=amount, most_tokens=109,
        usd=amount, tokens=109, lapses_at=clock.now(),
    )  # fmt: skip


def test_costs_are_summed_by_condition_and_line() -> None:
    study = rows.make_study()
    for code, condition in (("gabcdefghjk", "label=disclosed"), ("gbcdefghjkm", "label=hidden")):
        society = rows.make_society(study, code, condition=condition)
        society.play(number=1, choice="B")
    Seat.objects.filter(kind="ai").update(partner="computer")
    first, second = BotTurn.objects.filter(path="reply").order_by("match__group__code")
    settled = rows.make_call(first, cost_usd=Decimal("0.25"))
    charged(settled, "settled", "0.25")
    broken = rows.make_call(first, attempt=2, outcome="timeout")
    charged(broken, "assumed", "0.50")
    screened = rows.make_call(first, scope=f"{settled.scope}/safety", model_requested="told/two")
    charged(screened, "settled", "0.125", line="safety")
    rows.make_call(second)  # as calls were before anything was counted: without a price
    found = table(study, "costs")
    names = ("condition", "partner", "model_requested", "line", "n_calls", "n_answered", "n_unpriced", "cost_usd",
             "assumed_usd")  # fmt: skip
    assert only(found, *names) == [
        ("label=disclosed", "computer", "scripted/fair", "reply", "2", "1", "0", "0.25000000", "0.50000000"),
        ("label=disclosed", "computer", "told/two", "safety", "1", "1", "0", "0.12500000", "0.00000000"),
        ("label=hidden", "computer", "scripted/fair", "reply", "1", "1", "1", "0.00000000", "0.00000000"),
    ]
    assert {(row["tokens_in"], row["tokens_out"], row["origin"]) for row in found} == {
        ("200", "18", "demo"), ("100", "9", "demo"),
    }  # fmt: skip


def test_condition_of_the_one_person_counts_too() -> None:
    study = rows.make_study()
    society = rows.make_society(study, condition="label=hidden")
    match = society.play(number=1, choice="B")
    match.placings.filter(seat=society.seats["person"]).delete()
    match.placings.filter(seat=society.seats["selector"]).update(condition="memory=kept")
    rows.make_call(BotTurn.objects.get(match=match, path="reply"))
    (row,) = table(study, "costs")
    assert row["condition"] == "label=hidden,memory=kept"


def test_call_that_was_for_no_turn_is_counted_without_a_condition() -> None:
    study = rows.make_study()
    Call.objects.create(
        scope=f"study:{study.pk}/sentinel:1", attempt=1, model_requested="scripted/fair", prompt=[],
        prompt_sha256="0" * 64, outcome="ok",
    )  # fmt: skip
    (row,) = table(study, "costs")
    assert (row["condition"], row["origin"], row["n_calls"], row["tokens_in"]) == ("", "", "1", "0")


def test_nothing_of_it_leaves_while_data_come_in() -> None:
    study = rows.make_study()
    declared = table_for("costs", study, None)
    assert not any(DECIDED["costs"].lets_out(column.name) for column in declared.columns)
