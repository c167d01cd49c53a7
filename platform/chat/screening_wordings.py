"""The wordings of `chat.screening`: one file for each language in wordings/, made into rules. Reads these files once.

A wording is a regular expression between two ends of words, in the form that `chat.screening_plain` gives messages:
small letters, no apostrophes and no commas, short forms written out. `<NAME>` stands for a macro of the same file.
German may be written with umlauts as ae, oe and ue: they are folded as messages are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from chat.screening_hints import Index, hints_of
from chat.screening_plain import Spelling, fold

Tier = Literal["", "note", "offer", "stop"]
ORDER: Sequence[Tier] = ("", "note", "offer", "stop")
FOLDER = Path(__file__).parent / "wordings"
LANGUAGES = tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))
DENIED, PAST, TOLD, OTHER = "denied", "past", "told", "other"
EDITION_CHARS = 12
_MACRO = re.compile("<([A-Z_]+)>")


@dataclass(frozen=True)
class Rule:
    """One thing that may be said.

    Attributes:
        ways: Each way to say it.
        unless: Takes back what overlaps with it, such as a figure of speech.
        bends: What makes it a note: that it is denied, over (`past`), a story (`told`), or of somebody else (`other`).
            A wording that has its own "not" in it cannot be denied by one.
        drops: Whether what bends is nothing, and not a note: of words that people mostly say of others.
        is_whole: Looked for in the whole message, where one sentence says what and another that it will be done.
    """

    tier: Tier
    name: str
    ways: Sequence[re.Pattern[str]]
    unless: re.Pattern[str] | None = None
    bends: frozenset[str] = frozenset({DENIED, PAST, TOLD, OTHER})
    drops: bool = False
    is_whole: bool = False

    def found(self, text: str, ways: Collection[int]) -> Iterator[re.Match[str]]:
        """Where a plain text says it, in one of some ways."""
        matches = [match for way in ways for match in self.ways[way].finditer(text)]
        taken = [one.span() for one in self.unless.finditer(text)] if matches and self.unless else []
        return (one for one in matches if not any(start < one.end() and one.start() < end for start, end in taken))


@dataclass(frozen=True)
class Words:
    """What tells how something is meant.

    Attributes:
        own, others: Who a sentence is about: the writer, or somebody else.
        negations: End right before what they deny; `breaks` undo that ("I do not know if").
        inner: Deny what they stand in.
        past, over, still: That something was long ago; that it is over; that it is not.
        stories: Words of books, songs, plays and lessons.
        frames: End right before what such a thing tells of.
    """

    own: re.Pattern[str]
    others: re.Pattern[str]
    negations: re.Pattern[str]
    inner: re.Pattern[str]
    breaks: re.Pattern[str]
    past: re.Pattern[str]
    over: re.Pattern[str]
    still: re.Pattern[str]
    stories: re.Pattern[str]
    frames: re.Pattern[str]

    @property
    def subjects(self) -> re.Pattern[str]:
        """Whoever a sentence may be about."""
        return re.compile(f"{self.own.pattern}|{self.others.pattern}")


@dataclass(frozen=True)
class Reader:
    """A language, ready to read.

    Attributes:
        rules: The gravest first.
        squeezed: Pieces that mean risk even where a message is read without any spaces.
        index: Which rule may be met in which of its ways: most cannot be in most texts, and need not be tried.
    """

    spelling: Spelling
    rules: Sequence[Rule]
    words: Words
    subjects: re.Pattern[str]
    squeezed: Sequence[str]
    index: Index


class RulesError(Exception):
    """The wordings of a language cannot be made into rules: then nothing can be screened by them."""


def reader(language: str) -> Reader:
    """Everything by which messages in a language of `LANGUAGES` are read; made once.

    Raises:
        RulesError: its file is broken. At once from the second time on, so that no message waits for it again.
    """
    made = _made(language)
    if isinstance(made, str):
        raise RulesError(made)
    return made


@cache
def edition() -> str:
    """The rules by a name that is another one whenever a file of theirs is: the beginning of a sha256."""
    files = [*sorted(FOLDER.glob("*.yaml")), *sorted(Path(__file__).parent.glob("screening*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:EDITION_CHARS]


@cache
def _made(language: str) -> Reader | str:
    try:
        return _read(language)
    except Exception as error:  # whatever is wrong with the file
        return f"the wordings of {language!r} cannot be read: {type(error).__name__}"


def _read(language: str) -> Reader:
    said: Mapping[str, Any] = yaml.load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    spelling = Spelling(**said["spelling"])
    macros: dict[str, str] = {}
    for name, text in said["macros"].items():
        macros[name] = _filled(text, macros)

    def form(text: str) -> re.Pattern[str]:
        filled = _filled(text, macros)
        return re.compile(fold(filled) if spelling.folds else filled)

    def any_of(ways: Sequence[str]) -> re.Pattern[str]:
        return form("|".join(rf"\b(?:{way})\b" for way in ways))

    def rule(each: Mapping[str, Any]) -> Rule:
        unless = any_of(each["unless"]) if "unless" in each else None
        more = {key: each[key] for key in ("drops", "is_whole") if key in each}
        if "bends" in each:
            more["bends"] = frozenset(each["bends"])
        ways = [any_of([way]) for way in each["ways"]]
        return Rule(each["tier"], each["name"], ways, unless, **more)

    rules = sorted((rule(each) for each in said["rules"]), key=lambda one: -ORDER.index(one.tier))
    texts = dict(said["words"])
    squeezed = texts.pop("squeezed")
    words = Words(**{name: form(text) for name, text in texts.items()})
    index = Index({(at, number): hints_of(way) for at, one in enumerate(rules) for number, way in enumerate(one.ways)})
    return Reader(spelling, rules, words, words.subjects, squeezed, index)


def _filled(text: str, macros: Mapping[str, str]) -> str:
    return _MACRO.sub(lambda found: macros[found[1]], text)
