"""Whether a rule can be met at all, given what each of its variables may be. Pure.

A rule is a comparison, or several joined by `and` and `or`. The answer is exact, whatever is compared and calculated,
save where a product or quotient of two variables is left whose values cannot all be tried, or whole numbers without an
upper bound stand in one comparison: there it may say "perhaps" where the truth is "never".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from studies import solving
from studies.grammar import COMPARISONS, Node, Pair, Word

MOST_CASES = 4096
MOST_WORDS = 20_000  # combinations of words that are tried
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


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


def can_be(rule: Node, domains: Domains, *, met: bool, always: Sequence[Pair] = ()) -> bool:
    """Whether some values make the rule true (`met`) or false. Every name is a variable or a word.

    Args:
        always: Comparisons that hold for everybody, whatever the rule says.
    """
    cases = enumerate(_cases(rule, met))
    return any(number >= MOST_CASES or _possible((*case, *always), domains) for number, case in cases)


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
    verbal = [one for one in case if _is_verbal(one, domains)]
    numeric = [one for one in case if one not in verbal]
    numbers = {name: domain for name, domain in domains.items() if isinstance(domain, Numbers)}
    return _words_can_hold(verbal, domains) and solving.can_hold(numeric, numbers)


def _is_verbal(one: Pair, domains: Domains) -> bool:
    """Whether words are compared: each side is a name, and no number's."""
    sides = (one.left, one.right)
    return all(isinstance(side, Word) and not isinstance(domains.get(side.name), Numbers) for side in sides)


def _words_can_hold(case: Sequence[Pair], domains: Domains) -> bool:
    """Whether variables of words have values that meet all comparisons; those with a plain word narrow them first."""
    left = {name: domain.values for name, domain in domains.items() if isinstance(domain, Words)}
    both: list[tuple[str, str, bool]] = []
    for one in case:
        first, second, is_same = _named(one.left), _named(one.right), one.sign == "=="
        if first in left and second in left:
            both.append((first, second, is_same))
        elif first in left or second in left:
            name, word = (first, second) if first in left else (second, first)
            left[name] = tuple(value for value in left[name] if (value == word) is is_same)
        elif (first == second) is not is_same:
            return False
    names = sorted({name for first, second, _ in both for name in (first, second)})
    if not all(left.values()) or prod(len(left[name]) for name in names) > MOST_WORDS:
        return all(left.values())
    tried = (dict(zip(names, values, strict=True)) for values in product(*(left[name] for name in names)))
    return any(all((at[first] == at[second]) is is_same for first, second, is_same in both) for at in tried)


def _named(node: Node) -> str:
    assert isinstance(node, Word)
    return node.name
