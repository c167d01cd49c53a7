"""What a model may not say to anybody: its instructions, the study's own words for what it manipulates. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from flow.drawing import plain

RUN_OF_WORDS = 8
CANARY_CHARS = 12
_WORD = re.compile(r"\w+")
CANARY, OVERLAP, FORBIDDEN, NAME, INVISIBLE = "canary", "overlap", "forbidden", "name", "invisible"
RULES = (CANARY, OVERLAP, FORBIDDEN, NAME, INVISIBLE)
"""In the order in which they are looked at; the first that holds is the one that is kept."""
TOLD = {
    CANARY: "it repeats your instructions; use your own words",
    OVERLAP: "it repeats your instructions; use your own words",
    # never which: a model is not told what a condition is called
    FORBIDDEN: "it holds words that are not for others; say it otherwise",
    NAME: "it holds words that are not for others; say it otherwise",
    INVISIBLE: "it holds characters that nobody sees; leave them out",
}
"""What a model is told of a reply that was blocked."""
_DESIGN = r"(?:condition|treatment|group|arm|level|cell|bedingung|gruppe|stufe|zelle|versuchsbedingung|versuchsgruppe)"


@dataclass(frozen=True)
class Sieve:
    """What the replies of one seat are looked at for.

    Attributes:
        canary: The mark in its instructions; "" where there is none.
        forbidden: Words that the study file forbids.
        names: Factors with their levels, as the study file calls them.
    """

    instructions: str
    canary: str = ""
    forbidden: Sequence[str] = ()
    names: Sequence[tuple[str, tuple[str, ...]]] = ()


def canary_of(seed: str) -> str:
    """The mark in the instructions of a study's seats. It means nothing, and who says it has their text.

    It is the same in every group of a version: what is told must not differ between groups, nor between conditions.
    """
    return sha256(f"{seed}/canary".encode()).hexdigest()[:CANARY_CHARS]


def blocked(said: str, sieve: Sieve) -> str:
    """The rule that a reply breaks; "" where it breaks none."""
    if not said:
        return ""
    text = unicodedata.normalize("NFKC", said).casefold()
    found = {
        CANARY: lambda: _holds_canary(text, sieve.canary),
        OVERLAP: lambda: leaks(said, sieve.instructions),
        FORBIDDEN: lambda: any(_whole(word).search(text) for word in sieve.forbidden),
        NAME: lambda: any(_named(factor, levels).search(text) for factor, levels in sieve.names),
        INVISIBLE: lambda: plain(said) != said,
    }
    return next((rule for rule in RULES if found[rule]()), "")


def leaks(said: str, instructions: str) -> bool:
    """Whether eight words in a row of what was said stand so in the instructions."""
    return bool(_runs(said) & _runs(instructions))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return {tuple(words[i : i + RUN_OF_WORDS]) for i in range(len(words) - RUN_OF_WORDS + 1)}


def _holds_canary(text: str, canary: str) -> bool:
    """Also spelled out, with anything between its characters, or the other way round."""
    if not canary:
        return False
    bare = "".join(_WORD.findall(text)).replace("_", "")
    return canary in bare or canary[::-1] in bare


@lru_cache(maxsize=2000)
def _whole(word: str) -> re.Pattern[str]:
    """Some words one after the other, whatever stands between them but letters."""
    plainly = unicodedata.normalize("NFKC", word).casefold()
    parts = _WORD.findall(plainly) or [re.escape(plainly)]
    return re.compile(r"(?<!\w)" + r"\W+".join(parts) + r"(?!\w)")


@lru_cache(maxsize=500)
def _named(factor: str, levels: tuple[str, ...]) -> re.Pattern[str]:
    """A factor or a level called by its name in the file.

    Most are ordinary words, "hidden" or "high", that anybody may say. They are held back beside each other ("label:
    hidden") and beside a word of the design ("the hidden condition"); alone only where they can be nothing else, as
    `warm_partner` or `t2`.
    """
    level = "|".join(re.escape(one) for one in levels)
    forms = [rf"{re.escape(factor)}\W{{1,4}}(?:is\W+|ist\W+)?(?:{level})", rf"(?:{level})\W+{_DESIGN}"]
    forms.append(rf"{_DESIGN}\W+(?:(?:is|ist|called|named|heißt|namens)\W+)?(?:{level})")
    forms += [re.escape(one) for one in distinctive([factor, *levels])]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def distinctive(names: Iterable[str]) -> list[str]:
    """Those that are no ordinary words."""
    return [name for name in names if "_" in name or any(character.isdigit() for character in name)]
