"""What sequences hold, whatever the seed: weights, quotas, squares, minimisation; and which levels follow from them."""

from collections import Counter
from itertools import pairwise, product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.allocation_plan import At, Entry, Held, block, levels_at, minimised
from studies.latin import in_place, orders, square
from studies.minimisation import Coin
from studies.schema_allocation import Allocation

SEEDS = st.text(max_size=8)


def entry(number: int = 0, levels: str = "ab", factor: str = "c", **rule: Any) -> Entry:
    """An entry with one factor, whose levels are letters."""
    said = {"unit": "group", "at": "formation", **rule}
    return Entry(number, Allocation.model_validate(said), [factor], [f"{factor}={level}" for level in levels])


def sequence(of: Entry, seed: str, blocks: int) -> list[list[str]]:
    return [block(of, seed=seed, sequence="1/", number=number) for number in range(1, blocks + 1)]


@given(SEEDS, st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(1, 3))
def test_every_block_holds_each_condition_as_often_as_its_weight_says(
    seed: str, weights: list[int], times: int
) -> None:
    levels = "abcd"[: len(weights)]
    rule: dict[str, Any] = {"block_sizes": [sum(weights) * times], "weights": dict(zip(levels, weights, strict=True))}
    for found in sequence(entry(levels=levels, **rule), seed, 3):
        assert Counter(found) == {f"c={level}": w * times for level, w in zip(levels, weights, strict=True)}


def test_numbers_may_be_named_by_condition_or_by_level() -> None:
    by_level = entry(weights={"a": 3, "b": 1}, block_sizes=[4])
    by_condition = entry(weights={"c=a": 3, "c=b": 1}, block_sizes=[4])
    assert by_level.weights() == by_condition.weights() == {"c=a": 3, "c=b": 1}
    assert by_level.shares() == {"c=a": 0.75, "c=b": 0.25}


@given(SEEDS, st.lists(st.integers(1, 30), min_size=2, max_size=4))
def test_quota_is_filled_exactly_before_it_begins_anew(seed: str, targets: list[int]) -> None:
    levels = "abcd"[: len(targets)]
    wanted = {f"c={level}": target for level, target in zip(levels, targets, strict=True)}
    first, second = sequence(entry(levels=levels, method="quota", targets=wanted), seed, 2)
    assert Counter(first) == Counter(second) == wanted


@given(SEEDS)
def test_simple_randomisation_has_no_memory_and_the_weights_of_the_plan(seed: str) -> None:
    of = entry(method="simple", weights={"a": 3, "b": 1})
    drawn = [each for found in sequence(of, seed, 400) for each in found]
    assert drawn == [each for found in sequence(of, seed, 400) for each in found]
    assert 250 <= drawn.count("c=a") <= 350  # 300 ± 5.8 standard deviations


@pytest.mark.parametrize("size", range(2, 13))
def test_square_has_every_level_once_in_each_place_and_equally_often_after_each_other(size: int) -> None:
    rows = square(size)
    times = 1 if size % 2 == 0 else 2
    assert len(rows) == size * times
    for row in rows:
        assert sorted(row) == list(range(size))
    for place in range(size):
        assert Counter(row[place] for row in rows) == dict.fromkeys(range(size), times)
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert neighbours == {pair: times for pair in product(range(size), repeat=2) if pair[0] != pair[1]}


@given(SEEDS, st.integers(2, 6))
def test_every_block_of_a_latin_square_holds_each_order_once(seed: str, size: int) -> None:
    of = entry(levels="abcdef"[:size], unit="round", method="latin_square")
    for found in sequence(of, seed, 3):
        assert sorted(found) == sorted(orders(of.conditions))


def test_order_begins_anew_after_its_last_place() -> None:
    assert [in_place("c=a>c=b>c=d", place) for place in range(1, 6)] == ["c=a", "c=b", "c=d", "c=a", "c=b"]


@given(SEEDS, st.lists(st.sampled_from(["x=1,y=1", "x=1,y=2", "x=2,y=1", "x=2,y=2"]), max_size=40))
def test_minimisation_without_chance_keeps_every_covariate_alike(seed: str, people: list[str]) -> None:
    of = entry(levels="abc", unit="participant", method="minimisation", covariates=["x"], probability=1)
    held: list[tuple[str, dict[str, str]]] = []
    for number, profile in enumerate(people, start=1):
        own = {"x": profile[2]}
        found = minimised(of, held, own, seed=seed, sequence="1/", number=number)
        again = minimised(of, held[::-1], own, seed=seed, sequence="1/", number=number)
        assert found == again, "the order of those before makes no difference"
        held.append((found, own))
    for answer in "12":
        counts = [sum(one == c and its["x"] == answer for one, its in held) for c in of.conditions]
        assert max(counts) - min(counts) <= 1


@given(SEEDS, st.sampled_from(["range", "variance"]), st.floats(0.5, 1))
def test_minimisation_follows_weights(seed: str, imbalance: str, probability: float) -> None:
    of = entry(method="minimisation", weights={"a": 2, "b": 1}, imbalance=imbalance, probability=probability)
    held: list[tuple[str, dict[str, str]]] = []
    for number in range(1, 61):
        held.append((minimised(of, held, {}, seed=seed, sequence="1/", number=number), {}))
    share = sum(condition == "c=a" for condition, _ in held) / len(held)
    assert 0.4 <= share <= 0.9  # 0.67 ± 4 standard deviations, were every draw by itself


