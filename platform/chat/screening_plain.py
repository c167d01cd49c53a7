"""Messages as rules of screening read them: one spelling for many, in small letters, sentence by sentence. Pure.

What somebody hides or lengthens a word by is undone (k!ll, d1e, s u i c i d e, toooo), and so are accents, apostrophes
and common slips. Only how a message is read changes: what is stored are the words as they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from unicodedata import category, normalize

END, QUOTED = ".", "qq"
"""Stand for the end of a sentence, and for a mark at which a quotation begins or ends."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_FOLDED = re.compile("[aou]e")
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "|": "i", "€": "e"}
_HIDDEN = re.compile(r"(?<=[a-z])[013457@$!|€](?=[a-z])|(?<=[a-z])[03](?=\s|$)")
_STARRED = re.compile(r"\b[a-z]+[*#_]+[a-z]+\b")
_SPACED = re.compile(r"(?<![a-z])(?:[a-z][ ._*-]{1,2}){3,}[a-z](?![a-z])")
_APOSTROPHES = re.compile("['\u2019\u2018\u02bc\u00b4`]")
_QUOTES = re.compile('["\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a]')
_ENDS = re.compile("[.!?;\u2026\n\r]+")
_OTHERS = re.compile(r"[^\w\s.]+|_")
_RUN = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True)
class Spelling:
    """How one language is brought to one spelling.

    Attributes:
        words: Short forms and slang → the usual words.
        hidden: Words of which letters may be covered by signs, such as su*c*de.
        slips: Words of which one letter may be missing, or two may have changed places.
        sick: What stands before "ill" where that is no short form of "I will"; empty where it never is.
        folds: Whether umlauts are written in several ways.
    """

    words: Mapping[str, str]
    hidden: Sequence[str] = ()
    slips: Sequence[str] = ()
    sick: str = ""
    folds: bool = False

    @cached_property
    def known(self) -> Mapping[str, str]:
        """What is to be written otherwise → how."""
        slips = {slip: word for word in self.slips for slip in _slips_of(word) if slip not in self.slips}
        return {**slips, **self.words}

    @cached_property
    def ill(self) -> re.Pattern[str] | None:
        """Finds whoever is ill."""
        return re.compile(rf"\b({self.sick}) ill\b") if self.sick else None


def fold(text: str) -> str:
    """German with one spelling for umlauts: "wäre", "waere" and "ware" are all "ware"."""
    return _FOLDED.sub(lambda found: found[0][0], text.translate(_UMLAUTS))


def versions(text: str, spelling: Spelling) -> list[list[str]]:
    """The ways to read a message, each as its sentences: one, or two where letters were drawn out."""
    said = _bare(text)
    found = dict.fromkeys(_RUN.sub(kept, said) for kept in (r"\1", r"\1\1"))
    return [_sentences(_in_words(one, spelling)) for one in found]


def squeezed(text: str) -> str:
    """The letters of a message alone: what was spelt apart stands together."""
    return re.sub("[^a-z]", "", fold(_bare(text)))


def _bare(text: str) -> str:
    """Small letters without accents, apostrophes and what takes no room; umlauts are written out."""
    said = normalize("NFKC", _APOSTROPHES.sub("'", text)).casefold().translate(_UMLAUTS)
    said = "".join(c for c in normalize("NFD", said) if category(c) not in {"Mn", "Cf"})
    return _HIDDEN.sub(lambda found: _LEET[found[0]], _APOSTROPHES.sub("", said))


def _in_words(said: str, spelling: Spelling) -> str:
    said = _STARRED.sub(lambda found: _uncovered(found[0], spelling.hidden), said)
    said = _SPACED.sub(lambda found: re.sub("[^a-z]", "", found[0]), said)
    said = spelling.ill.sub(r"\1 sick", said) if spelling.ill else said
    said = _OTHERS.sub(" ", _ENDS.sub(f" {END} ", _QUOTES.sub(f" {QUOTED} ", said)))
    words = " ".join(spelling.known.get(word, word) for word in said.split())
    return fold(words) if spelling.folds else words


def _uncovered(word: str, known: Sequence[str]) -> str:
    """A word of which some letters are covered, where it can be but one of those known."""
    form = re.compile(re.sub(r"[*#_]", "[a-z]", word))
    return next((one for one in known if form.fullmatch(one)), word)


def _slips_of(word: str) -> Iterator[str]:
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]
        if at + 1 < len(word):
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _sentences(said: str) -> list[str]:
    return [one for part in said.split(END) if (one := " ".join(part.split()))]
