"""Whether numbers can be found that meet some comparisons at once: `minutes < 5 and rounds_void * 2 > rounds`. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Protocol

from studies.grammar import CALCULATIONS, Node, Number, Pair, Word
from studies.linear import AtMost, Between, TooManyError, at_most, between
from studies.linear import can_hold as inequalities_can_hold
from studies.rules import names_in

MOST_TRIED = 2000  # values of whole numbers, over all variables
NOUGHT = Fraction(0)


class Numbers(Protocol):
    """What one variable may be."""

    @property
    def low(self) -> Fraction | None: ...

    @property
    def high(self) -> Fraction | None: ...

    @property
    def is_whole(self) -> bool: ...


Domains = Mapping[str, Numbers]
Sum = tuple[dict[str, Fraction], Fraction]  # factors of names, and a number


class _UndefinedError(Exception):
    """Something is divided by zero: such a comparison is neither met nor not met."""


@dataclass
class _Search:
    """One search; values of whole numbers are tried one after the other until one suits."""

    domains: Domains
    tried: int = 0
    fixed: dict[str, Fraction] = field(default_factory=dict)

    def can_hold(self, pairs: Sequence[Pair]) -> bool:
        """Whether values of what is not fixed meet all comparisons; True also where it takes too long to know."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            return True
        try:
            bounds, apart, odd = self._sorted(pairs)
            if not _real_numbers_can(bounds, apart) or not all(map(self._perhaps, odd)):
                return False
            name, span = self._next(pairs, bounds)
        except _UndefinedError:
            return False
        except TooManyError:
            return True
        return name is None or any(self._holds_with(name, value, pairs) for value in _whole_in(span))

    def _holds_with(self, name: str, value: int, pairs: Sequence[Pair]) -> bool:
        self.fixed[name] = Fraction(value)
        found = self.can_hold(pairs)
        del self.fixed[name]
        return found

    def _sorted(self, pairs: Sequence[Pair]) -> tuple[list[AtMost], list[Sum], list[Pair]]:
        """Inequalities (domains among them), sums that must not be zero, and comparisons that are not linear."""
        bounds, apart, odd = list(self._bounds_of(pairs)), [], []
        for pair in pairs:
            both = self._sum_of(Pair("-", pair.left, pair.right))
            if both is None:
                odd.append(pair)
                continue
            if pair.sign == "!=":
                apart.append(both)
                continue
            terms, number = both
            if pair.sign in {"<", "<=", "=="}:
                bounds.append(at_most(terms, -number, is_below=pair.sign == "<"))
            if pair.sign in {">", ">=", "=="}:
                bounds.append(at_most(_negative(terms), number, is_below=pair.sign == ">"))
        return bounds, apart, odd

    def _bounds_of(self, pairs: Sequence[Pair]) -> Iterator[AtMost]:
        for name in self._names(pairs):
            domain = self.domains[name]
            if domain.high is not None:
                yield at_most({name: Fraction(1)}, domain.high)
            if domain.low is not None:
                yield at_most({name: Fraction(-1)}, -domain.low)

    def _names(self, pairs: Sequence[Pair]) -> list[str]:
        found = {name for pair in pairs for name in names_in(pair)}
        return sorted(name for name in found if name in self.domains and name not in self.fixed)

    def _next(self, pairs: Sequence[Pair], bounds: Sequence[AtMost]) -> tuple[str | None, Between]:
        """The whole number with the fewest values left, as far as they can be counted, and between which they are."""
        spans: dict[str, Between] = {}
        for name in self._names(pairs):
            span = between(name, bounds) if self.domains[name].is_whole else None
            if span is not None and span.low is not None and span.high is not None:
                spans[name] = span
        if not spans:
            return None, Between()
        name = min(spans, key=lambda each: len(_whole_in(spans[each])))
        return name, spans[name]

    def _sum_of(self, node: Node) -> Sum | None:
        """A calculation as a sum of names with factors; None where names are multiplied with, or divided by, names."""
        if isinstance(node, Number):
            return {}, node.value
        if isinstance(node, Word):
            return ({}, self.fixed[node.name]) if node.name in self.fixed else ({node.name: Fraction(1)}, NOUGHT)
        left, right = self._sum_of(node.left), self._sum_of(node.right)
        if node.sign == "/" and right == ({}, NOUGHT):
            raise _UndefinedError
        if left is None or right is None:
            return None
        if node.sign in {"+", "-"}:
            return _plus(left, right if node.sign == "+" else _times(right, Fraction(-1)))
        if not right[0]:
            return _times(left, right[1] if node.sign == "*" else 1 / right[1])
        return _times(right, left[1]) if node.sign == "*" and not left[0] else None

    def _perhaps(self, pair: Pair) -> bool:
        """Whether a comparison that is not linear may hold, as far as the ends of its variables tell."""
        low, high = _less(self._ends(pair.left), self._ends(pair.right))
        below, above = low is None or low < 0, high is None or high > 0
        is_zero = (low is None or low <= 0) and (high is None or high >= 0)
        may = {"<": below, ">": above, "==": is_zero, "!=": below or above}
        return may[pair.sign] if pair.sign in may else may[pair.sign[0]] or is_zero

    def _ends(self, node: Node) -> "Ends":
        """The least and the greatest value of a calculation; None is no bound."""
        if isinstance(node, Number):
            return node.value, node.value
        if isinstance(node, Word):
            value, domain = self.fixed.get(node.name), self.domains[node.name]
            return (domain.low, domain.high) if value is None else (value, value)
        left, right = self._ends(node.left), self._ends(node.right)
        if node.sign == "+":
            return _more(left, right)
        if node.sign == "-":
            return _less(left, right)
        if None in (*left, *right) or (node.sign == "/" and _holds_zero(right)):
            return None, None
        corners = [CALCULATIONS[node.sign](one, other) for one in left for other in right]
        return min(corners), max(corners)


