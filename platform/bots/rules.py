"""When an automated seat speaks in a talk. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.forms import MORE, READY

MOST_WITHOUT_QUOTA = 3  # where nobody listens but other automated seats, and the talk sets no quota


@dataclass(frozen=True)
class Heard:
    """A talk as one of its seats finds it: who wrote each entry, oldest first, by seat number.

    Attributes:
        people: Those who may speak, whether or not they have finished.
        passes: Whether the seat may be a person's as far as its label tells; then it behaves like one to the end.
        people_are_done: Whether every person has used the quota or said to be ready.
        may_end: Whether the seat may say to be ready: not before the talk's minimum is met.
        shows_typing: Whether people see that the seat writes, before it has written.
        is_paused: Whether the conversation of all who could hear it pauses.
        spoken_to_at: When a person first said something since the seat's last entry. None where nobody has, and where
            the conversation has paused: then it is not known when it was to be heard.
        last_spoken_at: When a person last did.
        passed: Up to which entry the seat has chosen to say nothing; None: it never has.
        has_floor: Where one of several automated seats answers: whether it is this one. None: each answers.
        is_chat: Whether it is a conversation, and no feed or document.
    """

    own: int
    writers: Sequence[int]
    people: frozenset[int]
    quota: int
    passes: bool = False
    people_are_done: bool = False
    may_end: bool = True
    shows_typing: bool = False
    is_paused: bool = False
    spoken_to_at: datetime | None = None
    last_spoken_at: datetime | None = None
    passed: int | None = None
    has_floor: bool | None = None
    is_chat: bool = True

    @property
    def answers(self) -> int:
        """The number of the newest entry by somebody else; 0 where nobody has written."""
        return max((seq for seq, writer in enumerate(self.writers, start=1) if writer != self.own), default=0)

    @property
    def own_last(self) -> int:
        """The number of the seat's own last entry; 0 before it has made one."""
        return max((seq for seq, writer in enumerate(self.writers, start=1) if writer == self.own), default=0)

    @property
    def made(self) -> int:
        """How many entries the seat has made."""
        return sum(writer == self.own for writer in self.writers)


def speaks(heard: Heard) -> bool:
    """With a quota, until it is used. Without one a seat answers people, so that two of them cannot talk for ever."""
    if heard.is_paused:
        return False
    if heard.quota:
        return heard.made < heard.quota
    if not heard.people:
        return heard.made < MOST_WITHOUT_QUOTA
    if heard.has_floor is not None:
        return heard.has_floor
    if heard.made == 0 and heard.passed is None:
        return True
    since = max(heard.own_last, heard.passed or 0)
    return any(writer in heard.people for writer in heard.writers[since:])


def only_ends(heard: Heard) -> bool:
    """Whether nothing is left but to say that one is ready: nobody will say anything more to be answered."""
    return is_waited_for(heard) and not speaks(heard)


def is_waited_for(heard: Heard) -> bool:
    """Whether all people have ended a talk that goes on until the seat has, too."""
    return heard.passes and bool(heard.people) and heard.people_are_done


def spoken(values: Mapping[str, Any], heard: Heard) -> Mapping[str, Any] | None:
    """What an occupant gave for a talk, with its readiness set; None when it says nothing to people.

    Among themselves such seats say when they are ready. Where people talk, a seat that passes for one is ready when it
    says so; any other stays until the people are done.
    """
    has_words = bool(values.get("entries") or values.get("message") or values.get("do") in {"up", "down"})
    wants_to_go = values.get("then") == READY
    if not heard.people:
        is_last = not heard.quota and heard.made + 1 >= MOST_WITHOUT_QUOTA
        return {**values, "then": READY if is_last or not has_words or wants_to_go else MORE}
    is_ready = heard.passes and wants_to_go and heard.may_end
    return {**values, "then": READY if is_ready else MORE} if has_words or is_ready else None
