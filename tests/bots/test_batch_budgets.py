"""What a batch has used is counted once for each of its groups, and found without reading every call there is."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from django.db import connection, transaction

from bots.batches import queries, services
from bots.batches.rules import Spent
from bots.models import Batch, BatchGroup, BotTurn
from bots.run import Budget, Order, run_order
from llm.models import Call
from tests.bots.test_batches import models

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_groups_used_is_kept_when_they_are_over_and_not_added_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each turn of a long batch would read every call before it."""
    added: list[int] = []
    original = queries.used_by

    def seen(batch: Batch, groups: Sequence[int]) -> Mapping[int, Spent]:
        added.append(len(groups))
        return original(batch, groups)

    monkeypatch.setattr(queries, "used_by", seen)
    done = run_order(models(2), Order(4, budget=Budget(calls=500)), at_once=1)
    assert max(added) == 1, "the one that is under way, or was a moment ago"
    assert (done.complete, done.calls, done.turns) == (4, Call.objects.count(), BotTurn.objects.count())
    kept = BatchGroup.objects.order_by("number").values_list("calls", "turns", "cost_usd")
    assert list(kept) == [(8, 4, Decimal(0))] * 4


def test_group_of_which_a_call_is_still_under_way_is_not_counted_for_good() -> None:
    run_order(models(2), Order(1))
    batch, used = Batch.objects.get(), Call.objects.order_by("pk")[0]
    BatchGroup.objects.update(counted_at=None, calls=None, cost_usd=None, turns=None)
    late = Call.objects.create(scope=used.scope, attempt=9, model_requested="a/b", prompt=[], prompt_sha256="0" * 64)
    services.finish(batch.pk)
    assert BatchGroup.objects.get().counted_at is None
    assert queries.spent(batch).calls == 9
    Call.objects.filter(pk=late.pk).update(outcome="ok", cost_usd=Decimal("0.25"))
    services.finish(batch.pk)
    assert BatchGroup.objects.values_list("calls", "cost_usd").get() == (9, Decimal("0.25"))
    assert queries.spent(batch) == Spent(9, Decimal("0.25"))


def test_calls_of_a_turn_are_found_by_the_beginning_of_their_key() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {queries._USED}", ["study:1/turn:", "study:1/turn:", [1]])
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "Index Cond" in plan.partition("llm_call_scope")[2].partition("\n")[2].partition("\n")[0]
