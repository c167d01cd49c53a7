"""Strategies for repeated games: policies that any experiment with declared `moves` can name. Pure and seeded.

Each gives the chance with which it cooperates after what it and the others have done; one draw from the turn's own
chance makes the move. Which name an experiment or a study file gives to a strategy changes nothing that it does.
Sources are named with each. A number that no source gives is our default, and called so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from paradigm.experiment import Policy, Turn
from paradigm.learners import belief_learner, fictitious_play, roth_erev
from paradigm.moves import Played, StrategyError
from paradigm.parameters import OUR_DEFAULT

Numbers = Mapping[str, float]
Rule = Callable[[Played, Numbers], float]
"""The chance of cooperating, or of a strategy for numbers the share that it gives."""


@dataclass(frozen=True)
class Knob:
    """A number that a study file may set for a strategy; without a default it must, or it is `worked_out`."""

    label: str
    default: float | None = None
    low: float = 0.0
    high: float = 1.0
    unit: str = "chance"
    source: str = OUR_DEFAULT
    worked_out: bool = False

    def problem(self, value: Any) -> str:
        """What is wrong with a value, "" where nothing is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is no number"
        return "" if self.low <= value <= self.high else f"{value} is not from {self.low:g} to {self.high:g}"


FIRST = Knob("Chance of cooperating in the first move", 1.0)
NOISE = Knob("Chance that a move is made the other way", 0.0, high=0.5)


@dataclass(frozen=True)
class Strategy:
    """A policy made of a rule. What it is asked beside its move `beside` answers; without one it is left out.

    Args:
        is_share: Whether the rule gives the share of a number, and not a chance.
        noise: Whether moves may go wrong at a rate of their own.
    """

    rule: Rule
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    is_share: bool = False
    beside: Policy | None = None

    def __call__(self, turn: Turn) -> Mapping[str, Any]:
        """The move, where the turn's step asks for one.

        Raises:
            StrategyError: it cannot play here.
        """
        values = dict(self.beside(turn)) if self.beside else {}
        known = turn.played
        if known is None:
            raise StrategyError(f"the experiment declares no moves of a {turn.place.role}: a strategy has none to make")
        if turn.step == known.moves.step:
            numbers = self.numbers(turn.settings)
            moved = [one for one in turn.fields if one.name == known.moves.field]
            values |= {one.key: known.moves.value(one, self.level(known, numbers, turn.rng)) for one in moved}
        return values

    def level(self, known: Played, numbers: Numbers, rng: Random) -> float:
        """What is played: 0 or 1, or of a strategy for numbers a share between."""
        said = self.rule(known, numbers)
        return min(1.0, max(0.0, said)) if self.is_share else float(rng.random() < self.chance(said, numbers))

    @staticmethod
    def chance(said: float, numbers: Numbers) -> float:
        """The chance of cooperating once moves go wrong with the chance `noise`: p (1 - n) + (1 - p) n."""
        noise = numbers.get("noise", 0.0)
        return said * (1 - noise) + (1 - said) * noise

    def numbers(self, settings: Mapping[str, Any]) -> dict[str, float]:
        """Its numbers as the study file sets them, and their defaults.

        Raises:
            StrategyError: one is missing or out of its bounds.
        """
        found: dict[str, float] = {}
        for name, knob in self.knobs.items():
            value = settings.get(name, knob.default)
            if value is None and knob.worked_out:
                continue
            problem = "it must be set" if value is None else knob.problem(value)
            if problem:
                raise StrategyError(f"{name}: {problem}")
            found[name] = float(value)
        return found


def memory_one(known: Played, numbers: Numbers) -> float:
    """Cooperates with p_cc, p_cd, p_dc or p_dd after the last own move (first letter) and the others' last (second).

    Nowak & Sigmund 1993, Nature 364, 56-58. Whoever moves second answers the move that was just made; having made none
    yet, it takes its own last one for cooperation (ours).
    """
    last = newest(known)
    if last is None:
        return numbers["first"]
    return numbers[f"p_{'c' if last[0] else 'd'}{'c' if last[1] else 'd'}"]


