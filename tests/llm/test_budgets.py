"""A budget is reserved before a call and settled after it: never passed, never leaked, never counted twice."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import clock
from events.models import Event
from llm import door, services
from llm.errors import ModelFailed
from llm.exchange import Reply
from llm.models import Account, Call, Charge
from llm.rules import Verdict
from llm.spending import SMALLEST_USD, Limit, Price, bound, greatest_cost, spelled
from tests.llm.conftest import REQUEST, Ask
from tests.llm.spenders import MESSAGES, MOST, MOST_IN, MOST_OUT, check_sums, closed, opened, request, spending
from tests.llm.spenders import state_of as state
from tests.machinery.stub_server import StubServer

pytestmark = pytest.mark.django_db(transaction=True)
MOST_TOKENS = MOST_IN + MOST_OUT
WORKERS, CALLERS = 16, 120


def worth(calls: float) -> Decimal:
    """As much as some calls can cost at most."""
    return (MOST * Decimal(str(calls))).quantize(SMALLEST_USD, rounding=ROUND_DOWN)


@pytest.fixture
def _spender(settings: Any) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"spender": "tests.llm.spenders.ask"}


def outcome_of(number: int, *limits: Limit) -> str:
    """What comes of one whole question, on a thread and a connection of its own."""
    try:
        async_to_sync(door.complete)(request(number, spending(*limits)))
    except ModelFailed as error:
        return error.code
    finally:
        connection.close()
    return "ok"


@pytest.mark.usefixtures("_spender")
@pytest.mark.parametrize("hard", [0.5, 1, 7.5, 40])
def test_many_callers_at_once_never_pass_a_limit(hard: float) -> None:
    study, day = Limit("study:1", "study", hard_usd=worth(hard)), Limit("study:1/day", "day", hard_usd=worth(60))
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda number: outcome_of(number, study, day), range(CALLERS)))
    assert set(found) <= {"ok", "budget"}
    check_sums()
    assert not Charge.objects.filter(state="reserved").exists()
    assert Call.objects.count() == found.count("ok"), "who is refused opens no call"
    spent = sum((charge.usd for charge in Charge.objects.all() if charge.usd), Decimal(0))
    assert spent <= worth(hard)
    # Every other call costs all that it can, so fewer than a half can be short of it: what is left is less than a call.
    assert found.count("ok") >= int(hard)
    if found.count("budget"):
        assert worth(hard) - spent < MOST * WORKERS, "a refusal can only come of what was spent and under way"


@pytest.mark.usefixtures("_spender")
def test_coroutines_of_one_worker_share_a_limit_as_threads_do() -> None:
    limit = Limit("study:1", "study", hard_tokens=MOST_TOKENS * 9)

    async def all_of_them() -> list[object]:
        asked = [door.complete(request(number, spending(limit))) for number in range(0, 100, 2)]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = async_to_sync(all_of_them)()
    refused = [one for one in found if isinstance(one, ModelFailed)]
    assert {one.code for one in refused} == {"budget"}
    assert len(found) - len(refused) == 9
    check_sums()


Act = tuple[str, int, float | None]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["open", "ok", "timeout", "quota", "again", "lapse"]), st.integers(0, 5),
        st.none() | st.floats(0, 1),
    ),
    max_size=30,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(acts=ACTS, hard=st.floats(0, 6))
def test_whatever_becomes_of_calls_accounts_are_the_sums_of_their_charges(acts: list[Act], hard: float) -> None:
    for model in (Charge, Account):
        model.objects.all().delete()
    Call.objects.filter(outcome="open").update(outcome="superseded")
    calls: list[Call] = []
    start = Call.objects.count() + 1
    narrow = Limit("study:1/person:1", "person", hard_usd=worth(hard))
    spent = spending(Limit("study:1", "study", hard_usd=worth(4), hard_tokens=MOST_TOKENS * 5), narrow)
    for what, which, share in acts:
        if what == "open" or (what == "again" and calls):
            asked = request(start + len(calls), spent)
            if what == "again":  # another holder of the same turn
                asked = replace(asked, scope=calls[which % len(calls)].scope)
            with suppress(ModelFailed):  # which is what limits are for
                calls.append(services.open_call(asked, MESSAGES))
        if what == "lapse":
            Charge.objects.update(lapses_at=clock.now() - timedelta(seconds=1))
            services.lapse("study:1")
        elif calls and what not in ("open", "again"):
            closed_quietly(calls[which % len(calls)], share, what)
        check_sums()


def closed_quietly(call: Call, share: float | None, outcome: str) -> None:
    """Close it, though that may have been done: then only what it cost is looked at, as of a late reply."""
    call.refresh_from_db()
    if call.outcome in ("open", "superseded"):
        closed(call, share, outcome)


def test_reply_is_settled_at_what_it_used() -> None:
    limit = Limit("study:1", "study", hard_usd=worth(2))
    call = opened(1, spending(limit))
    account = Account.objects.get()
    assert (account.reserved_usd, account.spent_usd) == (MOST, 0)
    closed(call, 0.5)
    account.refresh_from_db()
    used = Charge.objects.get()
    assert used.state == "settled"
    assert used.tokens == round(MOST_IN * 0.5) + round(MOST_OUT * 0.5)
    assert (account.reserved_usd, account.spent_usd, account.spent_tokens) == (0, used.usd, used.tokens)
    assert 0 < account.spent_usd < MOST


@pytest.mark.parametrize(
    ("fault", "found"),
    [("ok", "settled"), ("refusal", "settled"), ("bad_json", "settled"), ("rate_limited_for_long", "released"),
     ("wrong_key", "released"), ("quota", "released"), ("silence", "assumed"), ("hang", "assumed"),
     ("web_page", "assumed"), ("usage_below_zero", "assumed"), ("usage_beyond_numbers", "assumed"),
     ("usage_of_nothing", "assumed")],
)  # fmt: skip
def test_what_nobody_knows_is_counted_as_the_most_and_what_never_began_as_nothing(
    fault: str, found: str, stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "hang":
        monkeypatch.setattr(door, "ATTEMPT_SECONDS", 0.4)
    monkeypatch.setattr(door, "MOST_RETRIES", 0)
    monkeypatch.setattr(door, "MOST_REASKS", 0)
    stub.will(fault)
    spent = spending(Limit("study:1", "study", hard_usd=Decimal(1)))
    if fault == "ok" or fault.startswith("usage"):
        ask(parameters={"max_tokens": 50}, spending=spent)
    else:
        with pytest.raises(ModelFailed):
            ask(parameters={"max_tokens": 50}, spending=spent)
    charge = Charge.objects.get()
    assert charge.state == found
    assert charge.most_usd is not None
    assert charge.usd == {"released": 0, "assumed": charge.most_usd}.get(found, charge.usd)
    if found == "settled":
        assert charge.usd == Price(Decimal("0.000001"), Decimal("0.00001")).of(11, 7) == Call.objects.get().cost_usd
    check_sums()


def test_declared_price_stands_in_place_of_the_providers(stub: StubServer, ask: Ask) -> None:
    ask(model="openai/gpt-4o-mini", parameters={"max_tokens": 50}, spending=spending())
    call = Call.objects.get()
    assert call.cost_usd == Decimal("0.00008100")  # 11 tokens in and 7 out at the price of these tests
    assert call.price == {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.00001}


def test_each_attempt_is_reserved_and_the_one_that_no_longer_fits_is_not_made(stub: StubServer, ask: Ask) -> None:
    stub.will("bad_json", "bad_json")
    most = greatest_cost(spending(), REQUEST.messages, REQUEST.schema, 50).usd
    assert most is not None
    limit = Limit("study:1", "study", hard_usd=most * Decimal("1.005"))
    with pytest.raises(ModelFailed) as failed:
        ask(parameters={"max_tokens": 50}, spending=spending(limit))
    assert failed.value.code == "budget"
    assert len(stub.requests) == 1
    assert list(Call.objects.values_list("outcome", flat=True)) == ["bad_json"]


def test_answer_that_is_used_again_is_not_charged_again(stub: StubServer, ask: Ask) -> None:
    spent = spending(Limit("study:1", "study", hard_usd=Decimal(1)))
    ask(parameters={"max_tokens": 50}, spending=spent)
    assert ask(parameters={"max_tokens": 50}, spending=spent).is_reused
    assert Charge.objects.count() == 1


def test_limit_of_one_call_needs_no_account() -> None:
    with pytest.raises(ModelFailed, match="call may need") as failed:
        opened(1, spending(Limit("", "call", hard_tokens=MOST_TOKENS - 1)))
    assert failed.value.code == "budget"
    opened(2, spending(Limit("", "call", hard_tokens=MOST_TOKENS)))
    assert not Account.objects.exists()
    assert Charge.objects.get().keys == []


def test_limit_of_money_is_kept_by_asking_nobody_where_no_price_is_known() -> None:
    with pytest.raises(ModelFailed, match="price is not known"):
        opened(1, spending(Limit("study:1", "study", hard_usd=Decimal(100)), price=None))
    assert not Call.objects.exists()
    call = opened(2, spending(Limit("study:1", "study", hard_tokens=MOST_TOKENS), price=None))
    closed(call)
    charge = Charge.objects.get()
    assert (charge.usd, charge.tokens) == (None, MOST_TOKENS)
    check_sums()


def test_call_of_unknown_length_is_not_made_on_a_budget() -> None:
    with pytest.raises(ModelFailed, match="max_tokens"):
        services.open_call(replace(request(1, spending()), parameters={}), MESSAGES)


def test_soft_limit_says_so_once_and_stops_nobody() -> None:
    limit = Limit("study:1/day", "day", hard_usd=worth(10), soft_usd=worth(1.5))
    for number in range(4):
        closed(opened(number, spending(limit)))
    event = Event.objects.get(kind="budget.soft")
    assert (event.study_id, event.facts["kind"], Decimal(event.facts["spent_usd"])) == (1, "day", worth(2))
    higher = replace(limit, soft_usd=worth(5.5))
    for number in range(4, 8):
        closed(opened(number, spending(higher)))
    assert [one.facts["limit"] for one in Event.objects.filter(kind="budget.soft").order_by("pk")] == [
        spelled(worth(1.5), None), spelled(worth(5.5), None),
    ]  # fmt: skip
    assert not Event.objects.filter(kind="budget.hard").exists()


def test_hard_limit_says_so_once_and_a_higher_one_lets_calls_in_again() -> None:
    limit = Limit("study:1", "study", hard_usd=worth(1))
    closed(opened(1, spending(limit)))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(refused, [(number, limit) for number in range(2, 10)]))
    event = Event.objects.get(kind="budget.hard")
    assert (event.study_id, event.subject_kind, event.facts["kind"]) == (1, "account", "study")
    opened(20, spending(replace(limit, hard_usd=worth(2))))
    with pytest.raises(ModelFailed):
        opened(21, spending(replace(limit, hard_usd=worth(2))))
    assert Event.objects.filter(kind="budget.hard").count() == 2


def refused(asked: tuple[int, Limit]) -> None:
    try:
        with pytest.raises(ModelFailed):
            opened(asked[0], spending(asked[1]))
    finally:
        connection.close()


def test_refusal_gives_back_what_was_reserved_under_narrower_keys() -> None:
    wide, narrow = Limit("study:1", "study", hard_usd=worth(1)), Limit("study:1/person:1", "person", hard_usd=worth(9))
    opened(1, spending(wide, narrow))
    with pytest.raises(ModelFailed):
        opened(2, spending(wide, narrow))
    check_sums()
    assert {one.reserved_usd for one in Account.objects.all()} == {MOST}


def test_reply_of_a_holder_that_was_replaced_is_counted_too() -> None:
    spent = spending(Limit("study:1", "study", hard_usd=worth(5)))
    slow = opened(1, spent)
    newer = opened(1, spent)
    assert (slow.scope, slow.attempt, newer.attempt) == ("due:1", 1, 2)
    assert closed(newer) is True
    assert closed(slow, 0.25) is False
    assert [state(slow), state(newer)] == ["settled", "settled"]
    check_sums()


def test_charge_of_the_dead_is_counted_as_the_most_once_and_a_late_reply_corrects_it() -> None:
    spent = spending(Limit("study:1", "study", hard_usd=worth(5)))
    dead = opened(1, spent)
    assert services.lapse("study:1") == 0, "it may still come"
    Charge.objects.update(lapses_at=clock.now() - timedelta(seconds=1))
    assert [services.lapse("study:1"), services.lapse("study:1")] == [1, 0]
    assert state(dead) == "assumed"
    assert Account.objects.get().spent_usd == MOST
    closed(opened(2, spent), 1.0)
    assert Account.objects.get().spent_usd == MOST * 2
    closed(dead, 0.5)
    assert state(dead) == "settled"
    assert Account.objects.get().spent_usd < MOST * 2
    check_sums()


def test_next_call_counts_what_the_dead_left() -> None:
    spent = spending(Limit("study:1", "study", hard_usd=worth(5)))
    opened(1, spent)
    Charge.objects.update(lapses_at=clock.now() - timedelta(seconds=1))
    opened(2, spent)
    assert list(Charge.objects.order_by("pk").values_list("state", flat=True)) == ["assumed", "reserved"]


def test_reply_longer_than_was_possible_is_counted_as_it_was() -> None:
    call = opened(1, spending(Limit("study:1", "study", hard_usd=worth(1))))
    reply = Reply("x", "spender-1", tokens_in=MOST_IN, tokens_out=MOST_OUT * 3)
    services.close_call(call, Verdict("ok"), latency_ms=1, reply=reply)
    account = Account.objects.get()
    assert account.spent_tokens == MOST_IN + MOST_OUT * 3
    assert account.spent_usd > worth(1), "by one call, and no other is made"
    with pytest.raises(ModelFailed):
        opened(2, spending(Limit("study:1", "study", hard_usd=worth(1))))


@given(st.lists(st.text(max_size=200), max_size=6), st.integers(1, 8000))
def test_bound_is_no_less_than_a_token_for_each_byte(texts: list[str], most_out: int) -> None:
    messages = [{"role": "user", "content": text} for text in texts]
    most_in, out = bound(messages, None, most_out)
    assert most_in >= sum(len(text.encode("utf-8", "replace")) for text in texts)
    assert out == most_out
    with_form, _ = bound(messages, {"type": "object"}, most_out)
    assert with_form > most_in
