"""Taking words out of what is stored as JSON. Pure: what is gone is marked, and nothing else changes shape."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from paradigm import Choice, Field
from participants.models import WITHDRAWN_TEXT

LEAST_CHARS = 12
"""Shorter texts ("ok", "I am fair.") tell little about anybody, and stand in other people's words by chance."""


def strings_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value that is not empty; names of keys apart."""
    if isinstance(value, str):
        yield from [value] if value else []
    elif isinstance(value, Mapping):
        yield from (text for each in value.values() for text in strings_in(each))
    elif isinstance(value, list | tuple):
        yield from (text for each in value for text in strings_in(each))


def is_words(field: Field | None, value: Any) -> bool:
    """Whether a decided value is what somebody wrote, and no option. Of a field that is not known, any text may be."""
    return not isinstance(field, Choice) and any(strings_in(value))


def marked(value: Any) -> Any:
    """The same value with every text in it marked as gone."""
    if isinstance(value, str):
        return WITHDRAWN_TEXT if value else ""
    if isinstance(value, Mapping):
        return {key: marked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [marked(each) for each in value]
    return value


def quotable(texts: Iterable[str]) -> list[str]:
    """Those texts that are long enough to be looked for in what others wrote, the longest first."""
    found = {text for text in map(str.strip, texts) if len(text) >= LEAST_CHARS}
    return sorted(found, key=lambda text: (-len(text), text))


def without(value: Any, quotes: Iterable[str]) -> Any:
    """The same value with each of some quotes marked as gone wherever a text holds it."""
    if isinstance(value, str):
        for quote in quotes:
            value = value.replace(quote, WITHDRAWN_TEXT)
        return value
    if isinstance(value, Mapping):
        return {key: without(each, quotes) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without(each, quotes) for each in value]
    return value


def reduced(view: Mapping[str, Any], *, kept: Set[str]) -> dict[str, Any]:
    """A stored view without what it may quote: the page, what was asked, who was displayed, and the words of some.

    Args:
        kept: Positions whose words on a card stay: of people in the match who did not ask for deletion.
    """
    return {
        **view,
        "facts": {},
        "cards": [card if card["position"] in kept else marked_card(card) for card in view.get("cards", ())],
        "lines": [{**line, "text": marked(line["text"])} for line in view.get("lines", ())],
        "tables": [{**table, "rows": []} for table in view.get("tables", ())],
    }


def marked_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card of which the letter and the label stay."""
    return {**card, "text": marked(card.get("text", ""))}
