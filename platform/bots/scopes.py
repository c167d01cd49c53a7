"""What a call of a model was made for: the key under which the log of calls keeps it, spelled and read here alone.

For the log and for what counts money such keys are opaque. Whoever looks for calls does so by how their keys begin.

    study:3/turn:17:0           the first thing that turn 17 does
    study:3/turn:17:0/again     asked once more, with what was wrong
    study:3/turn:17:0/safety    whether its words are safe to say
    study:3~demo/turn:17:0      the same in a preview
    study:3/notes:8:41:1        notes of conversation 8 by the partner in seat 41, first attempt
    study:3/sentinel:5:first:2  the second prompt of a reading
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bots.budgets import MEMORY, REPLY, SAFETY, SENTINEL, root_of, root_of_study
from matching.models import Seat

TURN, NOTES, PROBE = "turn", "notes", "sentinel"
_SAFE = "/safety"
_SCOPE = re.compile(r"^study:\d+(?:~\w+)?/(?P<what>turn|notes|sentinel):(?P<number>\d+)(?::(?P<rest>.*))?$", re.DOTALL)


@dataclass(frozen=True)
class Scope:
    """A key that was read.

    Attributes:
        what: `TURN`, `NOTES` or `PROBE`.
        number: Key of the turn, of the conversation, or of the reading.
        rest: What stands after it: of a turn how many entries its seat had made, and which question it is.
    """

    what: str
    number: int
    rest: str

    @property
    def seat(self) -> int:
        """Of notes: key of the seat in which their partner sat."""
        return int(self.rest.partition(":")[0])

    @property
    def line(self) -> str:
        """For what it was asked, as it is counted: "reply", "safety", "memory" or "sentinel"."""
        if self.what == TURN:
            return SAFETY if self.rest.endswith(_SAFE) else REPLY
        return MEMORY if self.what == NOTES else SENTINEL


def read(scope: str) -> Scope | None:
    """What a key says; None of one that is for nothing here."""
    found = _SCOPE.match(scope)
    return Scope(found["what"], int(found["number"]), found["rest"] or "") if found else None


def scope_of(seat: Seat, key: str) -> str:
    """The key of the calls for a seat's act, by the act's own key: "turn:17:0"."""
    return f"{root_of(seat.group)}/{key}"


def of_notes(seat: Seat, talk: int, partner: int, attempt: int) -> str:
    """The key of an attempt to note a conversation.

    Args:
        partner: Key of the seat in which the partner sat in that conversation.
    """
    return scope_of(seat, f"{NOTES}:{talk}:{partner}:{attempt}")


def of_reading(study: int, reading: int) -> str:
    """How the keys of a reading by sentinels begin."""
    return f"{root_of_study(study)}/{PROBE}:{reading}"


def safety_of(scope: str) -> str:
    """The key of the question whether words are safe that were made under a key."""
    return f"{scope}{_SAFE}"


def again(scope: str) -> str:
    """The key of what is asked once more, with what was wrong."""
    return f"{scope}/again"


def turns_of_study(study: int) -> str:
    """How the keys of all turns of a study begin; those of one, with its number and a colon after it."""
    return f"{root_of_study(study)}/{TURN}:"


def any_of(what: str, numbers: Collection[int]) -> str:
    """A pattern, as the database has them, of keys for some turns, conversations or readings."""
    return f"/{what}:({'|'.join(map(str, numbers))}):"