def newest(known: Played) -> tuple[bool, bool] | None:
    """The last own move and the others' newest; None before anybody has moved."""
    pairs = known.pairs
    if known.now is not None:
        return (pairs[-1][0] if pairs else True, known.is_cooperation(known.now))
    return pairs[-1] if pairs else None


def vector(known: Played, numbers: Numbers, *, p: tuple[float, float, float, float]) -> float:
    """A memory-one rule with a fixed vector, in the order CC, CD, DC, DD."""
    return memory_one(known, {**numbers, **dict(zip(VECTOR, p, strict=True))})


VECTOR = ("p_cc", "p_cd", "p_dc", "p_dd")


def generous(known: Played, numbers: Numbers) -> float:
    """Tit-for-tat that forgives a defection with the chance g: p = (1, g, 1, g).

    Nowak & Sigmund 1992, Nature 355, 250-253. Unless set, g = min(1 - (T - R) / (R - S), (R - P) / (T - P)), the most
    generous that no other memory-one strategy exploits.
    """
    g = numbers.get("generosity")
    return vector(known, numbers, p=(1, g, 1, g)) if g is not None else vector(known, numbers, p=_generosity(known))


def _generosity(known: Played) -> tuple[float, float, float, float]:
    worth = known.worth
    if worth is None or worth.cc <= worth.cd or worth.dc <= worth.dd:
        raise StrategyError("generosity: set it, since no dilemma's points are declared from which it follows")
    g = min(1 - (worth.dc - worth.cc) / (worth.cc - worth.cd), (worth.cc - worth.dd) / (worth.dc - worth.dd))
    g = min(1.0, max(0.0, g))
    return 1, g, 1, g


def extortion(known: Played, numbers: Numbers) -> float:
    """Makes what it gets above P `chi` times what the other gets above P, whatever the other does.

    Press & Dyson 2012, PNAS 109, 10409-10413: p = (1 - f (x - 1) (R - P)/(P - S), 1 - f (1 + x (T - P)/(P - S)),
    f (x + (T - P)/(P - S)), 0) with x = chi and 0 < f <= (P - S)/((P - S) + x (T - P)). `reach` is f as a share of that
    most. Theirs as an example: chi 3 and half of it.
    """
    worth = known.worth
    if worth is None or not worth.dc > worth.cc > worth.dd > worth.cd:
        raise StrategyError("extortion needs the points of a prisoner's dilemma: T > R > P > S")
    low, temptation = worth.dd - worth.cd, worth.dc - worth.dd
    chi = numbers["chi"]
    f = numbers["reach"] * low / (low + chi * temptation)
    p = (
        1 - f * (chi - 1) * (worth.cc - worth.dd) / low,
        1 - f * (1 + chi * temptation / low),
        f * (chi + temptation / low),
        0.0,
    )
    return vector(known, numbers, p=(max(0.0, p[0]), max(0.0, p[1]), min(1.0, p[2]), p[3]))


def grim(known: Played, numbers: Numbers) -> float:
    """Cooperates until the others have defected once, and never again after that (Friedman 1971's trigger).

    Own moves that went wrong are not held against the others.
    """
    del numbers
    return float(all(known.heard))


def two_tats(known: Played, numbers: Numbers) -> float:
    """Defects only after two defections of the others in a row (Axelrod 1980, J. Conflict Resolution 24, 3-25)."""
    del numbers
    return float(len(known.heard) < 2 or any(known.heard[-2:]))


def unconditional(known: Played, numbers: Numbers) -> float:
    """Cooperates with the chance p, whatever was done."""
    del known
    return numbers["p"]


def constant(known: Played, numbers: Numbers, *, p: float) -> float:
    """Always the same move."""
    del known, numbers
    return p


def share(known: Played, numbers: Numbers) -> float:
    """Gives the same share of what can be given, whatever was done."""
    del known
    return numbers["share"]


def reciprocate(known: Played, numbers: Numbers) -> float:
    """Gives the share intercept + slope x (the share that the others last gave); the first time `first`.

    A linear conditional cooperator (as in Fischbacher, Gächter & Fehr 2001, Economics Letters 71, 397-404). Slope 1 and
    intercept 0, which match the others, are our defaults.
    """
    heard = known.now if known.now is not None else known.history[-1].other if known.history else None
    return numbers["first"] if heard is None else numbers["intercept"] + numbers["slope"] * heard


