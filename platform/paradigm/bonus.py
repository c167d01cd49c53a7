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
MOST_STEPS = 46_340  # of a scale: its square, the number of tickets, is kept in 32 bits


@dataclass(frozen=True)
class Bonus:
    """What an experiment pays for one belief of each seat, instead of the points of the match in which it was stated.

    Args:
        prize: Points that can be won: a number or a parameter's name. With 0 no belief is paid.
        truth: Pure; what came true of a belief: a whole number within the bounds of the field, which names the partner
            it is `about`; None where nothing did. Never asked about a partner's type: no rule knows that. A belief
            about what lies outside of the bounds is never drawn.
        decided: Step and field of the number that comes true, where it is one that somebody decides: `study check`
            then compares its bounds with those of the belief.
    """

    prize: int | str
    truth: TruthRule
    decided: tuple[str, str] | None = None


@dataclass(frozen=True)
class Stated:
    """A belief beside what came true, on a scale from `low` to `high`; `said` is None where no answer came."""

    said: int | None
    truth: int
    low: int
    high: int

    @property
    def can_be_drawn(self) -> bool:
        """Whether the scale has tickets, and holds both what was said and what came true."""
        known = [self.truth] if self.said is None else [self.said, self.truth]
        return has_tickets(self.low, self.high) and all(self.low <= one <= self.high for one in known)

    @property
    def tickets(self) -> int:
        """How many tickets there are to draw from: one for each unit of squared error that is possible."""
        return (self.high - self.low) ** 2

    @property
    def chances(self) -> int:
        """How many of the tickets win: all for the exact truth, none for what is a whole scale away or was not said."""
        return 0 if self.said is None else self.tickets - (self.said - self.truth) ** 2


@dataclass(frozen=True)
class Lot:
    """What was drawn for a seat: which of its beliefs, from 0, and which ticket, from 1. Those up to `chances` win."""

    index: int
    ticket: int


def has_tickets(low: int, high: int) -> bool:
    """Whether a belief on a scale from `low` to `high` can be paid: there is a ticket to draw, and not too many."""
    return 0 < high - low <= MOST_STEPS


def draw(stated: Sequence[Stated], rng: Random) -> Lot:
    """One of some beliefs, each as likely as the others, and one of its tickets."""
    index = rng.randrange(len(stated))
    return Lot(index, rng.randint(1, stated[index].tickets))


def won(stated: Stated, ticket: int) -> bool:
    """Whether a ticket wins the prize."""
    return ticket <= stated.chances
