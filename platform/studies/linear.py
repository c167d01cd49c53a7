"""Whether some inequalities of numbers can hold at once, and between which values one of them may then be. Pure.

By elimination of Fourier and Motzkin, in fractions: exact for real numbers, and for as few names as a rule has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

MOST_INEQUALITIES = 2000
Terms = Mapping[str, Fraction]


class TooManyError(Exception):
    """The elimination has become too long to be waited for."""


@dataclass(frozen=True)
class AtMost:
    """The sum of `terms` (name and factor, in the order of names, no factor 0) is at most `most`; or below it."""

    terms: tuple[tuple[str, Fraction], ...]
    most: Fraction
    is_below: bool

    @property
    def is_impossible(self) -> bool:
        """Whether it can hold for no numbers at all."""
        return not self.terms and (self.most < 0 or (self.most == 0 and self.is_below))


@dataclass(frozen=True)
class Between:
    """The values that one name may have: from `low` to `high`, either of which may be open; None is no end."""

    low: Fraction | None = None
    high: Fraction | None = None
    is_low_open: bool = False
    is_high_open: bool = False


def at_most(terms: Terms, most: Fraction, *, is_below: bool = False) -> AtMost:
    """`terms` is at most (or below) a number, scaled so that the same inequality is always written alike."""
    kept = {name: factor for name, factor in sorted(terms.items()) if factor}
    scale = abs(next(iter(kept.values()), Fraction(1)))
    return AtMost(tuple((name, factor / scale) for name, factor in kept.items()), most / scale, is_below)


def can_hold(inequalities: Sequence[AtMost]) -> bool:
    """Whether real numbers meet all of them. Raises TooManyError."""
    return not any(one.is_impossible for one in _without(inequalities, _names(inequalities)))


def between(name: str, inequalities: Sequence[AtMost]) -> Between | None:
    """The values of one name for which the others have some that meet all; None where nothing meets all.

    Raises:
        TooManyError: where the elimination takes too long.
    """
    rest = _without(inequalities, [other for other in _names(inequalities) if other != name])
    if any(one.is_impossible for one in rest):
        return None
    lows: list[tuple[Fraction, bool]] = []
    highs: list[tuple[Fraction, bool]] = []
    for one in rest:
        if one.terms:
            factor = one.terms[0][1]
            (highs if factor > 0 else lows).append((one.most / factor, one.is_below))
    low = max(lows, default=None)
    high = min(highs, key=lambda end: (end[0], not end[1]), default=None)
    (lowest, is_low_open), (highest, is_high_open) = low or (None, False), high or (None, False)
    return Between(lowest, highest, is_low_open, is_high_open)


def _names(inequalities: Iterable[AtMost]) -> list[str]:
    return sorted({name for one in inequalities for name, _ in one.terms})


def _without(inequalities: Iterable[AtMost], names: Sequence[str]) -> set[AtMost]:
    """What is left to hold once some names may have whatever values suit."""
    left = _tightest(inequalities)
    for name in names:
        below = [one for one in left if dict(one.terms).get(name, 0) < 0]
        above = [one for one in left if dict(one.terms).get(name, 0) > 0]
        left -= {*below, *above}
        if len(left) + len(below) * len(above) > MOST_INEQUALITIES:
            raise TooManyError
        left = _tightest([*left, *(_sum(name, low, high) for low in below for high in above)])
    return left


def _tightest(inequalities: Iterable[AtMost]) -> set[AtMost]:
    """Of those that bound the same sum only the one that says most."""
    found: dict[tuple[tuple[str, Fraction], ...], AtMost] = {}
    for one in inequalities:
        other = found.get(one.terms, one)
        found[one.terms] = min(one, other, key=lambda each: (each.most, not each.is_below))
    return set(found.values())


def _sum(name: str, low: AtMost, high: AtMost) -> AtMost:
    """What follows from two inequalities that bound a name from below and from above."""
    first, second = dict(low.terms), dict(high.terms)
    one, other = second[name], -first[name]
    terms = {
        each: first.get(each, Fraction(0)) * one + second.get(each, Fraction(0)) * other for each in first | second
    }
    return at_most(terms, low.most * one + high.most * other, is_below=low.is_below or high.is_below)
