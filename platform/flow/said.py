"""What goes over a socket of a conversation: a message as a browser sends it, and what its sender and others are told.

The names stand in docs/chat.md. What a conversation is, and whether something is taken in, is decided in `chat`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flow.forms import CANONICAL_UUID

MOST_CHARACTERS = 20_000  # of a frame with a message; what is longer goes by the form
LONGEST_NAME = 64
MEASURES = frozenset({"answers", "first_key_ms", "sent_ms", "edits", "pastes", "blurs"})
_NAMES = frozenset({"do", "talk", "key", "text"})


@dataclass(frozen=True)
class Said:
    """A message on its way in.

    Attributes:
        talk: The opaque name of the conversation, as its page carries it.
        key: Of the form for which it stands.
        how: What the browser counted, in digits as a form has it.
    """

    talk: str
    key: str
    text: str
    how: Mapping[str, str] = field(default_factory=dict)


class Room(Protocol):
    """An open conversation as one person sits in it, kept by a socket from one message to the next."""

    @property
    def name(self) -> str:
        """Its opaque name."""

    @property
    def talk(self) -> int:
        """Its key."""


Line = Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """What became of a message.

    Attributes:
        room: What is known of the conversation now.
        seq: Its number; 0 where it was not taken in, and nothing was changed.
        line: As its sender's page shows it; None where it had been stored before.
    """

    room: Room | None
    seq: int = 0
    line: Line | None = None


@dataclass(frozen=True)
class News:
    """What is new in a conversation.

    Attributes:
        room: What is known of it now; None: nothing.
        lines: None where its page, and no line, tells somebody of what is new.
    """

    room: Room | None
    lines: Sequence[Line] | None = None


@dataclass(frozen=True)
class Typing:
    """That something is being typed.

    Attributes:
        key: Of the form in which it is, where the browser says so.
    """

    key: str = ""


def read_said(frame: Mapping[str, Any]) -> Said | None:
    """The message in a frame; None for what no page of ours sends."""
    talk, key, text, how = (frame.get(name) for name in ("talk", "key", "text", "how"))
    if not _NAMES <= frame.keys() <= _NAMES | {"how"} or frame["do"] != "say":
        return None
    if not (isinstance(talk, str) and 0 < len(talk) <= LONGEST_NAME and isinstance(text, str)):
        return None
    if not (isinstance(key, str) and CANONICAL_UUID.fullmatch(key)):
        return None
    if how is None:
        return Said(talk, key, text)
    if not isinstance(how, dict) or not how.keys() <= MEASURES:
        return None
    return Said(talk, key, text, {name: str(value) for name, value in how.items() if type(value) is int})


def read_frame(text: str | None) -> Said | Typing | str:
    """What a browser says: a message, that somebody types, "ping"; "" for anything that ours does not say."""
    if text is None or len(text) > MOST_CHARACTERS:
        return ""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(frame, dict):
        return ""
    if frame == {"do": "ping"}:
        return "ping"
    return (read_typing(frame) if frame.get("do") == "typing" else read_said(frame)) or ""


def read_typing(frame: Mapping[str, Any]) -> Typing | None:
    """That somebody types, with the key of their form or without; None for what no page of ours sends."""
    if frame == {"do": "typing"}:
        return Typing()
    key = frame.get("key")
    if frame.keys() != {"do", "key"} or not (isinstance(key, str) and CANONICAL_UUID.fullmatch(key)):
        return None
    return Typing(key)
