"""What a model may not say: the words of its own instructions. Pure."""

from __future__ import annotations

import re

RUN_OF_WORDS = 8
_WORD = re.compile(r"\w+")


def leaks(said: str, instructions: str) -> bool:
    """Whether eight words in a row of what was said stand so in the instructions."""
    return bool(_runs(said) & _runs(instructions))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return {tuple(words[i : i + RUN_OF_WORDS]) for i in range(len(words) - RUN_OF_WORDS + 1)}
