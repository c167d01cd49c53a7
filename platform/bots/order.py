"""In which order the seats of a conversation spoke, and what each had heard: kept to when it is played again. Pure.

Which of two models answers first is the speed of a network. Who speaks, and what was said before it was asked, are
therefore kept, and not left to chance a second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any


@dataclass(frozen=True)
class Move:
    """What one turn did in a conversation.

    Attributes:
        seat: Its number.
        made: How many entries it had made before.
        heard: How many entries there were, by anybody, when it was begun.
        entries: How many it made; 0: it only said to be ready.
        earlier: How many entries there were when it was begun before, and its model gave nothing usable.
    """

    seat: int
    made: int
    heard: int
    entries: int
    earlier: Sequence[int] = ()

    @property
    def turn(self) -> tuple[int, int]:
        """Which of its seat's turns it is."""
        return self.seat, self.made


@dataclass(frozen=True)
class Script:
    """The moves of a conversation in their order, and what those turns had heard that came to none."""

    moves: Sequence[Move]
    others: Mapping[tuple[int, int], Sequence[int]] = field(default_factory=dict)
    _place: dict[tuple[int, int], int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {move.turn: at for at, move in enumerate(self.moves)})

    def place_of(self, seat: int, made: int) -> int | None:
        """Which move a turn is; None where it came to none."""
        return self._place.get((seat, made))

    def may_begin(self, seat: int, made: int, count: int, *, before: int = 0) -> bool:
        """Whether a turn may look at the conversation now that it has some entries. Later it would hear too much.

        Args:
            before: How often it was begun already.
        """
        at = self.place_of(seat, made)
        total = sum(move.entries for move in self.moves)
        known = [*self.moves[at].earlier, self.moves[at].heard] if at is not None else self.others.get((seat, made))
        return count >= (known[min(before, len(known) - 1)] if known else total)

    def done(self, count: int, ready: Collection[int]) -> int:
        """How many of the moves have been made, by the entries there are and the seats that have said to be ready."""
        upto = list(accumulate(move.entries for move in self.moves))
        for at, move in enumerate(self.moves):
            if upto[at] > count or (not move.entries and move.seat not in ready):
                return at
        return len(self.moves)

    def next_move(self, done: int, count: int, waiting: Collection[int]) -> int | None:
        """Which of the turns that wait with their words is to speak; None where another has to look before it does."""
        if done not in waiting:
            return None
        looking = (at for at in range(done, len(self.moves)) if self.moves[at].heard <= count and at not in waiting)
        return done if next(looking, None) is None else None


BEFORE_ACT: ContextVar[Callable[[Any], Awaitable[None]] | None] = ContextVar("before_act", default=None)
"""What a turn (`services.Turn`) waits for before it acts; None: nothing. Set where a recording is played."""