Ends = tuple[Fraction | None, Fraction | None]


def can_hold(pairs: Sequence[Pair], domains: Domains) -> bool:
    """Whether numbers in their domains meet all comparisons.

    Args:
        domains: Of every name in the comparisons.
    """
    return _Search(domains).can_hold(pairs)


def _real_numbers_can(bounds: Sequence[AtMost], apart: Sequence[Sum]) -> bool:
    """Whether real numbers meet the inequalities and keep some sums from being zero.

    What meets inequalities is convex: where no single one of the sums is zero all over it, not all of it is used up.
    """
    if not inequalities_can_hold(bounds):
        return False
    for terms, number in apart:
        below = at_most(terms, -number, is_below=True)
        above = at_most(_negative(terms), number, is_below=True)
        if not any(inequalities_can_hold([*bounds, one]) for one in (below, above)):
            return False
    return True


def _whole_in(span: Between) -> range:
    assert span.low is not None
    assert span.high is not None
    low = floor(span.low) + 1 if span.is_low_open else ceil(span.low)
    high = ceil(span.high) - 1 if span.is_high_open else floor(span.high)
    return range(low, high + 1)


def _plus(left: Sum, right: Sum) -> Sum:
    sums = {name: left[0].get(name, NOUGHT) + right[0].get(name, NOUGHT) for name in left[0] | right[0]}
    return {name: factor for name, factor in sums.items() if factor}, left[1] + right[1]


def _times(one: Sum, factor: Fraction) -> Sum:
    return {name: value * factor for name, value in one[0].items() if value * factor}, one[1] * factor


def _negative(terms: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {name: -factor for name, factor in terms.items()}


def _more(left: Ends, right: Ends) -> Ends:
    low, high = ((None if None in pair else sum(filter(None, pair), NOUGHT)) for pair in zip(left, right, strict=True))
    return low, high


def _less(left: Ends, right: Ends) -> Ends:
    low = None if left[0] is None or right[1] is None else left[0] - right[1]
    high = None if left[1] is None or right[0] is None else left[1] - right[0]
    return low, high


def _holds_zero(ends: Ends) -> bool:
    low, high = ends
    return (low is None or low <= 0) and (high is None or high >= 0)
