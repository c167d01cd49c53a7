"""How long an automated seat takes. Pure.

A delay is made of what the seat reads, thinks and writes, for decisions too. It depends on neither condition nor label:
only other people's words count as reading, because pages and labels differ between conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from paradigm import Field, Text, View

READ_CHARS_PER_S = 25.0  # about 250 words a minute
PICK_SECONDS = 1.5  # to press a button or type a number
MARGIN_SECONDS = 3.0  # what is planned ends this long before the deadline
PAUSE_SECONDS = (0.5, 1.5)  # from one message of one's own to the first key of the next
SOFT_EDGE = 0.15  # share of the range over which bounded delays are spread, so that they do not pile up on the bound


@dataclass(frozen=True)
class Pace:
    """The seat's own speed, as the study file gives it.

    `miss` is the share of turns that are planned not to come, `returns` the share of those after which the seat is back
    to read that the round is void.
    """

    min_s: float = 2.0
    max_s: float = 25.0
    chars_per_s: float = 5.0
    think_s: Sequence[float] = (2.0, 8.0)
    miss: float = 0.0
    returns: float = 0.5


def between(pace: Pace) -> Pace:
    """The speed of a further message of the same reply: what is to be said is known, so it takes no thinking."""
    return replace(pace, think_s=PAUSE_SECONDS, miss=0.0)


@dataclass(frozen=True)
class Effort:
    """What a turn takes: characters of others read, characters written, other fields answered."""

    read_chars: int
    written_chars: int
    picks: int


def is_missed(pace: Pace, rng: Random) -> bool:
    """Whether this turn is planned not to come in time, as people's sometimes do not."""
    return rng.random() < pace.miss


def is_back(pace: Pace, rng: Random) -> bool:
    """Whether a seat that missed its act reads what follows, as people do who were only too slow."""
    return rng.random() < pace.returns


def effort(view: View, fields: Sequence[Field], values: Mapping[str, Any], *, heard_after: int = 0) -> Effort:
    """What acting on a view with these values takes.

    Args:
        heard_after: In a talk, the seq of one's own last entry: what came before it has been read.
    """
    words = [card.text for card in view.cards]
    words += [line.text for line in view.lines if line.who and (not line.seq or line.seq > heard_after)]
    written = [str(values[one.key] or "") for one in fields if isinstance(one, Text) and one.key in values]
    written += [str(entry.get("text", "")) for entry in values.get("entries", ())]
    picks = sum(1 for one in fields if not isinstance(one, Text) and values.get(one.key) not in (None, ""))
    return Effort(sum(map(len, words)), sum(map(len, written)), picks)


@dataclass(frozen=True)
class Wait:
    """A planned time from the opening of a step to the act, and how much of its end is writing and pressing."""

    seconds: float
    writing_s: float


def seconds(pace: Pace, effort: Effort, *, limit_s: float, rng: Random) -> float:
    """The planned time from the opening of the step to the act: see `wait`."""
    return wait(pace, effort, limit_s=limit_s, rng=rng).seconds


def wait(pace: Pace, effort: Effort, *, limit_s: float, rng: Random) -> Wait:
    """Reading, then thinking, then writing, within the seat's bounds; where it is cut short each part is in proportion.

    Args:
        limit_s: Time from now to the deadline; the plan ends before it.
    """
    wished, written = _wished(pace, effort, rng=rng)
    bounded = _bounded(pace, wished, limit_s=limit_s, spread=SOFT_EDGE * rng.random())
    share = min(1.0, bounded / wished) if wished else 0.0
    return Wait(bounded, min(bounded, written * share) if effort.written_chars else 0.0)


def _wished(pace: Pace, effort: Effort, *, rng: Random) -> tuple[float, float]:
    """How long it takes without bounds, and how much of that is writing and pressing."""
    think = rng.uniform(pace.think_s[0], pace.think_s[1])
    written = effort.written_chars / pace.chars_per_s + effort.picks * PICK_SECONDS
    return effort.read_chars / READ_CHARS_PER_S + think + written, written


def _bounded(pace: Pace, wished: float, *, limit_s: float, spread: float) -> float:
    longest = limit_s - MARGIN_SECONDS if limit_s > 2 * MARGIN_SECONDS else limit_s / 2
    high = max(0.0, min(pace.max_s, longest))
    low = min(pace.min_s, high)
    if wished > high:
        return high - spread * (high - low)
    if wished < low:
        return low + spread * (high - low)
    return wished
