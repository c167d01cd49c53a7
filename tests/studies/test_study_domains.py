"""Whether a rule can be met: compared with trying every value there is, decided as the platform decides of people."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measures.exclusions import Fact, Value, decide
from studies import domains as limits
from studies.domains import Domain, Numbers, Words, can_be
from studies.grammar import COMPARISONS, Node, Number, Pair, Word
from studies.rules import comparisons, rule_of

DOMAINS: dict[str, Domain] = {
    "tries": Numbers(Fraction(0), Fraction(4)),
    "age": Numbers(Fraction(-2), Fraction(2)),
    "gender": Words(("woman", "man", "other")),
    "partner": Words(("man", "other", "none")),
}
MINUTES = Numbers(Fraction(0), is_whole=False)
ENDLESS: dict[str, Domain] = {
    "minutes": MINUTES,
    "quiz_minutes": Numbers(Fraction(0), Fraction(3), is_whole=False),
    "attempts": Numbers(Fraction(0)),
    "tries": DOMAINS["tries"],
}
# Rules that only compare, with whole numbers, ask for no finer steps: two values between any two of these.
STEPS = [Fraction(n, 3) for n in range(3 * 9)]
GRIDS: dict[str, Sequence[Value]] = {
    "minutes": STEPS,
    "quiz_minutes": [step for step in STEPS if step <= 3],
    "attempts": [Fraction(n) for n in range(9)],
    "tries": [Fraction(n) for n in range(5)],
}
SIGNS = st.sampled_from(sorted(COMPARISONS))


def pairs(
    signs: st.SearchStrategy[str], left: st.SearchStrategy[Node], right: st.SearchStrategy[Node]
) -> st.SearchStrategy[Node]:
    return st.tuples(signs, left, right).map(lambda p: Pair(*p))


def named(*names: str) -> st.SearchStrategy[Node]:
    return st.sampled_from(names).map(Word)


def number(low: int, high: int) -> st.SearchStrategy[Node]:
    return st.fractions(low, high, max_denominator=2).map(Number)


def joined(inside: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return pairs(st.sampled_from(["and", "or"]), inside, inside)


CALCULATED = st.recursive(
    st.one_of(named("tries", "age"), number(-4, 6)),
    lambda inside: pairs(st.sampled_from("+-*/"), inside, inside),
    max_leaves=3,
)
VERBAL = pairs(
    st.sampled_from(["==", "!="]),
    named("gender", "partner"),
    named("gender", "partner", "woman", "man", "other", "none", "nobody"),
)
RULES = st.recursive(st.one_of(pairs(SIGNS, CALCULATED, CALCULATED), VERBAL), joined, max_leaves=6)
COMPARED = st.one_of(named(*ENDLESS), st.integers(-1, 5).map(lambda n: Number(Fraction(n))))
ENDLESS_RULES = st.recursive(pairs(SIGNS, COMPARED, COMPARED), joined, max_leaves=5)


def values_of(domain: Domain) -> Sequence[Value]:
    if isinstance(domain, Words):
        return domain.values
    assert domain.low is not None
    assert domain.high is not None
    return [Fraction(n) for n in range(int(domain.low), int(domain.high) + 1)]


def tried(rule: Node, values: Mapping[str, Sequence[Value]]) -> set[bool]:
    """What becomes of a rule under all values of its names, by the code that decides of people."""
    used = [name for name in values if name in {name for pair in comparisons(rule) for name in words_of(pair)}]
    every = product(*(values[name] for name in used))
    found = {decide(rule, {name: Fact(value) for name, value in zip(used, each, strict=True)}) for each in every}
    return {met for met in found if met is not None}


def words_of(node: Node) -> set[str]:
    if isinstance(node, Pair):
        return words_of(node.left) | words_of(node.right)
    return {node.name} if isinstance(node, Word) else set()


def said(rule: Node, domains: Mapping[str, Domain]) -> set[bool]:
    return {met for met in (True, False) if can_be(rule, domains, met=met)}


@settings(max_examples=300, deadline=None)
@given(rule=RULES)
def test_a_rule_over_numbers_and_words_that_can_all_be_tried_is_decided_exactly(rule: Node) -> None:
    assert said(rule, DOMAINS) == tried(rule, {name: values_of(domain) for name, domain in DOMAINS.items()})


@settings(max_examples=150, deadline=None)
@given(rule=ENDLESS_RULES)
def test_a_rule_that_compares_numbers_without_end_or_steps_is_decided_exactly(rule: Node) -> None:
    assert said(rule, ENDLESS) == tried(rule, GRIDS)


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
        ("tries * 2 == 7", False),
        ("attempts * 2 == 7", False),
        ("attempts - tries == 0.5", False),
        ("tries - minutes > 4", False),
        ("tries / age > 4", False),
        ("tries / age == 4", True),
        ("tries / (age - age) > 0", False),
        ("4 < tries", False),
        ("tries == age and age < 0", False),
        ("tries > 2 * 2", False),
        ("tries * age == 7", False),
        ("minutes < quiz_minutes and minutes > quiz_minutes", False),
        ("attempts + minutes < 0.5 and attempts > 0", False),
        ("minutes * minutes < 0", True),  # a product of what cannot all be tried: perhaps, where the truth is never
        ("attempts - more == 0.5", True),  # and so are two whole numbers without an end
    ],
)
def test_bounds_and_calculations(rule: str, is_possible: bool) -> None:
    domains = DOMAINS | ENDLESS | {"more": Numbers(Fraction(0))}
    assert can_be(rule_of(rule), domains, met=True) is is_possible


def test_what_always_holds_is_taken_into_account() -> None:
    always = list(comparisons(rule_of("quiz_minutes <= minutes and tries + age <= 3")))
    for rule in ("quiz_minutes > minutes", "tries > 2 and age > 0", "tries + age == 4"):
        assert can_be(rule_of(rule), DOMAINS | ENDLESS, met=True)
        assert not can_be(rule_of(rule), DOMAINS | ENDLESS, met=True, always=always)


def test_two_words_can_agree_only_where_they_share_one() -> None:
    domains = {"a": Words(("x", "y")), "b": Words(("y", "z")), "c": Words(("z",))}
    assert can_be(rule_of("a == b"), domains, met=True)
    assert not can_be(rule_of("a == c"), domains, met=True)
    assert not can_be(rule_of("a == b and b == z"), domains, met=True)
    assert not can_be(rule_of("a == b and b == c"), domains, met=True)
    assert not can_be(rule_of("c != c"), domains, met=True)


@pytest.mark.parametrize(
    "limit", ["domains.MOST_WORDS", "domains.MOST_CASES", "solving.MOST_TRIED", "linear.MOST_INEQUALITIES"]
)
def test_a_rule_that_takes_too_long_may_be_met(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    verbal = "gender == partner and partner == man and gender == other"
    rule = rule_of(verbal if limit == "domains.MOST_WORDS" else "tries * 2 == 7")
    assert not can_be(rule, DOMAINS, met=True)
    monkeypatch.setattr(f"studies.{limit}", 0)
    assert can_be(rule, DOMAINS, met=True)


def test_a_rule_with_many_cases_is_not_waited_for() -> None:
    rule: Node = rule_of("tries < 1 or tries > 3")
    for _ in range(12):
        rule = Pair("and", rule, rule_of("age < 1 or age > 1"))
    assert can_be(rule, DOMAINS, met=True)
    assert limits.MOST_CASES < 2**13