@pytest.mark.parametrize("weights", [{"a": 9, "b": 1}, {"a": 4, "b": 2, "c": 1}])
def test_small_weights_get_their_share_and_no_more(weights: dict[str, int]) -> None:
    """With a coin that knows nothing of weights, nine to one would end at four to one: 0.2 of all miss the best."""
    coin, rng = Coin(weights, "range", 0.8), Random(7)
    held: list[tuple[str, dict[str, str]]] = []
    for _ in range(700):
        held.append((coin.choose(held, {}, rng), {}))
    drawn = Counter(condition for condition, _ in held)
    for condition, weight in weights.items():
        assert abs(drawn[condition] - 700 * weight / sum(weights.values())) <= 25, condition


def test_conditions_that_are_as_good_are_drawn_by_their_weights() -> None:
    coin = Coin({"a": 2, "b": 1, "c": 1}, "range", 1)
    held: list[tuple[str, dict[str, str]]] = [("c", {})]
    assert [coin.after(one, held, {}) for one in "abc"] == [1, 1, 2]
    drawn = Counter(coin.choose(held, {}, Random(seed)) for seed in range(1800))
    assert drawn["c"] == 0
    assert 1100 <= drawn["a"] <= 1300  # 1200 ± 5 standard deviations


def test_coin_takes_the_best_condition_as_often_as_it_says() -> None:
    coin = Coin({"a": 1, "b": 1}, "range", 0.8)
    held = [("a", {"x": "1"})]
    drawn = Counter(coin.choose(held, {"x": "1"}, Random(seed)) for seed in range(2000))
    assert 1510 <= drawn["b"] <= 1690  # 1600 ± 5 standard deviations
    even = Counter(coin.choose(held, {"x": "2"}, Random(seed)) for seed in range(2000))
    assert 888 <= even["b"] <= 1112, "whoever is alike to nobody is drawn evenly"


def test_variance_weighs_what_is_far_apart_more_than_the_range() -> None:
    held: list[tuple[str, dict[str, str]]] = [("a", {}), ("a", {}), ("b", {})]
    assert Coin({"a": 1, "b": 1, "c": 1}, "range", 1).after("c", held, {}) == 1
    assert Coin({"a": 1, "b": 1}, "variance", 1).after("a", held, {}) == 1
    assert Coin({"a": 1, "b": 1}, "variance", 1).after("b", held, {}) == 0


ENTRIES = [
    entry(0, "ab", "label"),
    entry(1, "xyz", "topic", unit="round", method="latin_square"),
    entry(2, "lh", "stake", unit="pair", block_sizes=[2]),
    entry(3, "ab", "label", at={"round": 3}),
    entry(4, "no", "cap", unit="round", block_sizes=[2], at={"round": 2}),
    entry(5, "ft", "tone", unit="session", block_sizes=[2], at="entry"),
]
HELD = [
    Held(3, "", "label=b"),
    Held(0, "", "label=a"),
    Held(1, "", "topic=y>topic=z>topic=x"),
    Held(2, "1-4", "stake=l"),
    Held(2, "2-3", "stake=h"),
    Held(4, "2", "cap=n"),
    Held(4, "3", "cap=o"),
    Held(5, "1", "tone=f"),
    Held(5, "2", "tone=t"),
]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (At(round=0), {"label": "a", "tone": "f"}),
        (At(round=1), {"label": "a", "topic": "y", "tone": "f"}),
        (At(round=2, pair="1-4"), {"label": "a", "topic": "z", "stake": "l", "cap": "n", "tone": "f"}),
        (At(round=3, pair="2-3"), {"label": "b", "topic": "x", "stake": "h", "cap": "o", "tone": "f"}),
        (At(round=4, session=2), {"label": "b", "topic": "y", "tone": "t"}),
        (At(), {"label": "b", "tone": "f"}),
    ],
)
def test_levels_follow_from_the_slots_that_are_held(at: At, expected: dict[str, str]) -> None:
    assert levels_at(ENTRIES, HELD, at) == expected
    assert levels_at(ENTRIES, HELD[::-1], at) == expected


def test_order_begins_with_the_round_at_which_it_is_given() -> None:
    of = [entry(0, "xy", "topic", unit="round", method="latin_square", at={"round": 3})]
    held = [Held(0, "", "topic=y>topic=x")]
    found = [levels_at(of, held, At(round=number)).get("topic") for number in range(6)]
    assert found == [None, None, None, "y", "x", "y"]


def test_levels_of_items_are_those_of_the_item_that_is_asked_for() -> None:
    of = [entry(0, "fw", "tone", unit="item", block_sizes=[2], at="after")]
    held = [Held(0, "1", "tone=f"), Held(0, "2", "tone=w")]
    assert [levels_at(of, held, At(item=number)) for number in (0, 1, 2)] == [{}, {"tone": "f"}, {"tone": "w"}]


def test_what_is_given_at_a_session_holds_from_then_on() -> None:
    of = [
        entry(0, "ab", "who", unit="participant", at="entry", block_sizes=[2]),
        entry(1, "ab", "who", unit="participant", at={"session": 3}, block_sizes=[2]),
    ]
    held = [Held(0, "", "who=a"), Held(1, "", "who=b")]
    assert [levels_at(of, held, At(session=k))["who"] for k in (1, 2, 3, 4)] == ["a", "a", "b", "b"]
    assert [one.since for one in of] == ["", "session 3"]
