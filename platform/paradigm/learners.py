"""Strategies that learn: from what their moves earned, or from what the others did. Pure.

Each works its state out of the whole history whenever it is asked, so that nothing is kept that a crash could lose.
"""

from collections.abc import Mapping
from math import exp

from paradigm.moves import Played, StrategyError, Worth

Numbers = Mapping[str, float]


def roth_erev(known: Played, numbers: Numbers) -> float:
    """Reinforcement: a move becomes likelier by what it earned.

    Roth & Erev 1995, Games and Economic Behavior 8, 164-212; with forgetting and experimentation Erev & Roth 1998,
    American Economic Review 88, 848-881. A move's chance is its propensity as a share of both. After a move that earned
    v the reward is r = v - (the least that can be earned), and for each move j

        q_j(t+1) = (1 - phi) q_j(t) + r (1 - epsilon)   if j was played,
        q_j(t+1) = (1 - phi) q_j(t) + r epsilon         if not.

    Both first propensities are strength x (mean reward of the four outcomes) / 2; that mean, and all numbers unless
    set, are our choice. With phi = epsilon = 0 it is the basic rule of one parameter.
    """
    worth = _worth(known)
    rewards = _rewards(worth)
    first = numbers["strength"] * sum(rewards.values()) / len(rewards) / 2
    cooperate = defect = first
    keep, epsilon = 1 - numbers["forgetting"], numbers["experimentation"]
    for own, other in known.pairs:
        reward = rewards[own, other]
        cooperate = keep * cooperate + reward * (1 - epsilon if own else epsilon)
        defect = keep * defect + reward * (epsilon if own else 1 - epsilon)
    total = cooperate + defect
    return cooperate / total if total > 0 else 0.5


def fictitious_play(known: Played, numbers: Numbers) -> float:
    """Best response to how often the others have cooperated (Brown 1951, in Koopmans' Activity Analysis, 374-376).

    The belief is (w_C + times they cooperated) / (w_C + w_D + times they moved); of equally good moves each has one
    half. Where defection is better whatever the others do it always defects.
    """
    gain = _gain(_worth(known), _belief(known, numbers, decay=1.0))
    return 0.5 if gain == 0 else float(gain > 0)


def belief_learner(known: Played, numbers: Numbers) -> float:
    """Smoothed response to a belief in which older moves weigh less.

    Weights after each move: w_m <- gamma w_m + 1 for the move m that the others made, gamma w_m for the other (Cheung &
    Friedman 1997, Games and Economic Behavior 19, 46-76; their first belief has no weight, ours is set). Chance of
    cooperating: 1 / (1 + exp(-lambda (U_C - U_D))), U the points expected under the belief (Fudenberg & Levine 1998,
    The Theory of Learning in Games, chapter 4). `decay` is gamma, `precision` lambda.
    """
    gain = _gain(_worth(known), _belief(known, numbers, decay=numbers["decay"]))
    return _logistic(numbers["precision"] * gain)


def _belief(known: Played, numbers: Numbers, *, decay: float) -> float:
    """The chance that the others cooperate."""
    cooperate, defect = numbers["weight_c"], numbers["weight_d"]
    for other in known.heard:
        cooperate, defect = decay * cooperate + other, decay * defect + (not other)
    return cooperate / (cooperate + defect) if cooperate + defect > 0 else 0.5


def _gain(worth: Worth, belief: float) -> float:
    """By how many points cooperation is expected to be better than defection."""
    return belief * (worth.cc - worth.dc) + (1 - belief) * (worth.cd - worth.dd)


def _rewards(worth: Worth) -> dict[tuple[bool, bool], float]:
    """What each pair of moves earns above the least."""
    least = min(worth.cc, worth.cd, worth.dc, worth.dd)
    return {(own, other): worth.of(own, other) - least for own in (True, False) for other in (True, False)}


def _logistic(x: float) -> float:
    # the sign keeps exp from overflowing
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def _worth(known: Played) -> Worth:
    if known.worth is None:
        raise StrategyError("declare `worth` with the experiment's moves: a learner needs the points of each outcome")
    return known.worth
