"""One belief that is paid: what is drawn, and that saying what one believes is best."""

from collections import Counter
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from paradigm.bonus import MOST_STEPS, Stated, draw, won

LOW, HIGH = 0, 30
values = st.integers(LOW, HIGH)


def chance(said: int, belief: dict[int, int]) -> Fraction:
    """How likely an answer wins for somebody who thinks that each truth is as likely as its weight."""
    scored = [(Stated(said, truth, LOW, HIGH), weight) for truth, weight in belief.items()]
    total = sum(weight for _, weight in scored)
    return sum((Fraction(one.chances * weight, one.tickets * total) for one, weight in scored), Fraction(0))


@settings(max_examples=200, deadline=None)
@given(belief=st.dictionaries(values, st.integers(1, 9), min_size=1, max_size=6))
def test_saying_what_one_expects_wins_most_often(belief: dict[int, int]) -> None:
    mean = Fraction(sum(truth * weight for truth, weight in belief.items()), sum(belief.values()))
    best = max(chance(said, belief) for said in range(LOW, HIGH + 1))
    for said in range(LOW, HIGH + 1):
        if abs(said - mean) <= Fraction(1, 2):
            assert chance(said, belief) == best
        elif abs(said - mean) > Fraction(1, 2):
            assert chance(said, belief) < best


@settings(max_examples=200, deadline=None)
@given(share=st.integers(0, 100), other=st.integers(0, 100))
def test_of_a_type_the_best_answer_is_how_likely_one_thinks_it_is(share: int, other: int) -> None:
    def wins(said: int) -> int:
        return share * Stated(said, 100, 0, 100).chances + (100 - share) * Stated(said, 0, 0, 100).chances

    assert wins(share) >= wins(other)
    assert (wins(share) == wins(other)) == (share == other)


@settings(max_examples=200, deadline=None)
@given(said=values, truth=values)
def test_chances_are_all_for_the_truth_and_none_for_what_is_a_whole_scale_away(said: int, truth: int) -> None:
    one = Stated(said, truth, LOW, HIGH)
    assert 0 <= one.chances <= one.tickets == 900
    assert (one.chances == one.tickets) == (said == truth)
    assert (one.chances == 0) == (abs(said - truth) == HIGH - LOW)
    assert sum(won(one, ticket) for ticket in range(1, one.tickets + 1)) == one.chances


@settings(max_examples=100, deadline=None)
@given(truth=values, seed=st.integers(0, 10**6))
def test_what_was_not_said_is_drawn_and_never_wins(truth: int, seed: int) -> None:
    none = Stated(None, truth, LOW, HIGH)
    assert (none.chances, none.tickets) == (0, 900)
    lot = draw([none], Random(seed))
    assert 1 <= lot.ticket <= none.tickets
    assert not won(none, lot.ticket)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 12))
def test_draw_is_one_of_the_beliefs_and_one_of_its_tickets(seed: int, count: int) -> None:
    stated = [Stated(said, 15, LOW, HIGH) for said in range(count)]
    lot = draw(stated, Random(seed))
    assert 0 <= lot.index < count
    assert 1 <= lot.ticket <= stated[lot.index].tickets
    assert lot == draw(stated, Random(seed))


def test_every_belief_is_drawn_as_often_as_any_other() -> None:
    stated = [Stated(12, 15, LOW, HIGH), Stated(0, 30, LOW, HIGH), Stated(100, 0, 0, 100)]
    drawn = Counter(draw(stated, Random(f"seat {number}")).index for number in range(6000))
    assert all(abs(drawn[index] - 2000) < 150 for index in range(3))


def test_prize_is_won_as_often_as_the_chances_say() -> None:
    one = Stated(12, 27, LOW, HIGH)  # off by half of the scale
    wins = sum(won(one, draw([one], Random(f"seat {number}")).ticket) for number in range(6000))
    assert abs(wins - 4500) < 150


ANY = st.integers(-(10**6), 10**6)


@settings(max_examples=300, deadline=None)
@given(said=st.one_of(values, ANY), truth=st.one_of(values, ANY), low=st.one_of(st.just(LOW), ANY), high=ANY)
def test_what_can_be_drawn_has_chances_that_a_row_can_hold(said: int, truth: int, low: int, high: int) -> None:
    one = Stated(said, truth, low, high)
    if one.can_be_drawn:
        assert 0 <= one.chances <= one.tickets
        assert 1 <= draw([one], Random(said)).ticket <= one.tickets < 2**31
    else:
        assert high <= low or high - low > MOST_STEPS or not low <= min(said, truth) <= max(said, truth) <= high
