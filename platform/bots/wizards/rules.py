"""Who gave the words of a message behind which people may sit, and how they differ from the draft. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from chat.forms import MESSAGE, READY, THEN

DRAFT, LINE, SILENCE = "draft", "line", "silence"


def words_of(values: Mapping[str, Any] | None) -> str:
    """The message of some values; "" where there is none."""
    return str((values or {}).get(MESSAGE) or "")


def says_something(values: Mapping[str, Any] | None) -> bool:
    """Whether some values come to something in a conversation: words, or that the seat is ready to go on."""
    return bool(words_of(values)) or (values or {}).get(THEN) == READY


def is_as_drafted(words: str, draft: Mapping[str, Any] | None) -> bool:
    """Whether somebody's words are the draft's, save for white space around them."""
    return bool(words.strip()) and words.strip() == words_of(draft).strip()


def fallback(otherwise: str, draft: Mapping[str, Any] | None, line: Mapping[str, Any] | None) -> str:
    """What follows where nobody has written in time: "draft", "line" or "silence".

    A draft that was to be said and is not there gives way to the line, where the study file has one.

    Args:
        line: The study file's line as values for the door; None where there is none that fits.
    """
    if otherwise == DRAFT and says_something(draft):
        return DRAFT
    return LINE if otherwise in (DRAFT, LINE) and line is not None else SILENCE


@dataclass(frozen=True)
class Difference:
    """How what was said differs from a draft.

    Attributes:
        kept: Characters of the draft that stand in what was said, in their order.
        changes: Each place that differs: where in the draft it begins, what stood there, what was said instead.
    """

    kept: int
    changes: Sequence[tuple[int, str, str]]


def difference(draft: str, said: str) -> Difference:
    """How one text came of another, by the longest stretches that they share; the same for the same two."""
    matcher = SequenceMatcher(None, draft, said, autojunk=False)
    parts = matcher.get_opcodes()
    changes = [(i1, draft[i1:i2], said[j1:j2]) for tag, i1, i2, j1, j2 in parts if tag != "equal"]
    return Difference(sum(i2 - i1 for tag, i1, i2, _, _ in parts if tag == "equal"), changes)
