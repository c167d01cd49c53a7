"""What the study file wishes of a model's replies beside what a form asks: whether it speaks, and how long. Pure.

A wish is told, and asked for once more where it is not met. It never makes a reply fail, and nothing is ever cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chat.forms import MESSAGE, READY, THEN
from paradigm import Choice, Field, Option, Text

SPEAK = "speak"
YES, NO = "yes", "no"
SILENCE = Choice(
    name=SPEAK,
    label="Whether you say something now. Where you choose no, leave the message empty.",
    options=[Option(YES, "I say something"), Option(NO, "I say nothing this time")],
)
TOKENS_PER_CHAR, TOKENS_BESIDE = 2, 100
"""More than any text takes, with what a structured reply has around it: a limit to what runs on, not to what fits."""


@dataclass(frozen=True)
class Wishes:
    """What is wished of one reply.

    Attributes:
        chars: From how many to how many characters the message has; None: as many as are allowed.
    """

    may_stay_silent: bool = False
    chars: tuple[int, int] | None = None

    def fields(self, asked: Sequence[Field]) -> list[Field]:
        """What a model is asked for: the form's fields, with how long its message is to be, and whether it speaks."""
        fields = [self._told(one) for one in asked]
        return [SILENCE, *fields] if self.may_stay_silent else fields

    def _told(self, field: Field) -> Field:
        if self.chars is None or field.key != MESSAGE or not isinstance(field, Text):
            return field
        low, high = self.chars
        return replace(field, label=f"{field.label}. Write from {low} to {high} characters.".lstrip(". "))

    def tokens(self, most: int) -> int:
        """The limit to the reply's tokens, where the model's own is `most`."""
        return most if self.chars is None else min(most, TOKENS_PER_CHAR * self.chars[1] + TOKENS_BESIDE)

    def unmet(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Why a usable reply is not as wished, as a model is told; empty where it is."""
        words = str(values.get(MESSAGE) or "")
        if self.may_stay_silent and values.get(SPEAK) == YES and not words and values.get(THEN) != READY:
            return {MESSAGE: "you chose to say something, and it is empty"}
        if is_silent(values) or not self._is_off(words):
            return {}
        assert self.chars is not None
        return {MESSAGE: f"it has {len(words)} characters; write from {self.chars[0]} to {self.chars[1]}"}

    def nearer(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
        """The one of two replies that is nearer to what is wished; of two as near the second."""
        return first if self._distance(first) < self._distance(second) else second

    def _is_off(self, words: str) -> bool:
        return bool(words) and self.chars is not None and not self.chars[0] <= len(words) <= self.chars[1]

    def _distance(self, values: Mapping[str, Any]) -> int:
        words = str(values.get(MESSAGE) or "")
        if self.chars is None or not self._is_off(words):
            return 0
        return max(self.chars[0] - len(words), len(words) - self.chars[1])


def wishes_of(settings: Mapping[str, Any], asked: Sequence[Field], *, is_talk: bool) -> Wishes:
    """What the settings of a seat wish of what it is asked now."""
    has_message = any(one.key == MESSAGE for one in asked)
    chars = settings.get("length") if has_message else None
    may_stay_silent = bool(settings.get("may_stay_silent")) and is_talk and has_message
    return Wishes(may_stay_silent, (chars[0], chars[1]) if chars else None)


def is_silent(values: Mapping[str, Any]) -> bool:
    """Whether a reply chose to say nothing, whatever words stand beside that."""
    return values.get(SPEAK) == NO


def without_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same where silence was chosen: what stands beside it is not said."""
    return {**values, MESSAGE: ""} if is_silent(values) else dict(values)
