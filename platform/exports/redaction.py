"""Taking words out of what is stored as JSON. Pure: what is gone is marked, and nothing else changes shape."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any
from unicodedata import normalize

from paradigm import Choice, Field
from participants.models import PURGED_TEXT, WITHDRAWN_TEXT

LEAST_CHARS = 12
"""Shorter texts ("ok", "I am fair.") tell little about anybody, and stand in other people's words by chance."""
POINTED_AT = "thing"
"""In the facts of a pointing: a name of at most 60 characters."""
_ENDS = re.compile("[.!?\u2026\u3002\uff01\uff1f\n]+")  # of sentences, also as Chinese and Japanese write them
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Quote:
    """Something that somebody wrote, as it is looked for in what others wrote.

    Args:
        words: Folded, a space between them; "" where there are none, as of a row of pictures.
        pattern: Finds it to be replaced.
    """

    words: str
    pattern: re.Pattern[str]

    def stands_in(self, text: str, folded: str) -> bool:
        """Whether it stands in a text, given also as `_folded` gives it."""
        return self.words in folded if self.words else self.pattern.search(text) is not None


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


def marked(value: Any, *, mark: str = WITHDRAWN_TEXT) -> Any:
    """The same value with every text in it marked as gone; what somebody's wish took out stays marked as that."""
    if isinstance(value, str):
        return value if value in ("", WITHDRAWN_TEXT) else mark
    if isinstance(value, Mapping):
        return {key: marked(each, mark=mark) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [marked(each, mark=mark) for each in value]
    return value


def quotable(texts: Iterable[str]) -> list[Quote]:
    """What to look for in others' words: each text and each of its sentences that is long enough, the longest first.

    A quote is found with other capitals, spaces, quotation marks, hyphens and punctuation between its words, and with
    letters that Unicode can write in several ways.
    """
    parts = {part.strip() for text in texts for part in (text, *_ENDS.split(text))}
    found = {normalize("NFKC", part) for part in parts if len(part) >= LEAST_CHARS}
    return [_quote(part) for part in sorted(found, key=lambda part: (-len(part), part))]


def _quote(text: str) -> Quote:
    between = r"[\W_]+".join(map(re.escape, _WORD.findall(text)))
    return Quote(_folded(text), re.compile(between or re.escape(text), re.IGNORECASE))


def _folded(text: str) -> str:
    """The words of a text without capitals and all that stands between them: what is quick to search."""
    return " ".join(_WORD.findall(normalize("NFKC", text).casefold()))


def quotes_any(text: str, quotes: Iterable[Quote]) -> bool:
    """Whether a text holds one of some quotes."""
    normal, folded = normalize("NFKC", text), _folded(text)
    return any(quote.stands_in(normal, folded) for quote in quotes)


def without(value: Any, quotes: Sequence[Quote]) -> Any:
    """The same value with each of some quotes marked as gone wherever a text holds it."""
    if isinstance(value, str):
        return _unquoted(value, quotes)
    if isinstance(value, Mapping):
        return {key: without(each, quotes) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without(each, quotes) for each in value]
    return value


def _unquoted(text: str, quotes: Sequence[Quote]) -> str:
    """A text without the quotes; to the letter as it was where there are none."""
    if not quotes_any(text, quotes):
        return text
    text = normalize("NFKC", text)
    for quote in quotes:
        text = quote.pattern.sub(WITHDRAWN_TEXT, text)
    return text


def reduced(view: Mapping[str, Any], *, kept: Set[str]) -> dict[str, Any]:
    """A stored view without what it may quote: the page, what was asked, who was displayed, the words of some.

    Args:
        kept: Positions whose words on a card stay: of people in the match who did not ask for deletion.
    """
    return {
        **unhashed(view),
        "facts": {},
        "options": {},
        "cards": [card if card["position"] in kept else marked_card(card) for card in view.get("cards", ())],
        "lines": [{**line, "text": marked(line["text"])} for line in view.get("lines", ())],
        "tables": [{**table, "rows": []} for table in view.get("tables", ())],
    }


def wordless(view: Mapping[str, Any]) -> dict[str, Any]:
    """A stored view without any words that were filled in; numbers, labels, and who was displayed stay."""
    new: dict[str, Any] = {"facts": marked(view["facts"], mark=PURGED_TEXT)} if view.get("facts") else {}
    for part in ("cards", "lines"):
        if view.get(part):
            new[part] = [{**one, "text": marked(one.get("text", ""), mark=PURGED_TEXT)} for one in view[part]]
    if view.get("tables"):
        new["tables"] = [{**one, "rows": marked(one["rows"], mark=PURGED_TEXT)} for one in view["tables"]]
    return {**view, **new}


def named(facts: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Facts of an entry with another name of what was pointed at, which whoever pointed wrote.

    All else is the experiment's own: which entry one is about, a vote, the section of a document.
    """
    return {name: change(value) if name == POINTED_AT else value for name, value in facts.items()}


def page_without_words(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a stage's page without what only this page filled its slots with; numbers stay."""
    new: dict[str, Any] = {}
    filled = {words for words in strings_in(facts.get("given")) if any(map(str.isalpha, words))}
    if facts.get("given"):
        new["given"] = marked(facts["given"], mark=PURGED_TEXT)
    if facts.get("tables"):
        new["tables"] = [{**one, "rows": marked(one["rows"], mark=PURGED_TEXT)} for one in facts["tables"]]
    if any(words in facts.get("title", "") for words in filled - {WITHDRAWN_TEXT, PURGED_TEXT}):
        new["title"] = PURGED_TEXT
    return {**facts, **new}


def unhashed(view: Mapping[str, Any]) -> dict[str, Any]:
    """A stored view without the hash of the page's words: what was taken out could be guessed at by it."""
    return {name: value for name, value in view.items() if name != "text_sha256"}


def stored(view: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row whose view was shortened: the old hash could be guessed at, so it has a new one."""
    rest = unhashed(view)
    return {"view": rest, "sha256": sha256(dumps(rest, sort_keys=True).encode()).hexdigest()}


def marked_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card of which the letter and the label stay."""
    return {**card, "text": marked(card.get("text", ""))}
