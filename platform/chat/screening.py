"""Whether a message speaks of suicide or of hurting oneself: fixed rules by words, in English and German. Pure.

Three tiers, by what must follow: `note`, staff look at it later; `offer`, a card with resources is shown beside the
conversation, which goes on; `stop`, imminent risk. It is a first sieve that answers at once for every message. `python
-m bench.screening` measures it on labelled messages, with sadness that is no risk among them: of risk that its author
had not thought of, named in so many words, it finds a fifth to a half, and hardly ever errs the other way. So it
cannot be the only screen, and a card must be one click away whatever it says. It knows nothing of irony, hints,
pictures, other languages, or what was said before, and what it finds is never a reason to exclude somebody or to pay
them less. It is not connected to conversations yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from chat.screening_rules import ENGLISH, GERMAN, Exceptions, Tier, Wordings

ORDER: Sequence[Tier] = ("", "note", "offer", "stop")


@dataclass(frozen=True)
class Screened:
    """What a message comes to: its tier ("" for nothing), and the names of the rules that it met, the gravest first."""

    tier: Tier
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One thing that may be said. `unless` takes back what overlaps with it, such as a figure of speech."""

    tier: Tier
    name: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None

    def is_met(self, text: str) -> bool:
        """Whether a plain message says it."""
        taken_back = [found.span() for found in self.unless.finditer(text)] if self.unless else []
        return any(
            not any(start < found.end() and found.start() < end for start, end in taken_back)
            for found in self.words.finditer(text)
        )


def _rules(said: Wordings, unless: Exceptions) -> list[Rule]:
    """Rules from their wordings, the gravest first."""
    found = [
        Rule(tier, name, _any_of(wordings), _any_of(unless[name]) if name in unless else None)
        for (tier, name), wordings in said.items()
    ]
    return sorted(found, key=lambda rule: -ORDER.index(rule.tier))


def _any_of(wordings: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{words})\b" for words in wordings))


RULES: Mapping[str, Sequence[Rule]] = {"en": _rules(*ENGLISH), "de": _rules(*GERMAN)}
_SIGNS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "\u2019": "'", "\u2018": "'", "`": "'"})
_SHORT_FORMS = {r"\bi'?m\b": "i am", r"\bi'?ve\b": "i have", r"\bi'd\b": "i would", r"\bi'll\b": "i will"}


def screened(text: str, language: str) -> Screened:
    """What a message comes to.

    Args:
        language: "en" or "de", also with a region, such as "en-GB".

    Raises:
        ValueError: there are no rules for the language; then nothing may be screened by them.
    """
    rules = RULES.get(language[:2])
    if rules is None:
        raise ValueError(f"no rules for {language!r}: there are some for {', '.join(RULES)}")
    said = plain(text, language[:2])
    met = [rule for rule in rules if rule.is_met(said)]
    return Screened(met[0].tier if met else "", tuple(rule.name for rule in met))


def plain(text: str, language: str) -> str:
    """A message as rules read it: small letters, no umlauts, English short forms written out, single spaces."""
    folded = normalize("NFKC", text).casefold().translate(_SIGNS)
    for short, full in _SHORT_FORMS.items() if language == "en" else ():
        folded = re.sub(short, full, folded)
    return " ".join(folded.split())
