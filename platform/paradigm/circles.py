"""How close oneself and another are, shown as two circles that overlap more and more."""

from dataclasses import dataclass
from typing import ClassVar

from paradigm.fields import Rating

GAPS = (1.0, 0.7432, 0.5852, 0.4474, 0.3197, 0.1977, 0.0786)
"""From point 1 to 7: how far apart the centres are, in diameters, so that 0, 15, 30, 45, 60, 75 and 90 per cent of each
circle lie in the other (2/π times acos g less g·√(1 less g²) of it at a gap of g)."""


@dataclass(frozen=True)
class Circles(Rating):
    """One of seven pairs of circles of one size, from circles that only touch to circles that nearly are one.

    After the idea of Aron, Aron and Smollan (1992), drawn anew: equal steps of overlap; another picture than theirs.

    `other` says who the circle on the right is; the one on the left is oneself. `low` and `high` are always 1 and 7.
    """

    other: str = ""
    kind: ClassVar[str] = "circles"

    def describe(self) -> dict[str, str]:
        return super().describe() | {"allowed_values": "1 to 7: 1=circles only touch|7=circles nearly are one"}
