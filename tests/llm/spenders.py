"""Calls on a budget: a provider that uses what it is told to, and short ways to open and close them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from django.db.models import Sum

from llm import services
from llm.exchange import Message, Question, Reply, Request
from llm.models import Account, Call, Charge
from llm.rules import Verdict
from llm.spending import Limit, Price, Spending, bound

PRICE = Price(Decimal("0.000001"), Decimal("0.00001"), is_declared=True)
MOST_OUT = 100
MESSAGES: Sequence[Message] = [{"role": "user", "content": "How much is it?"}]
MOST_IN, _ = bound(MESSAGES, None, MOST_OUT)
MOST = PRICE.of(MOST_IN, MOST_OUT)
"""The most that one of these calls can cost."""


async def ask(question: Question) -> Reply:
    """Use up a part of what may be used, after a moment: all of it where the scope's number is even."""
    rng = Random(str(question.parameters["seed"]))
    await asyncio.sleep(rng.uniform(0, 0.02))
    share = 1.0 if int(question.parameters["seed"]) % 2 == 0 else rng.random()
    tokens_in, tokens_out = round(MOST_IN * share), round(MOST_OUT * share)
    return Reply(text="So much.", model_served="spender-1", tokens_in=tokens_in, tokens_out=tokens_out)


def spending(*limits: Limit, root: str = "study:1", line: str = "reply", price: Price | None = PRICE) -> Spending:
    return Spending(root, 1, line, price, limits)


def request(number: int, spent: Spending | None) -> Request:
    parameters = {"max_tokens": MOST_OUT, "seed": number}
    return Request(f"due:{number}", "spender/one", MESSAGES, parameters=parameters, spending=spent)


def opened(number: int, spent: Spending) -> Call:
    return services.open_call(request(number, spent), MESSAGES)


def closed(call: Call, share: float | None = 1.0, outcome: str = "ok") -> bool:
    """Close a call that used a share of what it may; None: there was no reply."""
    reply = None
    if share is not None:
        reply = Reply("x", "spender-1", tokens_in=round(MOST_IN * share), tokens_out=round(MOST_OUT * share))
    return services.close_call(call, Verdict(outcome), latency_ms=1, reply=reply)


def state_of(call: Call) -> str:
    return Charge.objects.get(call=call).state


def check_sums(root: str = "study:1") -> None:
    """Every account is the sum over its charges, and no hard limit is passed."""
    for account in Account.objects.filter(root=root):
        charges = Charge.objects.filter(root=root, keys__contains=[account.key])
        reserved = charges.filter(state="reserved").aggregate(usd=Sum("most_usd"), tokens=Sum("most_tokens"))
        spent = charges.exclude(state="reserved").aggregate(usd=Sum("usd"), tokens=Sum("tokens"))
        assert account.reserved_usd == (reserved["usd"] or 0), account.key
        assert account.reserved_tokens == (reserved["tokens"] or 0), account.key
        assert account.spent_usd == (spent["usd"] or 0), account.key
        assert account.spent_tokens == (spent["tokens"] or 0), account.key
        if account.hard_usd is not None:
            assert account.spent_usd + account.reserved_usd <= account.hard_usd, account.key
        if account.hard_tokens is not None:
            assert account.spent_tokens + account.reserved_tokens <= account.hard_tokens, account.key
