"""What may be said in each kind of channel, and who sees it. Pure: knows no rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from chat.errors import ChatError
from paradigm import Entry, FieldError, Text, steps

Target = Entry | None
MOST_NAME_CHARS = 60


@dataclass(frozen=True)
class Draft:
    """An entry that is not numbered yet. `to` is the seq it points to, 0 where it points to none."""

    kind: str
    text: str
    facts: Mapping[str, Any]

    @property
    def to(self) -> int:
        """The seq of the entry that this one is about; 0: none."""
        return int(self.facts.get("to", 0))


class Channel(Protocol):
    """How one kind of exchange works. Built for one talk from its declaration."""

    def draft(self, kind: str, text: str, facts: Mapping[str, Any]) -> Draft:
        """The entry in its stored form. Raises ChatError: nothing is cut or guessed."""

    def target(self, draft: Draft, entry: Target) -> None:
        """Check what a draft points to. Raises ChatError."""

    def visible(self, entry: Entry, seat: int) -> bool:
        """Whether a seat of the match (by number) may see an entry."""


@dataclass(frozen=True)
class _Spoken:
    """What all channels share: accepted kinds, a bound on length; everybody in the match sees everything."""

    max_chars: int
    min_chars: int = 0
    accepts: ClassVar[tuple[str, ...]] = ()

    def draft(self, kind: str, text: str, facts: Mapping[str, Any]) -> Draft:
        if kind not in self.accepts:
            raise ChatError("kind", f"{kind!r} cannot be posted here: use one of {', '.join(self.accepts)}")
        return Draft(kind, self._text(kind, text), self._facts(kind, dict(facts)))

    def target(self, draft: Draft, entry: Target) -> None:
        if draft.to and entry is None:
            raise ChatError("target", f"there is no entry {draft.to} in this conversation to point to")

    def visible(self, entry: Entry, seat: int) -> bool:
        return True

    def _text(self, kind: str, text: str) -> str:
        return worded(text, most=self.max_chars, least=self.min_chars)

    def _facts(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        return only(facts)


class Chat(_Spoken):
    """Messages, and pointing at named things: a point carries {"thing": name} and no words."""

    accepts = steps.Chat.accepts

    def _text(self, kind: str, text: str) -> str:
        return wordless(text, kind) if kind == "point" else super()._text(kind, text)

    def _facts(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        if kind != "point":
            return only(facts)
        name = only(facts, "thing").get("thing")
        if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME_CHARS:
            raise ChatError("facts", f'a point needs {{"thing": a name of at most {MOST_NAME_CHARS} characters}}')
        return facts


class Feed(_Spoken):
    """Posts, comments {"to": seq} and votes {"to": seq, "value": 1 or -1} on posts and comments."""

    accepts = steps.Feed.accepts

    def target(self, draft: Draft, entry: Target) -> None:
        super().target(draft, entry)
        if entry is not None and entry.kind == "vote":
            raise ChatError("target", f"entry {entry.seq} is a vote: comment or vote on a post or a comment")

    def _text(self, kind: str, text: str) -> str:
        return wordless(text, kind) if kind == "vote" else super()._text(kind, text)

    def _facts(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        if kind == "post":
            return only(facts)
        kept = only(facts, "to", "value") if kind == "vote" else only(facts, "to")
        if not _is_whole(kept.get("to")) or kept["to"] < 1:
            raise ChatError("facts", f'a {kind} needs {{"to": the number of an entry}}')
        if kind == "vote" and not (_is_whole(kept.setdefault("value", 1)) and kept["value"] in (1, -1)):
            raise ChatError("facts", "a vote's value is 1 or -1")
        return kept


@dataclass(frozen=True)
class Document(_Spoken):
    """Edits {"section": name}; each replaces one declared section, and an empty text clears it."""

    sections: Sequence[str] = ("text",)
    accepts: ClassVar[tuple[str, ...]] = steps.Document.accepts

    def _text(self, kind: str, text: str) -> str:
        return worded(text, most=self.max_chars) if text.strip() else ""

    def _facts(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        if only(facts, "section").get("section") not in self.sections:
            raise ChatError("section", f"an edit names one of the sections {', '.join(self.sections)}")
        return facts

    @staticmethod
    def document(entries: Iterable[Entry], sections: Sequence[str] = ()) -> dict[str, str]:
        """The document after these entries, in the order of their seq: the last edit of each section stands.

        Args:
            entries: In any order; whatever is not an edit is passed over.
            sections: Sections that are there from the start, empty.
        """
        text = dict.fromkeys(sections, "")
        for entry in sorted(entries, key=lambda entry: entry.seq):
            if entry.kind == "edit":
                text[entry.facts["section"]] = entry.text
        return text


def channel_for(declared: steps.Chat | steps.Feed | steps.Document, max_chars: int, *, min_chars: int = 0) -> Channel:
    """The channel of a talk's declaration, found in `KINDS["channel"]`."""
    kind: type[Any] = import_string(settings.KINDS["channel"][declared.kind])
    if isinstance(declared, steps.Document):
        made: Channel = kind(max_chars=max_chars, sections=tuple(declared.sections))
    else:
        made = kind(max_chars=max_chars, min_chars=min_chars)
    return made


def only(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    """The facts, if they are no others than `names`. Raises ChatError."""
    if unknown := sorted(set(facts) - set(names)):
        raise ChatError("facts", f"{', '.join(map(repr, unknown))} cannot be stored with this entry: leave it out")
    return facts


def worded(text: str, *, most: int, least: int = 0) -> str:
    """Words as they are stored: stripped, storable, neither empty nor too short or long. Raises ChatError."""
    try:
        return str(Text(name="text", max_chars=most, min_chars=least).clean(text))
    except FieldError as error:
        code = {"missing": "empty", "not_text": "characters"}.get(error.code, error.code)
        raise ChatError(code, str(error)) from error


def wordless(text: str, kind: str) -> str:
    """Nothing, where there may be no words. Raises ChatError."""
    if text.strip():
        raise ChatError("facts", f"a {kind} has no words: post them as a message of their own")
    return ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
