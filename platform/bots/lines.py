"""Lines that stand in place of a model's words: those of the study file, and ours where it has none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bots.wishes import SPEAK, YES
from paradigm import Field, Text
from paradigm.fields import clean

ASKED: Mapping[str, Mapping[str, str]] = {
    "en": {
        "admit": "I am a computer program.",
        "deflect": "I would rather talk about what we are here for.",
        "deny": "I am a person.",
    },
    "de": {
        "admit": "Ich bin ein Computerprogramm.",
        "deflect": "Ich möchte lieber bei unserem Thema bleiben.",
        "deny": "Ich bin ein Mensch.",
    },
}
"""By language and rule: what is said where a model breaks `asked_if_ai` twice."""
BLOCKED: Mapping[str, str] = {
    "en": "Let us talk about something else.",
    "de": "Lass uns über etwas anderes sprechen.",
}
"""By language: what is said where a reply was blocked twice, and the study file has no line."""


def in_language(said: Mapping[str, str], language: str) -> str:
    """The words in a language, or in its first part; "" where there are none."""
    return said.get(language) or said.get(language[:2]) or ""


def asked(said: Mapping[str, str | list[str]], language: str, rule: str, *, seed: str = "") -> str:
    """What is said to somebody who asks; "" where the study file has none and we have none in its language.

    Ours are the same in every study, and public: whoever knows them knows a program by them.
    """
    own = said.get(language) or said.get(language[:2]) or []
    found = one_of([own] if isinstance(own, str) else own, seed)
    return found or ASKED.get(language[:2], {}).get(rule, "")


def drawn(text: str, seed: str) -> str:
    """One of the lines of a text that are not empty; "" where there are none. The same for the same seed."""
    return one_of([line.strip() for line in text.splitlines() if line.strip()], seed)


def one_of(found: Sequence[str], seed: str) -> str:
    """One of some lines; "" where there are none. The same for the same seed."""
    return Random(seed).choice(found) if found else ""  # noqa: S311  seeded on purpose


def words_in(fields: Sequence[Field], values: Mapping[str, Any]) -> str:
    """All free words of some values."""
    return "\n".join(str(values[one.key]) for one in fields if isinstance(one, Text) and values.get(one.key))


def words_alone(fields: Sequence[Field]) -> bool:
    """Whether words would do: there is one place for them, and nothing else is asked for."""
    texts = [one for one in fields if isinstance(one, Text)]
    return len(texts) == 1 and not any(one.required for one in fields if not isinstance(one, Text))


def instead(fields: Sequence[Field], values: Mapping[str, Any], line: str) -> dict[str, Any] | None:
    """Values with a line in place of their words; None where it does not fit, or there is no one place for it."""
    texts = [one for one in fields if isinstance(one, Text)]
    if not line or len(texts) != 1:
        return None
    speaks = {SPEAK: YES} if any(one.key == SPEAK for one in fields) else {}
    cleaned, errors = clean(fields, {**values, texts[0].key: line, **speaks})
    return None if errors else cleaned
