"""What is ordered of a batch, and how far it has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Budget:
    """What a batch may use, all its groups together; None: no limit."""

    calls: int | None = None
    cost_usd: Decimal | None = None

    def is_used_up(self, spent: Spent) -> bool:
        """Whether nothing more may be asked of a model."""
        over_calls = self.calls is not None and spent.calls >= self.calls
        return over_calls or (self.cost_usd is not None and spent.cost_usd >= self.cost_usd)

    def told(self) -> str:
        """The limits in words."""
        limits = [f"{self.calls} calls"] if self.calls is not None else []
        return " and ".join([*limits, *([f"{self.cost_usd} USD"] if self.cost_usd is not None else [])])


@dataclass(frozen=True)
class Spent:
    """Attempts to ask a model, and what they cost as far as prices are known. `is_open`: one is under way."""

    calls: int = 0
    cost_usd: Decimal = Decimal(0)
    is_open: bool = False


@dataclass(frozen=True)
class Order:
    """So many groups, under some levels or in balance, for so much."""

    wanted: int
    condition: str = ""
    budget: Budget = Budget()


@dataclass(frozen=True)
class Progress:
    """How far a batch has come, whoever plays it.

    Attributes:
        batch: Its number.
        ended: Groups that are over before their last round.
        turns: Turns of seats that have an outcome; a conversation is one for each who speaks in it.
        failed: Turns in which nothing usable came, also where a line was said in its place; in a conversation
            each message that was to be said is one.
        is_resumed: Whether the batch was ordered before, and is played on.
    """

    wanted: int
    complete: int = 0
    ended: int = 0
    turns: int = 0
    failed: int = 0
    calls: int = 0
    cost_usd: Decimal = Decimal(0)
    batch: int = 0
    is_resumed: bool = False

    @property
    def finished(self) -> int:
        """Groups that are over, complete or not."""
        return self.complete + self.ended


@dataclass(frozen=True)
class Line:
    """What came of the groups of one condition; `minutes` from the first that was formed to the last that ended.

    `turns` and `failed` as in `Progress`.
    """

    condition: str
    complete: int
    ended: int
    under_way: int
    turns: int
    failed: int
    calls: int
    cost_usd: Decimal
    minutes: float
