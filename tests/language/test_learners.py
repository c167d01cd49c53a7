"""Learners follow their equations, worked out by hand."""

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradigm import Worth
from tests.language.test_strategies import PD, after, chance

HUNT = Worth(cc=4, cd=0, dc=3, dd=3)  # cooperation is best where the other cooperates in more than 3 of 4 moves
MOVES = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=15)


def test_reinforcement_by_hand() -> None:
    """First propensities: 9 x (3 + 0 + 5 + 1)/4 / 2 = 10.125 each."""
    assert chance("roth_erev", after()) == 0.5
    exploited = (0.9 * 10.125 + 5 * 0.2) / (2 * 0.9 * 10.125 + 5)  # it defected and earned 5
    assert chance("roth_erev", after((False, True))) == pytest.approx(exploited)
    assert chance("roth_erev", after((True, False))) == pytest.approx(0.5), (
        "the least that can be earned teaches nothing"
    )


@settings(max_examples=60, deadline=None)
@given(moves=MOVES)
def test_basic_reinforcement_counts_what_each_move_earned(moves: list[tuple[bool, bool]]) -> None:
    earned = {own: sum(PD.of(own, other) for mine, other in moves if mine is own) for own in (True, False)}
    expected = (10.125 + earned[True]) / (20.25 + sum(earned.values()))
    assert chance("roth_erev", after(*moves), forgetting=0, experimentation=0) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(moves=MOVES, forgetting=st.floats(0, 1), experimentation=st.floats(0, 1))
def test_reinforcement_stays_a_chance(
    moves: list[tuple[bool, bool]], forgetting: float, experimentation: float
) -> None:
    found = chance("roth_erev", after(*moves), forgetting=forgetting, experimentation=experimentation)
    assert 0 <= found <= 1


def test_fictitious_play_answers_what_it_has_counted() -> None:
    seen = [chance("fictitious_play", after(*[(True, True)] * n, points=HUNT)) for n in range(5)]
    assert seen == [0, 0, 0.5, 1, 1]  # beliefs 1/2, 2/3, 3/4, 4/5, 5/6
    assert chance("fictitious_play", after(*[(True, True)] * 9)) == 0, "in the dilemma defection is always better"


@settings(max_examples=60, deadline=None)
@given(moves=MOVES, precision=st.floats(0, 5))
def test_belief_learner_weighs_older_moves_less_and_errs_by_the_loss(
    moves: list[tuple[bool, bool]], precision: float
) -> None:
    decay, weights = 0.8, [1.0, 1.0]
    for _, other in moves:
        weights = [decay * weights[0] + other, decay * weights[1] + (not other)]
    belief = weights[0] / sum(weights)
    gain = belief * (4 - 3) + (1 - belief) * (0 - 3)
    found = chance("belief_learner", after(*moves, points=HUNT), decay=decay, precision=precision)
    assert found == pytest.approx(1 / (1 + exp(-precision * gain)))


def test_belief_without_memory_is_the_last_move() -> None:
    """With decay 0 it answers the last move alone, as in Cournot's adjustment."""
    sharp = {"decay": 0.0, "precision": 1000.0}
    assert chance("belief_learner", after((True, False), (True, True), points=HUNT), **sharp) == pytest.approx(1)
    assert chance("belief_learner", after((True, True), (True, False), points=HUNT), **sharp) == pytest.approx(0)
    nothing = {"weight_c": 0.0, "weight_d": 0.0, "precision": 0.0}
    assert chance("belief_learner", after(points=HUNT), **nothing) == 0.5
