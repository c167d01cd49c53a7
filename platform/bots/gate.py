"""What a model may not say to anybody: its instructions, the study's own words for what it manipulates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from bots.readings import WORD, bare, decoded, folded, parts_of, turned, windows
from flow.drawing import plain

RUN_OF_WORDS = 8
RUN_OF_LETTERS = 40
"""As eight longer words have: what is spelled out, or has something between its letters, is compared by these."""
CANARY_CHARS = 12
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
# Joiners belong between letters of Persian or Hindi and into emoji: elsewhere they carry words, as runs of variants do.
_HIDING = re.compile(r"(?<=[\x00-\u024f])[\u00ad\u200c\u200d]+(?=[\x00-\u024f])|[\ufe00-\ufe0f]{2}")
_DESIGN = r"(?:condition|treatment|group|arm|level|cell|bedingung|gruppe|stufe|zelle|versuchsbedingung|versuchsgruppe)"


@dataclass(frozen=True)
class Sieve:
    """What the replies of one seat are looked at for.

    Attributes:
        canary: The mark in its instructions; "" where there is none.
        forbidden: Words that the study file forbids.
        names: Factors with their levels, as the study file calls them.
        before: What the seat has said before in the same talk: a mark may be told in pieces.
    """

    instructions: str
    canary: str = ""
    forbidden: Sequence[str] = ()
    names: Sequence[tuple[str, tuple[str, ...]]] = ()
    before: str = ""


def canary_of(seed: str) -> str:
    """The mark in the instructions of a study's seats. It means nothing, and who says it has their text.

    It is the same in every group of a version: what is told must not differ between groups, nor between conditions.
    """
    return sha256(f"{seed}/canary".encode()).hexdigest()[:CANARY_CHARS]


def blocked(said: str, sieve: Sieve) -> str:
    """The rule that a reply breaks; "" where it breaks none."""
    if not said:
        return ""
    readings = [said, *decoded(said)]
    texts = [folded(one) for one in readings]
    found = {
        CANARY: lambda: any(_holds_canary(text, sieve) for text in texts),
        OVERLAP: lambda: any(leaks(one, sieve.instructions) for one in readings),
        FORBIDDEN: lambda: any(_whole(word).search(text) for word in sieve.forbidden for text in texts),
        NAME: lambda: any(_named(factor, levels).search(text) for factor, levels in sieve.names for text in texts),
        INVISIBLE: lambda: plain(said) != said or _HIDING.search(said) is not None,
    }
    return next((rule for rule in RULES if found[rule]()), "")


def leaks(said: str, instructions: str) -> bool:
    """Whether eight words in a row of what was said stand so in the instructions, or as many letters.

    Letters are looked at backwards and moved by thirteen places, too.
    """
    text, known = folded(said), _known(instructions)
    words = WORD.findall(text)
    if not known[0].isdisjoint(_runs(words)):
        return True
    letters = "".join(words)
    return any(not known[1].isdisjoint(windows(one, RUN_OF_LETTERS)) for one in (letters, *turned(letters)))


@lru_cache(maxsize=32)
def _known(instructions: str) -> tuple[frozenset[str], frozenset[str]]:
    """The runs of words and of letters of some instructions."""
    words = WORD.findall(folded(instructions))
    return frozenset(_runs(words)), frozenset(windows("".join(words), RUN_OF_LETTERS))


def _runs(words: Sequence[str]) -> Iterator[str]:
    yield from (" ".join(words[at : at + RUN_OF_WORDS]) for at in range(len(words) - RUN_OF_WORDS + 1))


def _holds_canary(text: str, sieve: Sieve) -> bool:
    """Also spelled out, encoded, the other way round, with anything between its characters, or a part of it."""
    said = bare(folded(sieve.before))[-2 * CANARY_CHARS :] + bare(text)
    return any(part in said for part in parts_of(sieve.canary))


@lru_cache(maxsize=2000)
def _whole(word: str) -> re.Pattern[str]:
    """Some words one after the other, whatever stands between them but letters, or nothing."""
    plainly = folded(word)
    parts = WORD.findall(plainly) or [re.escape(plainly)]
    return re.compile(r"(?<!\w)" + r"[\W_]*".join(parts) + r"(?!\w)")


@lru_cache(maxsize=500)
def _named(factor: str, levels: tuple[str, ...]) -> re.Pattern[str]:
    """A factor or a level called by its name in the file.

    Most are ordinary words, "hidden" or "high", that anybody may say. They are held back beside each other ("label:
    hidden") and beside a word of the design ("the hidden condition"); alone only where they can be nothing else, as
    `warm_partner` or `t2`. Beside them a blank may stand for the line between its parts.
    """
    level = "|".join(_parted(one) for one in levels)
    forms = [rf"{_parted(factor)}\W{{1,4}}(?:is\W+|ist\W+)?(?:{level})", rf"(?:{level})\W+{_DESIGN}"]
    forms.append(rf"{_DESIGN}\W+(?:(?:is|ist|called|named|heisst|namens)\W+)?(?:{level})")
    forms += [re.escape(one) for one in distinctive([factor, *levels])]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def _parted(name: str) -> str:
    return re.escape(name).replace("_", r"[\W_]*")


def distinctive(names: Iterable[str]) -> list[str]:
    """Those that are no ordinary words."""
    return [name for name in names if "_" in name or any(character.isdigit() for character in name)]
