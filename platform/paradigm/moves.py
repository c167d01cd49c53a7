"""A decision as a move between defection and cooperation: what an experiment declares, and strategies play on. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paradigm.fields import Choice, Field, Points
from paradigm.state import Values

Acts = Mapping[str, Mapping[int, Values]]
"""What was done in one repetition: step → seat → values."""
HALF_WAY = 0.5  # our default: from here on a number counts as cooperation


class StrategyError(Exception):
    """A strategy cannot play here: the experiment declares too little, or a number is missing or out of its bounds."""


@dataclass(frozen=True)
class Worth:
    """What one move each is worth, in points, the own move first: `cd` is what a cooperator gets from a defector.

    In the letters of the prisoner's dilemma: R = cc, S = cd, T = dc, P = dd.
    """

    cc: float
    cd: float
    dc: float
    dd: float

    def of(self, own: bool, other: bool) -> float:
        """Of a pair of moves; True is cooperation."""
        return {(True, True): self.cc, (True, False): self.cd, (False, True): self.dc, (False, False): self.dd}[
            own, other
        ]


@dataclass(frozen=True)
class Moves:
    """Which answer of an experiment is a move, and how to read it.

    Args:
        step: The decision's name.
        field: Its field: a `Choice` with one option for each move, or `Points`.
        cooperate: Of a choice: the option that is cooperation.
        defect: Of a choice: the option that is defection.
        threshold: Of a number: the share of the way from the lowest to the highest from which on it counts as
            cooperation. Of several others: from which mean share of them on.
        most: Of a number: works out the highest that could be given from what was done before in the same repetition;
            unless given, it is the field's declared `high`.
        worth: From the parameters; learners and some strategies need it.
        memory: What strategies remember: the "match" they are in, or every match with the same partners too
            ("partner", at most 50 matches), or every match they were in ("anyone", at most 50).
    """

    step: str
    field: str
    cooperate: str = "C"
    defect: str = "D"
    threshold: float = HALF_WAY
    most: Callable[[Acts, Any], float] | None = None
    worth: Callable[[Any], Worth] | None = None
    memory: Literal["match", "partner", "anyone"] = "match"

    def value(self, field: Field, level: float) -> Any:
        """The answer that a level stands for: 0 is defection or the lowest number, 1 cooperation or the highest.

        Raises:
            TypeError: the field is neither a choice nor a number.
        """
        if isinstance(field, Choice):
            return self.cooperate if level >= self.threshold else self.defect
        if isinstance(field, Points):
            low, high = int(field.low), int(field.high)
            return low + round(level * (high - low))
        raise TypeError(f"{field.key} is a {field.kind}: a move is a choice or a number")


@dataclass(frozen=True)
class Moved:
    """One repetition as a seat remembers it: levels from 0 (defection) to 1; `other` is the others' mean."""

    own: float
    other: float


@dataclass(frozen=True)
class Played:
    """What a strategy knows when its seat must move.

    Attributes:
        history: Finished repetitions, oldest first.
        now: The others' level in this repetition, where they move first and have moved.
    """

    moves: Moves
    history: Sequence[Moved] = ()
    now: float | None = None
    worth: Worth | None = None

    def is_cooperation(self, level: float) -> bool:
        """How a level counts where there are two moves only."""
        return level >= self.moves.threshold

    @property
    def pairs(self) -> list[tuple[bool, bool]]:
        """The history in two moves, own first; True is cooperation."""
        return [(self.is_cooperation(one.own), self.is_cooperation(one.other)) for one in self.history]

    @property
    def heard(self) -> list[bool]:
        """Whether the others cooperated, move by move, with what they have moved just now."""
        return [other for _, other in self.pairs] + ([] if self.now is None else [self.is_cooperation(self.now)])


Declared = Moves | Mapping[str, Moves]
"""The same for every role, or by role."""


def moves_of(declared: Declared | None, role: str) -> Moves | None:
    """The move of a role; None where it has none."""
    return declared if declared is None or isinstance(declared, Moves) else declared.get(role)
