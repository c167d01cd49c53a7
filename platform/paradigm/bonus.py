"""One belief that is paid: drawn when the game is over, and scored so that saying what one believes is best.

The score is binary: there is one prize, and only the chance to win it depends on the answer. So it is best to state
what one expects on average, whatever one thinks of risk (Hossain and Okui 2013, the binarized scoring rule).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from paradigm.fields import Field
from paradigm.state import Play

TruthRule = Callable[[Play, Field], int | None]


@dataclass(frozen=True)
class Bonus:
    """What an experiment pays for one belief of each seat, instead of the points of the match in which it was stated.

    Args:
        prize: Points that can be won: a number or a parameter's name. With 0 no belief is paid.
        truth: Pure; what came true of a belief: a whole number within the bounds of the field, which names the partner
            it is `about`; None where nothing did. Never asked about a partner's type: no rule knows that.
    """

    prize: int | str
    truth: TruthRule


@dataclass(frozen=True)
class Stated:
    """A belief beside what came true, on a scale from `low` to `high`."""

    said: int
    truth: int
    low: int
    high: int

    @property
    def tickets(self) -> int:
        """How many tickets there are to draw from: one for each unit of squared error that is possible."""
        return (self.high - self.low) ** 2

    @property
    def chances(self) -> int:
        """How many of the tickets win: all for the exact truth, none for what is a whole scale away."""
        return self.tickets - (self.said - self.truth) ** 2


@dataclass(frozen=True)
class Lot:
    """What was drawn for a seat: which of its beliefs, from 0, and which ticket, from 1. Those up to `chances` win."""

    index: int
    ticket: int


def draw(stated: Sequence[Stated], rng: Random) -> Lot:
    """One of some beliefs, each as likely as the others, and one of its tickets."""
    index = rng.randrange(len(stated))
    return Lot(index, rng.randint(1, stated[index].tickets))


def won(stated: Stated, ticket: int) -> bool:
    """Whether a ticket wins the prize."""
    return ticket <= stated.chances
