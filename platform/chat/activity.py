"""How long a talk was alive, and when it may be ended. Pure: instants in, seconds and answers out.

Time passes in a talk as long as something is said in it. Of a silence only the first `idle_seconds` count, so that
nobody comes to the end of a minimum by waiting. Only what the server stored counts, and an analyst can reckon it again
from `entries`: nothing that a browser says about itself is trusted for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True)
class Minimum:
    """What must have happened before a talk may be ended.

    Args:
        active_seconds: Of the whole talk, as `active_seconds` reckons it; 0: none.
        idle_seconds: How much of a silence counts.
        turns: Entries of one's own; 0: none.
    """

    active_seconds: int = 0
    idle_seconds: int = 120
    turns: int = 0

    @property
    def is_set(self) -> bool:
        """Whether there is anything to wait for."""
        return self.active_seconds > 0 or self.turns > 0

    def is_met(self, *, active: float, turns: int) -> bool:
        """Whether a talk of so many active seconds may be ended by who has made so many entries."""
        return active >= self.active_seconds and turns >= self.turns


def active_seconds(moments: Iterable[datetime], now: datetime, *, idle_seconds: float) -> float:
    """Seconds in which a talk was alive: the sum of its gaps, of each at most `idle_seconds`.

    It never gets less, neither as time goes on nor by what is said: a button that was shown does not go away.

    Args:
        moments: When it opened and when each of its entries was stored, in order.
        now: Up to when. The time since the last moment is a gap like any other.
    """
    gaps = ((after - before).total_seconds() for before, after in pairwise([*moments, now]))
    return sum(min(max(gap, 0.0), idle_seconds) for gap in gaps)
