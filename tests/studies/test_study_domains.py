"""Whether a rule can be met: compared with trying every value there is."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.domains import Domain, Numbers, Words, can_be
from studies.grammar import CALCULATIONS, COMPARISONS, Node, Number, Pair, Word
from studies.rules import rule_of

DOMAINS: dict[str, Domain] = {
    "tries": Numbers(Fraction(0), Fraction(4)),
    "age": Numbers(Fraction(-2), Fraction(2)),
    "gender": Words(("woman", "man", "other")),
}
NUMBERS = {"tries": range(5), "age": range(-2, 3)}
WORDS = ("woman", "man", "other")


def numeric(name: str) -> st.SearchStrategy[Node]:
    bound = st.fractions(-4, 6, max_denominator=2).map(Number)
    pair = st.tuples(st.sampled_from(sorted(COMPARISONS)), bound, st.booleans())
    return pair.map(lambda p: Pair(p[0], Word(name), p[1]) if p[2] else Pair(p[0], p[1], Word(name)))


def verbal() -> st.SearchStrategy[Node]:
    pair = st.tuples(st.sampled_from(["==", "!="]), st.sampled_from([*WORDS, "nobody"]))
    return pair.map(lambda p: Pair(p[0], Word("gender"), Word(p[1])))


def joined(inside: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.tuples(st.sampled_from(["and", "or"]), inside, inside).map(lambda p: Pair(*p))


RULES = st.recursive(st.one_of(numeric("tries"), numeric("age"), verbal()), joined, max_leaves=8)


def truth(node: Node, values: Mapping[str, object]) -> bool:
    """By Python's own `and` and `or`."""
    assert isinstance(node, Pair)
    if node.sign == "and":
        return truth(node.left, values) and truth(node.right, values)
    if node.sign == "or":
        return truth(node.left, values) or truth(node.right, values)
    left, right = (
        side.value if isinstance(side, Number) else values.get(side.name, side.name)  # type: ignore[union-attr]
        for side in (node.left, node.right)
    )
    return bool(CALCULATIONS[node.sign](left, right))


@given(rule=RULES)
def test_a_rule_over_single_variables_is_decided_exactly(rule: Node) -> None:
    everything = [
        {"tries": tries, "age": age, "gender": gender}
        for tries, age, gender in product(NUMBERS["tries"], NUMBERS["age"], WORDS)
    ]
    found = {truth(rule, values) for values in everything}
    assert {met for met in (True, False) if can_be(rule, DOMAINS, met=met)} == found


@pytest.mark.parametrize(
    ("rule", "is_possible"),
    [
        ("tries > 4", False),
        ("tries >= 4 and tries < 4", False),
        ("tries > 1 and tries < 2", False),
        ("minutes > 1 and minutes < 2", True),
        ("minutes > 2 and minutes < 2.0", False),
        ("minutes == 2 and minutes != 2", False),
        ("minutes < 0", False),
        ("minutes > 100000", True),
        ("tries + age > 6", False),
        ("tries + age >= 6", True),
        ("tries * 2 == 7", True),  # a calculation: perhaps, where the truth is never
        ("tries - minutes > 4", False),
        ("tries / age > 100", True),
        ("4 < tries", False),
        ("tries == age", True),
        ("tries == age and age < 0", False),
        ("tries > 2 * 2", False),
    ],
)
def test_bounds_and_calculations(rule: str, is_possible: bool) -> None:
    domains = DOMAINS | {"minutes": Numbers(Fraction(0), is_whole=False)}
    assert can_be(rule_of(rule), domains, met=True) is is_possible


def test_two_words_can_agree_only_where_they_share_one() -> None:
    domains = {"a": Words(("x", "y")), "b": Words(("y", "z")), "c": Words(("z",))}
    assert can_be(rule_of("a == b"), domains, met=True)
    assert not can_be(rule_of("a == c"), domains, met=True)
    assert not can_be(rule_of("a == b and b == z"), domains, met=True)
    assert not can_be(rule_of("c != c"), domains, met=True)


def test_a_rule_with_many_cases_is_not_waited_for() -> None:
    rule: Node = rule_of("tries < 1 or tries > 3")
    for _ in range(12):
        rule = Pair("and", rule, rule_of("age < 1 or age > 1"))
    assert can_be(rule, DOMAINS, met=True)