_VECTOR_KNOBS = {
    "p_cc": Knob("Chance of cooperating after both cooperated", 0.5),
    "p_cd": Knob("Chance after it cooperated and the other defected", 0.5),
    "p_dc": Knob("Chance after it defected and the other cooperated", 0.5),
    "p_dd": Knob("Chance after both defected", 0.5),
}
_FORGETTING = Knob("Share of each propensity that is forgotten after a move (phi)", 0.1, unit="share")
_LEARNING = {
    "strength": Knob("Weight of the first propensities, in mean rewards", 9.0, low=0.001, high=1000, unit="rewards"),
    "forgetting": _FORGETTING,
    "experimentation": Knob("Share of a reward that goes to the other move (epsilon)", 0.2, unit="share"),
}
_BELIEF = {
    "weight_c": Knob("Weight of cooperation in the first belief", 1.0, high=1000, unit="moves"),
    "weight_d": Knob("Weight of defection in the first belief", 1.0, high=1000, unit="moves"),
}
_DECAY = Knob("What a move weighs of what it weighed one move before (gamma)", 1.0, unit="share")
_PRECISION = Knob("Log odds of the better move for each point it is expected to be better by", 1.0, high=1000,
                  unit="log odds per point")  # fmt: skip
_KEEPS = {"first": FIRST, "noise": NOISE}

STRATEGIES: Mapping[str, Strategy] = {
    "always_cooperate": Strategy(partial(constant, p=1.0), {"noise": NOISE}),
    "always_defect": Strategy(partial(constant, p=0.0), {"noise": NOISE}),
    "random": Strategy(unconditional, {"p": Knob("Chance of cooperating", 0.5)}),
    "memory_one": Strategy(memory_one, {**_VECTOR_KNOBS, **_KEEPS}),
    "tit_for_tat": Strategy(partial(vector, p=(1, 0, 1, 0)), _KEEPS),
    "generous_tit_for_tat": Strategy(
        generous, {"generosity": Knob("Chance of forgiving a defection", worked_out=True), **_KEEPS}
    ),
    "tit_for_two_tats": Strategy(two_tats, {"noise": NOISE}),
    "win_stay_lose_shift": Strategy(partial(vector, p=(1, 0, 0, 1)), _KEEPS),
    "grim": Strategy(grim, {"noise": NOISE}),
    "extortion": Strategy(
        extortion,
        {
            "chi": Knob("Its gain above P for each point of the other's", 3.0, low=1, high=100, unit="ratio"),
            "reach": Knob("How strongly, as a share of the most that is possible", 0.5, low=0.001, unit="share"),
            **_KEEPS,
        },
    ),
    "roth_erev": Strategy(roth_erev, {**_LEARNING, "noise": NOISE}),
    "fictitious_play": Strategy(fictitious_play, {**_BELIEF, "noise": NOISE}),
    "belief_learner": Strategy(belief_learner, {**_BELIEF, "decay": _DECAY, "precision": _PRECISION, "noise": NOISE}),
    "share": Strategy(share, {"share": Knob("Share of what can be given", 0.5, unit="share")}, is_share=True),
    "reciprocate": Strategy(
        reciprocate,
        {
            "first": Knob("Share that is given first", 0.5, unit="share"),
            "slope": Knob("Of each share that the others gave", 1.0, low=-10, high=10, unit="share per share"),
            "intercept": Knob("Given in any case", 0.0, low=-1, unit="share"),
        },
        is_share=True,
    ),
}
"""By name. Tit-for-tat: Axelrod & Hamilton 1981; win-stay, lose-shift ("Pavlov"): Nowak & Sigmund 1993."""


def strategies(*names: str, beside: Policy | None = None) -> dict[str, Strategy]:
    """Strategies by name, all of them where none is named; `beside` answers whatever else their seats are asked."""
    return {name: replace(STRATEGIES[name], beside=beside) for name in names or STRATEGIES}
