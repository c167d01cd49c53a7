"""Pairs of circles as a page draws and speaks them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from paradigm import Circles
from paradigm.circles import GAPS

MIDDLE, RADIUS = 48, 22  # of a picture of 96 by 48
SPOKEN = (
    gettext_noop("The circles only touch."),
    gettext_noop("The circles overlap a little."),
    gettext_noop("The circles overlap by about a third."),
    gettext_noop("The circles overlap by about half."),
    gettext_noop("The circles overlap by more than half."),
    gettext_noop("The circles overlap by three quarters."),
    gettext_noop("The circles are nearly one."),
)


@dataclass(frozen=True)
class Pair:
    """One picture: the point it stands for, its words for who does not see it, and where its circles are.

    `left` and `right` are text, so that no language writes a comma into a drawing.
    """

    point: int
    words: str
    left: str
    right: str


def pairs() -> Sequence[Pair]:
    """The seven pictures in order."""
    return [
        Pair(point, _(SPOKEN[point - 1]), f"{MIDDLE - RADIUS * gap:.2f}", f"{MIDDLE + RADIUS * gap:.2f}")
        for point, gap in enumerate(GAPS, start=1)
    ]


def who_is_who(field: Circles) -> str:
    """Which circle is whose."""
    return _("The circle on the left is you. The dashed circle on the right is %(other)s.") % {"other": field.other}
