"""What somebody's words say of who writes: claims to be a person or an AI, questions about it, and who one is.

A marker by words alone, English and German, pure and versioned. It reads each text by itself and knows nothing of the
writer. What it cannot do is written down in docs/identity.md: it misses what is said otherwise, and flags some of what
is meant otherwise. Its precision and recall on real messages are not known; estimate them on messages that somebody
has labelled, before a result hangs on it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from measures import identity_wordings as wordings
from measures import identity_words as words
from measures.identity_words import VERSION

MARKER = f"identity/{VERSION}"
"""What the codebook calls the lexicon that made a column."""
HUMAN, AI, BOTH, EITHER = "human", "ai", "both", "either"
Answer = Literal["claims_human", "claims_ai", "neither", "no_reply"]
ANSWERS: tuple[Answer, ...] = ("claims_human", "claims_ai", "neither", "no_reply")
SHORT_WORDS = 5  # a reply of so few words may be the bare name of a kind
_APOSTROPHES = re.compile("[\u2018\u2019\u00b4`]")
_DOTTED = re.compile(r"\bA\.I\.", re.IGNORECASE)
_MARKS = re.compile('[.!?;\u2026"\u201c\u201d\u201e]+')
_SENTENCE = re.compile(r"[^.!?\n;\u2026]+[.!?\n;\u2026]*")
_CLAUSE = re.compile(r"\s*(?:[,:()]|\s-+\s|\b(?:and|but|because|und|aber|weil)\b)\s*")
_OPPOSITE = {HUMAN: AI, AI: HUMAN}


@dataclass(frozen=True)
class Marks:
    """What is found in a text.

    Attributes:
        claimed_kind: "human", "ai" or "both" that the writer claims to be; "" for no claim.
        asked_kind: Which kind the text asks another about: "human", "ai", "either"; "" for no such question.
        announces_identity: Whether it says who the writer is across rounds: a name, or "me again".
    """

    claimed_kind: str = ""
    asked_kind: str = ""
    announces_identity: bool = False


@dataclass(frozen=True)
class _Said:
    """A sentence with its capitals; `is_asked`: a question mark ends it."""

    text: str
    is_asked: bool

    @property
    def small(self) -> str:
        """In small letters."""
        return self.text.lower()


def marks_of(text: str) -> Marks:
    """Everything that the marker finds in a text; nothing in an empty one."""
    said = list(_sentences(text))
    claimed, asked = set[str](), set[str]()
    for at, one in enumerate(said):
        mine = set(_claims(one))
        claimed |= mine
        asked |= set(_asks(one)) or _turned_back(one, mine or claimed) or _confirmed(said[at : at + 2])
    return Marks(_joined(claimed, BOTH), _joined(asked, EITHER), any(map(_announces, said)))


def answered(asked_kind: str, reply: str) -> Answer:
    """What a reply to a question about the writer's kind claims, as far as the marker tells.

    A bare yes or no is read by the kind that was asked about; with "either" it claims neither. Claims of both kinds are
    neither. An empty reply is "no_reply".
    """
    said = list(_sentences(reply))
    if not said:
        return "no_reply"
    claimed = marks_of(reply).claimed_kind or _bare(said[0], asked_kind) or _hinted(said)
    if claimed == HUMAN:
        return "claims_human"
    return "claims_ai" if claimed == AI else "neither"


def _sentences(text: str) -> Iterator[_Said]:
    plain = unicodedata.normalize("NFKC", _APOSTROPHES.sub("'", text))
    for found in _SENTENCE.finditer(_DOTTED.sub("AI", plain)):
        bare = " ".join(_MARKS.sub(" ", found[0]).split())
        if bare:
            yield _Said(bare, "?" in found[0])


def _clauses(one: _Said) -> Iterator[_Said]:
    """The parts of a sentence; the question mark belongs to the last."""
    parts = [part for part in _CLAUSE.split(one.text) if part]
    yield from (_Said(part, one.is_asked and at == len(parts)) for at, part in enumerate(parts, start=1))


def _claims(one: _Said) -> Iterator[str]:
    if words.NOT_ASSERTED.search(one.small):
        return
    for at, clause in enumerate(_clauses(one)):
        found = _first(words.CLAIMS, clause.small) or (words.DENIAL.match(clause.small) if at == 0 else None)
        if found and not clause.is_asked:
            yield _kind(found)
        elif not clause.is_asked:
            yield from (kind for pattern, kind in wordings.CLAIMED if pattern.search(clause.small))
            yield from (_kind(told) for pattern in wordings.TOLD if (told := pattern.search(clause.small)))


def _asks(one: _Said) -> Iterator[str]:
    """The kinds that a sentence asks about; both where it offers an alternative."""
    text = re.sub(r"\s*[,:]\s*", " ", one.small)
    found = _first([*words.QUESTIONS, *wordings.ASKED], text)
    if found is None and one.is_asked:
        found = _first([*words.IF_MARKED, *wordings.IF_MARKED], text)
    if found is None and wordings.TAGS.search(text):
        found = _first(wordings.SUSPECTED, text)
    if found:
        yield _named(found)
        yield from (_named(other) for other in words.OR.finditer(text, found.start()))
    elif words.ARE_YOU_REAL.search(text):
        yield HUMAN
        yield from (_named(other) for other in words.OR.finditer(text))
    elif one.is_asked and words.WHAT_ARE_YOU.search(text):
        yield from (HUMAN, AI)
    else:
        yield from (kind for pattern, kind in wordings.NAMED if pattern.search(text))


def _confirmed(said: Sequence[_Said]) -> set[str]:
    """ "I think you are a bot. Am I right?" asks, in two sentences."""
    confirms = [one for one in said[1:] if one.is_asked and wordings.CONFIRM.match(one.small)]
    found = _first(wordings.SUSPECTED, re.sub(r"\s*[,:]\s*", " ", said[0].small)) if confirms else None
    return {_named(found)} if found else set()


def _turned_back(one: _Said, claimed: set[str]) -> set[str]:
    """ "I am human, and you?" asks what it says."""
    last = list(_clauses(one))[-1:]
    is_turned = bool(last) and last[0].is_asked and words.AND_YOU.match(last[0].small) is not None
    return set(claimed) if is_turned else set()


def _announces(one: _Said) -> bool:
    if any(pattern.search(one.small) for pattern in words.ANNOUNCES) or words.PLACES.search(one.text):
        return True
    found = (match for pattern in words.NAMES for match in pattern.finditer(one.text))
    return any(match["name"].lower() not in words.NO_NAMES for match in found)


def _bare(said: _Said, asked_kind: str) -> str:
    """The claim of a short reply that only the question makes one: "yes", "no", "human"."""
    text = re.sub(r"\s*[,:]\s*", " ", said.small)
    is_short = len(text.split()) <= SHORT_WORDS
    after = re.sub(r"^(?:yes|yeah|yep|no|nope|ja|nein)\s+", "", text)
    found = words.FRAGMENT.match(after) if is_short and not said.is_asked else None
    if found:
        return _kind(found)
    if asked_kind not in _OPPOSITE:
        return ""
    if words.NO.match(text):
        return _OPPOSITE[asked_kind]
    return asked_kind if words.YES.match(text) else ""


def _hinted(said: Sequence[_Said]) -> str:
    """What a reply gives to understand that would be no claim by itself: "I was born in Leeds"."""
    texts = [one.small for one in said if not one.is_asked]
    kinds: set[str] = {kind for text in texts for pattern, kind in wordings.HINTED if pattern.search(text)}
    return _joined(kinds, BOTH)


def _first(patterns: list[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.search(text))), None)


def _named(found: re.Match[str]) -> str:
    """The kind that is named, denied or not."""
    return AI if found["ai"] is not None else HUMAN


def _kind(found: re.Match[str]) -> str:
    """The kind that is claimed: not to be the one is to be the other."""
    groups, named = found.groupdict(), _named(found)
    is_denied = groups.get("not") is not None or groups.get("aint") is not None
    return _OPPOSITE[named] if is_denied else named


def _joined(kinds: set[str], both: str) -> str:
    return both if len(kinds) > 1 else next(iter(kinds), "")
