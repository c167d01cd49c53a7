"""The test itself: can anything but words tell programs from people?"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.blinding.classify import TOLD_APART, Auc, bound, judge, loudest
from tests.blinding.turns import Row

FEWEST = 100


@dataclass(frozen=True)
class Verdict:
    """What two models reached on turns and on whole meetings, and which single columns told most."""

    areas: Sequence[Auc]
    columns: Sequence[str]

    @property
    def is_blind(self) -> bool:
        """Whether every upper limit is within its bound."""
        return all(one.high <= bound_of(one) for one in self.areas)

    @property
    def tells(self) -> bool:
        """Whether the largest area is above 0.55 beyond chance: a leak is caught."""
        return max(self.areas, key=lambda one: one.auc).low > TOLD_APART

    def __str__(self) -> str:
        lines = [f"{one}, may be {bound_of(one):.3f}" for one in self.areas]
        return "\n".join([*lines, "what told most by itself:", *(f"  {column}" for column in self.columns)])


def bound_of(one: Auc) -> float:
    """The most that its upper limit may be."""
    return bound(one.programs, one.people, one.groups)


def verdict_on(turns: Sequence[Row], meetings: Sequence[Row]) -> Verdict:
    """Judge rows of turns, and of meetings where there are enough to say anything."""
    areas = judge(turns, "turns")
    if len(meetings) >= FEWEST:
        areas += judge(meetings, "meetings")
    return Verdict(areas, loudest(turns))
