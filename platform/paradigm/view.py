"""What a seat is told about the game: the same object makes the page, the prompt and the record of exposure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """Someone who is met: the letter, the label that is shown (may be empty), and their words or number."""

    position: str
    label: str = ""
    text: str = ""


@dataclass(frozen=True)
class Line:
    """Something that was said. `who` is a position or "" for oneself; `seq` points to the entry of a talk."""

    who: str
    text: str
    kind: str = "message"
    seq: int = 0


@dataclass(frozen=True)
class Table:
    """A small table: what one remembers, or has been given."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int]]


@dataclass(frozen=True)
class View:
    """All that a seat is told at a step.

    `page` names the text ("decide_selector"); empty means "<step>_<role>". `facts` fill that text's slots: numbers,
    letters, labels; never another person's words, which go to `cards` and `lines` and are always shown as plain text.
    `blocks` names further texts that stand under the page's own: a context that a factor switches on.
    """

    page: str = ""
    blocks: Sequence[str] = ()
    facts: Mapping[str, str | int] = field(default_factory=dict)
    cards: Sequence[Card] = ()
    lines: Sequence[Line] = ()
    tables: Sequence[Table] = ()

    def as_json(self) -> dict[str, Any]:
        """For the record of exposure, the hash, and the prompt."""
        return asdict(self)
