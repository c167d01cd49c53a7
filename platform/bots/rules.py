"""When an automated seat speaks in a talk. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat.forms import MORE, READY

MOST_WITHOUT_QUOTA = 3  # where nobody listens but other automated seats, and the talk sets no quota


@dataclass(frozen=True)
class Heard:
    """A talk as one of its seats finds it: who wrote each entry, oldest first, by seat number."""

    own: int
    writers: Sequence[int]
    people: frozenset[int]
    quota: int

    @property
    def made(self) -> int:
        """How many entries the seat has made."""
        return sum(writer == self.own for writer in self.writers)


def speaks(heard: Heard) -> bool:
    """With a quota, until it is used. Without one a seat answers people, so that two of them cannot talk for ever."""
    if heard.quota:
        return heard.made < heard.quota
    if not heard.people:
        return heard.made < MOST_WITHOUT_QUOTA
    if heard.made == 0:
        return True
    last = len(heard.writers) - 1 - list(reversed(heard.writers)).index(heard.own)
    return any(writer in heard.people for writer in heard.writers[last + 1 :])


def spoken(values: Mapping[str, Any], heard: Heard) -> Mapping[str, Any] | None:
    """What an occupant gave for a talk, with its readiness set; None when it says nothing to people.

    Where people talk a seat without one stays until they are done; among themselves such seats say when they are ready.
    """
    has_words = bool(values.get("entries") or values.get("message") or values.get("do") in {"up", "down"})
    if heard.people:
        return {**values, "then": MORE} if has_words else None
    is_last = not heard.quota and heard.made + 1 >= MOST_WITHOUT_QUOTA
    is_ready = is_last or not has_words or values.get("then") == READY
    return {**values, "then": READY if is_ready else MORE}
