"""Writing that stops and goes on, as people's does: when a seat is seen to write what it will say. Pure.

People write in bursts with pauses between them (Chenoweth & Hayes 2001, Written Communication 18, 80-98). How many and
how long is the study file's; where they are is drawn from the seed. The message itself comes when it was planned: its
pauses are a part of the time that its writing takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bots.delivery import Delivery

LEAST_BURST_S = 3.0
"""Ours: a browser says so often that its person writes on, so that a shorter burst would be seen as one that long."""

Pause = tuple[float, float]
"""So many seconds after the first key, and so many long."""


@dataclass(frozen=True)
class Burst:
    """From when to when a seat writes without a pause."""

    begin: datetime
    until: datetime


def pauses(delivery: Delivery, writing_s: float, *, rng: Random) -> list[Pause]:
    """The pauses of one message, in order: from none to `delivery.pauses`, each number as likely as the others.

    Of those for which the writing is too short the last are left out.
    """
    low, high = delivery.pause_s
    lengths = [rng.uniform(low, high) for _ in range(rng.randint(0, delivery.pauses))]
    while lengths and _room(lengths, writing_s) < 0:
        lengths.pop()
    room = _room(lengths, writing_s)
    found, before = [], 0.0
    for number, (cut, length) in enumerate(zip(sorted(rng.uniform(0, room) for _ in lengths), lengths, strict=True), 1):
        found.append((round(number * LEAST_BURST_S + cut + before, 2), round(length, 2)))
        before += length
    return found


def _room(lengths: Sequence[float], writing_s: float) -> float:
    """What is left of the writing beside its pauses and the shortest bursts around them."""
    return writing_s - sum(lengths) - LEAST_BURST_S * (len(lengths) + 1)


def bursts(first_key: datetime, until: datetime, stops: Sequence[Pause]) -> list[Burst]:
    """What stands between the pauses of a writing."""
    edges = [first_key]
    for at, length in stops:
        edges += [first_key + timedelta(seconds=at), first_key + timedelta(seconds=at + length)]
    edges.append(until)
    return [Burst(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
