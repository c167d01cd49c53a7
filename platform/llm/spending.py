"""What a call may cost at most, what it did cost, and the limits it is made under. Pure.

Whoever asks names the keys under which is counted; what they stand for is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

SMALLEST_USD = Decimal("0.00000001")
TOKENS_PER_MESSAGE = 16
TOKENS_PER_REQUEST = 64
"""What providers add around the texts of a request: a handful of tokens each; these are more than any we know of."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per token. `is_declared`: somebody said so, and it stands in place of what a provider reckons."""

    input: Decimal
    output: Decimal
    is_declared: bool = False

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        """What some tokens cost, never rounded down."""
        exact = self.input * tokens_in + self.output * tokens_out
        return exact.quantize(SMALLEST_USD, rounding=ROUND_UP)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may be spent under one key; None where there is no such limit.

    Attributes:
        key: Opaque. "" is the call itself: then nothing is counted, and its greatest cost is compared.
        name: What messages and events call it: "day".
        is_everybodys: Whether it holds for whoever asks, and so belongs to none of them.
    """

    key: str
    name: str
    hard_usd: Decimal | None = None
    hard_tokens: int | None = None
    soft_usd: Decimal | None = None
    soft_tokens: int | None = None
    is_everybodys: bool = False


@dataclass(frozen=True, slots=True)
class Spending:
    """On whose account one answer goes.

    Attributes:
        root: Opaque key of everything that belongs together.
        owner: The `study` of the events about it.
        line: What it is spent on: "reply", "safety", "memory".
        price: None where nobody knows it: then no limit in money can be kept, and none is passed.
        limits: In any order; a key stands once.
    """

    root: str
    owner: int | None
    line: str
    price: Price | None = None
    limits: Sequence[Limit] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one call, or what it can be at most. `usd` is None where no price is known."""

    tokens_in: int
    tokens_out: int
    usd: Decimal | None

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.tokens_in + self.tokens_out


class Exhausted(Exception):  # noqa: N818  named for what happened
    """A call may not be made: it could pass a limit."""

    def __init__(self, limit: Limit, text: str) -> None:
        super().__init__(text)
        self.limit = limit


def bound(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, most_out: int) -> tuple[int, int]:
    """The most tokens that a request can have: of the prompt, and of the reply.

    A token stands for one byte at least, so a text has no more tokens than bytes: about four times what English has.
    The required form counts too, since some providers write it into the prompt.
    """
    texts = sum(len(str(each.get("content") or "").encode("utf-8", "replace")) for each in messages)
    form = len(json.dumps(schema).encode()) if schema is not None else 0
    return texts + form + TOKENS_PER_MESSAGE * len(messages) + TOKENS_PER_REQUEST, most_out


def greatest_cost(
    spending: Spending, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, most_out: int
) -> Cost:
    """What a call can cost at most."""
    tokens_in, tokens_out = bound(messages, schema, most_out)
    usd = spending.price.of(tokens_in, tokens_out) if spending.price is not None else None
    return Cost(tokens_in, tokens_out, usd)


def refusal(limit: Limit, most: Cost, *, usd: Decimal = Decimal(0), tokens: int = 0) -> str:
    """Why a call may not be made beside what is spent and reserved; "" where it may."""
    if limit.hard_usd is not None:
        if most.usd is None:
            return f"a limit of {limit.hard_usd} USD ({limit.name}) cannot be kept: the model's price is not known"
        if usd + most.usd > limit.hard_usd:
            return (
                f"{usd:.4f} of {limit.hard_usd} USD ({limit.name}) are spent or reserved, and the call may cost "
                f"{most.usd:.4f}"
            )
    if limit.hard_tokens is not None and tokens + most.tokens > limit.hard_tokens:
        return (
            f"{tokens} of {limit.hard_tokens} tokens ({limit.name}) are spent or reserved, and the call may need "
            f"{most.tokens}"
        )
    return ""


def in_order(limits: Sequence[Limit]) -> list[Limit]:
    """The order in which their rows are locked, the same for everybody: the narrowest first, the busiest last."""
    return sorted(limits, key=lambda limit: (-len(limit.key), limit.key))


def spelled(usd: Decimal | None, tokens: int | None) -> str:
    """A threshold as a word, by which another is told apart from one that was announced; "" where there is none."""
    parts = [f"{usd.normalize():f} USD" if usd is not None else "", f"{tokens} tokens" if tokens is not None else ""]
    return ", ".join(part for part in parts if part)
