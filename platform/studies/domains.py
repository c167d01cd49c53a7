"""Whether a rule can be met at all, given what each of its variables may be. Pure.

A rule is a comparison, or several joined by `and` and `or`. Of a variable against a number or a word the answer is
exact, however they are joined; where a rule calculates, it may say "perhaps" where the truth is "never".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import ceil, floor

from studies.grammar import CALCULATIONS, COMPARISONS, Node, Number, Pair, Word

MOST_CASES = 4096
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Numbers:
    """Numbers from `low` to `high`, both included; None is no bound. `is_whole`: whole numbers only."""

    low: Fraction | None = None
    high: Fraction | None = None
    is_whole: bool = True

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        low = f" from {self.low}" if self.low is not None else ""
        return kind + low + (f" to {self.high}" if self.high is not None else "")


@dataclass(frozen=True)
class Words:
    """One of some words."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join(self.values)


Domain = Numbers | Words
Domains = Mapping[str, Domain]
Case = tuple[Pair, ...]  # comparisons that must all hold


def can_be(rule: Node, domains: Domains, *, met: bool) -> bool:
    """Whether some values make the rule true (`met`) or false. Every name is a variable or a word."""
    return any(number >= MOST_CASES or _possible(case, domains) for number, case in enumerate(_cases(rule, met)))


def _cases(node: Node, wanted: bool) -> Iterator[Case]:
    """The ways in which a rule becomes what is wanted."""
    if not isinstance(node, Pair):
        return
    if node.sign in COMPARISONS:
        yield (node if wanted else Pair(OPPOSITE[node.sign], node.left, node.right),)
    elif (node.sign == "or") is wanted:
        yield from _cases(node.left, wanted)
        yield from _cases(node.right, wanted)
    else:
        for left, right in product(_cases(node.left, wanted), _cases(node.right, wanted)):
            yield left + right


def _possible(case: Case, domains: Domains) -> bool:
    spans = {name: _Span.of(domain) for name, domain in domains.items() if isinstance(domain, Numbers)}
    words = {name: set(domain.values) for name, domain in domains.items() if isinstance(domain, Words)}
    rest: list[Pair] = []
    for one in case:
        name, sign, other = _sides(one, domains)
        if name in words and isinstance(other, Word) and other.name not in domains:
            words[name] &= {other.name} if sign == "==" else words[name] - {other.name}
        elif name in spans and (bound := _constant(other)) is not None:
            spans[name].narrow(sign, bound)
        else:
            rest.append(one)
    if any(not left for left in words.values()) or any(span.is_empty for span in spans.values()):
        return False
    return all(_perhaps(one, spans, words) for one in rest)


def _sides(one: Pair, domains: Domains) -> tuple[str, str, Node]:
    """Variable, sign and the other side of a comparison; a variable that stands on the right is taken to the left."""
    if isinstance(one.left, Word) and one.left.name in domains:
        return one.left.name, one.sign, one.right
    if isinstance(one.right, Word) and one.right.name in domains:
        return one.right.name, MIRRORED[one.sign], one.left
    return "", one.sign, one.right


def _constant(node: Node) -> Fraction | None:
    """The value of what has no name in it; None where it has, or divides by zero."""
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Pair):
        return None
    left, right = _constant(node.left), _constant(node.right)
    if left is None or right is None or (node.sign == "/" and right == 0):
        return None
    return Fraction(CALCULATIONS[node.sign](left, right))


@dataclass
class _Span:
    """What is left of a variable's numbers."""

    low: Fraction | None
    high: Fraction | None
    is_whole: bool
    is_low_open: bool = False
    is_high_open: bool = False
    holes: set[Fraction] = field(default_factory=set)

    @classmethod
    def of(cls, domain: Numbers) -> "_Span":
        return cls(domain.low, domain.high, domain.is_whole)

    def narrow(self, sign: str, bound: Fraction) -> None:
        """Keep what stands in this relation to a bound."""
        if sign == "!=":
            self.holes.add(bound)
        if sign in {">", ">=", "=="}:
            self._raise(bound, is_open=sign == ">")
        if sign in {"<", "<=", "=="}:
            self._lower(bound, is_open=sign == "<")

    def _raise(self, bound: Fraction, *, is_open: bool) -> None:
        if self.is_whole:
            bound, is_open = Fraction(floor(bound) + 1 if is_open else ceil(bound)), False
        if self.low is None or (bound, is_open) > (self.low, self.is_low_open):
            self.low, self.is_low_open = bound, is_open

    def _lower(self, bound: Fraction, *, is_open: bool) -> None:
        if self.is_whole:
            bound, is_open = Fraction(ceil(bound) - 1 if is_open else floor(bound)), False
        if self.high is None or (-bound, is_open) > (-self.high, self.is_high_open):
            self.high, self.is_high_open = bound, is_open

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        if self.low > self.high:
            return True
        if not self.is_whole:
            return self.low == self.high and (self.is_low_open or self.is_high_open or self.low in self.holes)
        inside = sum(self.low <= hole <= self.high and hole.denominator == 1 for hole in self.holes)
        return self.high - self.low + 1 <= inside


Ends = tuple[Fraction | None, Fraction | None]


def _perhaps(one: Pair, spans: Mapping[str, _Span], words: Mapping[str, set[str]]) -> bool:
    """Whether a comparison that calculates, or compares two variables, may hold."""
    if isinstance(one.left, Word) and isinstance(one.right, Word) and {one.left.name, one.right.name} <= set(words):
        left_words, right_words = words[one.left.name], words[one.right.name]
        if one.sign == "==":
            return bool(left_words & right_words)
        return len(left_words | right_words) > 1 and one.left != one.right
    low, high = _difference(_ends(one.left, spans), _ends(one.right, spans))
    below, above = low is None or low < 0, high is None or high > 0
    is_zero = (low is None or low <= 0) and (high is None or high >= 0)
    return {
        "<": below,
        "<=": below or is_zero,
        ">": above,
        ">=": above or is_zero,
        "==": is_zero,
        "!=": below or above,
    }[one.sign]


def _ends(node: Node, spans: Mapping[str, _Span]) -> Ends:
    """The least and the greatest value of a calculation; None is no bound."""
    if isinstance(node, Number):
        return node.value, node.value
    if isinstance(node, Word):
        span = spans.get(node.name)
        return (span.low, span.high) if span else (None, None)
    left, right = _ends(node.left, spans), _ends(node.right, spans)
    if node.sign == "+":
        return _sum(left[0], right[0]), _sum(left[1], right[1])
    if node.sign == "-":
        return _difference(left, right)
    if None in (*left, *right) or (node.sign == "/" and _holds_zero(right)):
        return None, None
    corners = [CALCULATIONS[node.sign](one, other) for one in left for other in right]
    return min(corners), max(corners)


def _sum(left: Fraction | None, right: Fraction | None) -> Fraction | None:
    return None if left is None or right is None else left + right


def _difference(left: Ends, right: Ends) -> Ends:
    low = None if left[0] is None or right[1] is None else left[0] - right[1]
    high = None if left[1] is None or right[0] is None else left[1] - right[0]
    return low, high


def _holds_zero(ends: Ends) -> bool:
    low, high = ends
    return (low is None or low <= 0) and (high is None or high >= 0)
