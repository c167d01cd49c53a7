"""Counting what calls may cost and did cost. Called inside the transactions of `llm.services`, never by itself.

A call is reserved in the transaction that opens it, at the most that it can cost, and each of its limits is looked at
and counted up in one statement: so of any number of callers at once only as many pass as there is money for. It is
settled in the transaction that closes it. Rows are locked in one order everywhere: the call, its charge, its accounts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from events import clock
from events.log import record
from events.prepared import run
from llm.exchange import Message, Reply, Request
from llm.models import Account, Call, Charge
from llm.spending import Cost, Exhausted, Limit, Price, Spending, greatest_cost, in_order, refusal, spelled

SOFT, HARD = "budget.soft", "budget.hard"
"""Kinds of event: what is spent reached a soft limit; a call was not made because of a hard one."""
LAPSES_AFTER = timedelta(minutes=3)
"""An attempt ends after 30 s. Whoever has not closed its call so long after is dead, or will find it counted."""
NEVER_BILLED = frozenset({"rate_limited", "authentication", "quota", "config"})
"""How a call ends that the provider did not begin. After a time-out, say, nobody knows what it did."""
NOTHING = Decimal(0)
EVERYBODY = "everybody"
"""The root of accounts that belong to nobody who asks."""

log = logging.getLogger("rapport.llm")

_RESERVE = """
INSERT INTO llm_account AS mine (key, root, name, owner, reserved_usd, reserved_tokens, spent_usd, spent_tokens,
                                 hard_usd, hard_tokens, soft_usd, soft_tokens, soft_told, hard_told)
VALUES (%(key)s, %(root)s, %(name)s, %(owner)s, %(usd)s, %(tokens)s, 0, 0,
        %(hard_usd)s, %(hard_tokens)s, %(soft_usd)s, %(soft_tokens)s, '', '')
ON CONFLICT (key) DO UPDATE SET
    reserved_usd = mine.reserved_usd + excluded.reserved_usd,
    reserved_tokens = mine.reserved_tokens + excluded.reserved_tokens,
    hard_usd = excluded.hard_usd, hard_tokens = excluded.hard_tokens,
    soft_usd = excluded.soft_usd, soft_tokens = excluded.soft_tokens
WHERE (excluded.hard_usd IS NULL OR mine.spent_usd + mine.reserved_usd + excluded.reserved_usd <= excluded.hard_usd)
  AND (excluded.hard_tokens IS NULL
       OR mine.spent_tokens + mine.reserved_tokens + excluded.reserved_tokens <= excluded.hard_tokens)
RETURNING id
"""
_MOVE = """
UPDATE llm_account SET
    reserved_usd = reserved_usd - %(reserved_usd)s, reserved_tokens = reserved_tokens - %(reserved_tokens)s,
    spent_usd = spent_usd + %(usd)s, spent_tokens = spent_tokens + %(tokens)s
