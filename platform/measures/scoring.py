"""Scores of scales from answers to their items. Pure, exact, and never filled in silently.

Worked out when a dataset is written, and stored nowhere: a score follows from answers that cannot change and from a
frozen file, so a second copy could only come to differ from the first. `VERSION` says by which rules.

A score is over the answers that are there. Fewer answers than the score has items make it one that is prorated, which
is told; fewer than the file asks for make no score, and why is told too. What is planned to be missing counts among the
items of a score: whoever was not asked something was not asked it by the file's own plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from studies.scales import least_of, scored, scores_in
from studies.schema_scales import ScaleFile, ScaleItem

VERSION = "scoring/1"
Why = Literal["not_asked", "dropout", "skipped_optional"]
"""Why an item has no answer: left out as planned; its page was never sent; left unanswered on a page that was sent."""
WHYS: tuple[Why, ...] = ("not_asked", "dropout", "skipped_optional")
TOO_FEW = "prorate_fail"
"""Why there is no score although there are answers."""
Reply = int | Why


@dataclass(frozen=True)
class Score:
    """One score of one person in one session.

    Attributes:
        subscale: "" for all items.
        value: In points of the scale; None where it is missing.
        answered, items: How many of its items have an answer, and how many there are.
        why: Why it is missing; "" where it is not.
    """

    subscale: str
    value: Fraction | None
    answered: int
    items: int
    why: str = ""

    @property
    def is_prorated(self) -> bool:
        """Whether it stands on fewer answers than it has items."""
        return self.value is not None and self.answered < self.items


def scores_of(scale: ScaleFile, replies: Mapping[str, Reply]) -> Iterator[Score]:
    """Every score of a scale, in the order of `studies.scales.scores_in`.

    Args:
        replies: Each item that counts → the point that was picked, or why there is none.

    Raises:
        KeyError: an item that counts has no reply.
        ValueError: a point is none of the scale's.
    """
    for name in scores_in(scale):
        yield _score(scale, name, [_keyed(scale, item, replies[item.id]) for item in scored(scale, name)])


def points_of(scale: ScaleFile, item: ScaleItem, point: int) -> int:
    """What an answer counts for: itself, or its mirror image on the line where the item is reversed.

    Raises:
        ValueError: the point is none of the scale's.
    """
    low, high = scale.anchors.low, scale.anchors.high
    if not low <= point <= high:
        raise ValueError(f"{item.id}: {point} is no point from {low} to {high}")
    return low + high - point if item.reverse else point


def score_bounds(scale: ScaleFile, *, items: int) -> tuple[int, int]:
    """The least and the greatest that a score over so many items can be."""
    times = items if scale.scoring.method == "sum" else 1
    return scale.anchors.low * times, scale.anchors.high * times


def _keyed(scale: ScaleFile, item: ScaleItem, reply: Reply) -> Reply:
    return reply if isinstance(reply, str) else points_of(scale, item, reply)


def _score(scale: ScaleFile, name: str, replies: Sequence[Reply]) -> Score:
    points = [one for one in replies if isinstance(one, int)]
    items, answered = len(replies), len(points)
    least = least_of(scale, items=items)
    needed = sum(one != "not_asked" for one in replies) if least is None else least
    if answered < max(needed, 1):
        return Score(name, None, answered, items, _why(replies))
    mean = Fraction(sum(points), answered)
    return Score(name, mean * items if scale.scoring.method == "sum" else mean, answered, items)


def _why(replies: Sequence[Reply]) -> str:
    """The one reason that all missing answers share where there is no answer; otherwise that there are too few."""
    reasons = {one for one in replies if isinstance(one, str)}
    has_answers = any(isinstance(one, int) for one in replies)
    asked = reasons - {"not_asked"} or reasons
    return next(iter(asked)) if not has_answers and len(asked) == 1 else TOO_FEW
