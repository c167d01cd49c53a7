"""What a person is owed: pure, in Decimal, explained line by line. docs/pay.md says the same in words."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from studies.schema_types import minor

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # people may have to type it
CODE_LENGTH = 10
SECONDS_PER_MINUTE = 60

Rule = Literal["none", "fixed", "earned", "full"]
What = Literal["base", "fixed", "visits", "bonus", "waiting"]


@dataclass(frozen=True)
class Terms:
    """What the study file says about one exit's pay.

    Args:
        rule: `full`, `earned`, `fixed` or `none`.
        amount: For `fixed`.
        base: For `full`, and for `earned` once the game was played to its end.
        rate: Money per point, None where points pay nothing.
        most: The most that points pay.
        per_wave: Wave → money for each completed visit.
    """

    currency: str
    rule: Rule
    base: Decimal
    amount: Decimal = Decimal(0)
    rate: Decimal | None = None
    most: Decimal = Decimal(0)
    per_wave: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Waited:
    """Time in one waiting room, and what a minute of it pays."""

    seconds: int
    per_minute: Decimal


@dataclass(frozen=True)
class Earned:
    """What one person did that is paid.

    Args:
        points: Of the rounds that are paid.
        drawn: Which rounds were drawn to be paid; None where all are.
        visits: Wave → how many of its visits were completed.
    """

    points: int = 0
    has_played: bool = False
    waited: tuple[Waited, ...] = ()
    drawn: tuple[int, ...] | None = None
    visits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PayLine:
    """One amount in minor units (pence, cents), and the numbers that explain it."""

    what: What
    amount_minor: int
    numbers: dict[str, str]

    def as_json(self) -> dict[str, object]:
        """As a settlement keeps it."""
        return {"what": self.what, "amount_minor": self.amount_minor, "because": self.numbers}


def reckon(terms: Terms, earned: Earned) -> list[PayLine]:
    """Every amount that the exit pays; none is negative, none is listed when the rule excludes it.

    * `none`: nothing at all.
    * `fixed`: the amount, and waiting.
    * `earned`: completed visits, points and waiting; the base too, once the game was played to its end.
    * `full`: base, completed visits, points and waiting.

    Each line is rounded once, halves up.
    """
    if terms.rule == "none":
        return []
    lines: list[PayLine] = []
    if terms.rule == "fixed":
        lines.append(PayLine("fixed", minor(terms.amount, terms.currency), {}))
    if terms.rule == "full" or (terms.rule == "earned" and earned.has_played):
        lines.append(PayLine("base", minor(terms.base, terms.currency), {}))
    if terms.rule in ("full", "earned"):
        lines += _visits(terms, earned)
    if terms.rule in ("full", "earned") and terms.rate is not None:
        lines.append(_bonus(terms, terms.rate, earned))
    waiting = [_waiting(terms, one) for one in earned.waited if one.seconds > 0]
    return lines + [line for line in waiting if line.amount_minor]


def _visits(terms: Terms, earned: Earned) -> Iterator[PayLine]:
    for wave, each in terms.per_wave.items():
        count = earned.visits.get(wave, 0)
        if count and each:
            yield PayLine("visits", minor(count * each, terms.currency), {"visits": str(count), "each": str(each)})


def _bonus(terms: Terms, rate: Decimal, earned: Earned) -> PayLine:
    worth = max(Decimal(0), earned.points * rate)
    numbers = {"points": str(earned.points), "rate": str(rate)}
    if earned.drawn is not None:
        numbers["rounds"] = ", ".join(map(str, earned.drawn))
    if worth > terms.most:
        numbers["most"] = str(terms.most)
    return PayLine("bonus", minor(min(worth, terms.most), terms.currency), numbers)


def _waiting(terms: Terms, waited: Waited) -> PayLine:
    minutes = -(-waited.seconds // SECONDS_PER_MINUTE)  # each minute begun
    amount = minor(minutes * waited.per_minute, terms.currency)
    return PayLine("waiting", amount, {"minutes": str(minutes), "per_minute": str(waited.per_minute)})


def total_of(lines: Sequence[PayLine], *whats: What) -> int:
    """The sum of the lines of some kinds, in minor units."""
    return sum(line.amount_minor for line in lines if line.what in whats)


def more_of(one: list[PayLine], other: list[PayLine]) -> list[PayLine]:
    """Of two ways to reckon the one that gives more; the first, where they give the same."""
    return max(one, other, key=lambda lines: sum(line.amount_minor for line in lines))


def completion_code(seed: str, exit_name: str, declared: str) -> str:
    """The code of one exit: as declared, or derived from the version's secret seed.

    Derived, it is the same whenever asked, differs between exits, and nobody who knows one can guess another (50 bits).
    """
    if declared != "auto":
        return declared
    raw = hmac.new(seed.encode(), f"completion code/{exit_name}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(raw, "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, index = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[index])
    return "".join(letters)