WHERE key = %(key)s
RETURNING coalesce(spent_usd >= soft_usd, false) OR coalesce(spent_tokens >= soft_tokens, false)
"""


@dataclass(frozen=True, slots=True)
class _Move:
    """How much goes from what is reserved to what is spent."""

    reserved_usd: Decimal
    reserved_tokens: int
    usd: Decimal
    tokens: int


def reserve(call: Call, request: Request, messages: Sequence[Message]) -> None:
    """Set the most that a call can cost aside under every key it is counted under; the last thing before the commit.

    Raises:
        Exhausted: it could pass a limit. Roll back: what was reserved under other keys must not stay.
    """
    spending = request.spending
    if spending is None:
        return
    most = greatest_cost(spending, messages, request.schema, _most_out(request))
    limits = in_order(spending.limits)
    for limit in limits:
        # A limit that is less than this one call needs no row to say no.
        if text := refusal(limit, most):
            raise Exhausted(limit, text)
    counted = [limit for limit in limits if limit.key]
    price = spending.price
    Charge.objects.create(
        call=call, root=spending.root, line=spending.line, keys=[limit.key for limit in counted],
        most_usd=most.usd, most_tokens=most.tokens, lapses_at=clock.RapportNow() + LAPSES_AFTER,
        price_input=price.input if price else None, price_output=price.output if price else None,
    )  # fmt: skip
    for limit in counted:
        _take(limit, spending, most)


def _most_out(request: Request) -> int:
    asked = request.parameters.get("max_tokens")
    if isinstance(asked, int):
        return asked
    assert request.spending is not None
    text = "a call on a budget needs `max_tokens`: without it nobody knows what it may cost"
    raise Exhausted(Limit("", "call"), text)


def _take(limit: Limit, spending: Spending, most: Cost) -> None:
    values = {
        "key": limit.key, "name": limit.name, **_whose(limit, spending),
        "usd": most.usd or NOTHING, "tokens": most.tokens, "hard_usd": limit.hard_usd,
        "hard_tokens": limit.hard_tokens, "soft_usd": limit.soft_usd, "soft_tokens": limit.soft_tokens,
    }  # fmt: skip
    if run(_RESERVE, values):
        return
    found = Account.objects.get(key=limit.key)
    usd, tokens = found.spent_usd + found.reserved_usd, found.spent_tokens + found.reserved_tokens
    # Somebody may have given back what there was no room for a moment ago: then this call was refused all the same.
    raise Exhausted(limit, refusal(limit, most, usd=usd, tokens=tokens) or f"the limit {limit.name} was reached")


def _whose(limit: Limit, spending: Spending) -> dict[str, Any]:
    """To whom the account of a limit belongs."""
    return (
        {"root": EVERYBODY, "owner": None} if limit.is_everybodys else {"root": spending.root, "owner": spending.owner}
    )


def announce_refusal(refused: Exhausted, spending: Spending) -> None:
    """Record that a hard limit was reached, once for each limit and each height of it."""
    limit = refused.limit
    height = spelled(limit.hard_usd, limit.hard_tokens)
    if not limit.key or not height:
        return
    Account.objects.get_or_create(key=limit.key, defaults={"name": limit.name, **_whose(limit, spending)})
    # Compare-and-set: of many callers that are refused at once one says so.
    fresh = Account.objects.filter(key=limit.key).exclude(hard_told=height)
    if fresh.update(hard_told=height, hard_usd=limit.hard_usd, hard_tokens=limit.hard_tokens):
        _alarm(HARD, Account.objects.get(key=limit.key), height)


def conclude(call: Call, outcome: str, reply: Reply | None) -> None:
    """Count what a call did cost in place of what it might. Any number of times; a late reply corrects a guess."""
    charge = Charge.objects.select_for_update().filter(call=call.pk).first()
    if charge is None or charge.state in (Charge.State.SETTLED, Charge.State.RELEASED):
        return
    state, usd, tokens = _worth(charge, outcome, reply)
    _change(charge, state, usd, tokens)


def assume(charge: Charge) -> None:
    """Count a call whose worker is dead as if it had cost the most. The row is locked by the caller, and reserved."""
    _change(charge, Charge.State.ASSUMED, charge.most_usd, charge.most_tokens)


def _worth(charge: Charge, outcome: str, reply: Reply | None) -> tuple[str, Decimal | None, int]:
    if reply is not None and reply.tokens_in is not None and reply.tokens_out is not None:
        usd = reply.cost_usd
        if usd is None and charge.price_input is not None and charge.price_output is not None:
            usd = Price(charge.price_input, charge.price_output).of(reply.tokens_in, reply.tokens_out)
        return Charge.State.SETTLED, usd, reply.tokens_in + reply.tokens_out
    if reply is None and outcome in NEVER_BILLED:
        return Charge.State.RELEASED, None if charge.most_usd is None else NOTHING, 0
    return Charge.State.ASSUMED, charge.most_usd, charge.most_tokens


def _change(charge: Charge, state: str, usd: Decimal | None, tokens: int) -> None:
    was_reserved = charge.state == Charge.State.RESERVED
    before_usd, before_tokens = (NOTHING, 0) if was_reserved else (charge.usd or NOTHING, charge.tokens or 0)
    move = _Move(
        reserved_usd=(charge.most_usd or NOTHING) if was_reserved else NOTHING,
        reserved_tokens=charge.most_tokens if was_reserved else 0,
        usd=(usd or NOTHING) - before_usd,
        tokens=tokens - before_tokens,
    )
    charge.state, charge.usd, charge.tokens = state, usd, tokens
    charge.save(update_fields=["state", "usd", "tokens"])
    for key in charge.keys:  # in the order in which they were reserved
        _move(key, move)


def _move(key: str, move: _Move) -> None:
    values = {
        "key": key, "usd": move.usd, "tokens": move.tokens,
        "reserved_usd": move.reserved_usd, "reserved_tokens": move.reserved_tokens,
    }  # fmt: skip
    if any(is_soft for (is_soft,) in run(_MOVE, values)):
        account = Account.objects.get(key=key)
        height = spelled(account.soft_usd, account.soft_tokens)
        if account.soft_told != height:
            Account.objects.filter(pk=account.pk).update(soft_told=height)
            _alarm(SOFT, account, height)


def _alarm(kind: str, account: Account, height: str) -> None:
    facts = {
        "kind": account.name, "limit": height, "spent_usd": str(account.spent_usd), "tokens": account.spent_tokens,
    }  # fmt: skip
    record(kind, study=account.owner, subject=("account", account.pk), facts=facts)
    log.warning("budget", extra={"facts": {**facts, "kind": kind, "name": account.name, "root": account.root}})


def priced(reply: Reply, spending: Spending | None) -> Reply:
    """A reply with what it cost by the price that was declared; where none was, by the known one if nobody said."""
    price = spending.price if spending is not None else None
    if price is None or reply.tokens_in is None or reply.tokens_out is None:
        return reply
    is_needed = price.is_declared or (reply.cost_usd is None and bool(price.input or price.output))
    if not is_needed:
        return reply
    used = {"input_cost_per_token": float(price.input), "output_cost_per_token": float(price.output)}
    return replace(reply, cost_usd=price.of(reply.tokens_in, reply.tokens_out), price=used)
