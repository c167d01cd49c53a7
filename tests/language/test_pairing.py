"""What pairing rules share: whose turn it is to rest, and meeting somebody new."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradigm import Matching, MatchPlan, Parameters, Seat
from paradigm.pairing import least_met, rested_first


@settings(max_examples=80, deadline=None)
@given(size=st.integers(1, 9), spare=st.integers(0, 4), seed=st.integers(0, 9999))
def test_least_met_repeats_a_pair_only_when_all_have_met(size: int, spare: int, seed: int) -> None:
    ones, others = list(range(size)), list(range(100, 100 + size + spare))
    past: list[list[MatchPlan]] = []
    for _ in range(2 * size):
        Random(f"{seed}/{len(past)}").shuffle(others)
        given_to = least_met(ones, others, past)
        assert sorted(given_to) == ones
        assert len(set(given_to.values())) == size
        past.append([MatchPlan({"1": one, "2": other}) for one, other in given_to.items()])
        if spare == 0:
            met = Counter((plan.seats["1"], plan.seats["2"]) for plans in past for plan in plans)
            assert max(met.values()) == -(-len(past) // size)


def test_least_met_refuses_too_few() -> None:
    with pytest.raises(ValueError, match="2 seats cannot be given to 3"):
        least_met([1, 2, 3], [4, 5], [])


def test_rested_first_lists_all_and_puts_who_has_played_less_in_front() -> None:
    seats = [Seat(number, "player", "human") for number in range(1, 6)]
    past = [[MatchPlan({"1": 1, "2": 2})], [MatchPlan({"1": 1, "2": 3})]]
    orders = {
        tuple(s.number for s in rested_first(Matching(seats, 3, Random(n), Parameters(), past))) for n in range(60)
    }
    assert {order[-1] for order in orders} == {1}
    assert {frozenset(order[:2]) for order in orders} == {frozenset({4, 5})}
    assert len(orders) == 4  # both ties are broken by chance
