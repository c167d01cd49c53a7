"""Whether a message speaks of suicide, of hurting oneself, or of harm by others: fixed rules by words. Pure.

English and German. Three tiers, by what must follow: `note`, a row for the study team; `offer`, a card with resources
is offered to the writer, and the conversation goes on; `stop`, imminent risk. What is denied, long over, a story or
somebody else's is a note and not nothing. `python -m bench.screening` measures the rules on messages that were written
before them. It is a sieve: it knows nothing of hints, irony, pictures, other languages, or of what was said before, it
judges nobody, and what it finds is never a reason to exclude somebody or to pay them less. So a card must be one click
away whatever it says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.screening_plain import QUOTED, squeezed, versions
from chat.screening_wordings import DENIED, LANGUAGES, ORDER, OTHER, PAST, TOLD, Reader, Rule, Tier, reader

APART = "spelt apart"
NEAR = 2  # sentences around in which it is said that something is over, or a story
JOINS = frozenset({"aber", "und", "oder"})  # right before what denies itself they change nothing
MIXED = "en"  # people who write in another language mix it in


@dataclass(frozen=True)
class Screened:
    """What a message comes to: its tier ("" for nothing), and the names of the rules that it met, the gravest first.

    A name with a reason behind a colon, such as "intention: denied", is of what is but a note because of it.
    """

    tier: Tier
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """Something that a rule found, and where it stands."""

    rule: Rule
    match: re.Match[str]
    sentences: Sequence[str]
    at: int

    @property
    def before(self) -> str:
        return self.sentences[self.at][: self.match.start()]

    @property
    def near(self) -> str:
        """What stands around it, beyond the ends of its sentence."""
        return " ".join(self.sentences[max(0, self.at - NEAR) : self.at + NEAR + 1])


def warm() -> None:
    """Make the rules, so that the first message does not wait for them. Raises RulesError where a file is broken."""
    for language in LANGUAGES:
        reader(language)


def has_rules(language: str) -> bool:
    """Whether messages in a language can be screened."""
    return language[:2] in LANGUAGES


def screened(text: str, language: str, *, most_seconds: float = 60.0) -> Screened:
    """What a message comes to.

    Args:
        language: "en" or "de", also with a region, such as "en-GB". Another one is read as English, too.
        most_seconds: After which it is given up.

    Raises:
        ValueError: there are no rules for the language; then nothing may be screened by them.
        RulesError: the file of the language, or that of English, is broken.
        TimeoutError: it took too long.
    """
    if not has_rules(language):
        raise ValueError(f"no rules for {language!r}: there are some for {', '.join(LANGUAGES)}")
    tongues = dict.fromkeys((language[:2], MIXED))
    for each in tongues:
        reader(each)  # made once for each process, and that is no message's time
    until, met = time.monotonic() + most_seconds, dict[str, Tier]()
    for each in tongues:
        for name, tier in _met(text, reader(each), until, is_own=each == language[:2]):
            met[name] = max(tier, met.get(name, ""), key=ORDER.index)
    letters = "" if met else squeezed(text)
    if any(piece in letters for each in tongues for piece in reader(each).squeezed):
        met[APART] = "offer"
    names = sorted((name for name in met if met[name]), key=lambda name: -ORDER.index(met[name]))
    return Screened(met[names[0]] if names else "", tuple(names))


def _met(text: str, read: Reader, until: float, *, is_own: bool) -> Iterator[tuple[str, Tier]]:
    for sentences in versions(text, read.spelling):
        whole = [" ".join(sentences)]
        for number, ways in read.index.possible(whole[0]):
            rule = read.rules[number]
            if rule.drops and not is_own:
                continue  # German "die" is no word of death: elsewhere only what English says in so many words counts
            if time.monotonic() > until:
                raise TimeoutError("the screening of a message took too long")
            places = whole if rule.is_whole else sentences
            for at, sentence in enumerate(places):
                for match in rule.found(sentence, ways):
                    yield _judged(_Found(rule, match, places, at), read)


def _judged(found: _Found, read: Reader) -> tuple[str, Tier]:
    """Name and tier of what was found, once it is seen in what it stands."""
    rule, reason = found.rule, _reason(found, read)
    if not reason or rule.tier == "note":
        return rule.name, rule.tier
    return f"{rule.name}: {reason}", "" if rule.drops else "note"


def _reason(found: _Found, read: Reader) -> str:
    """Why something is but a note; "" where nothing makes it one."""
    bends, words, near = found.rule.bends, read.words, found.near
    is_own = _is_own(found, read)
    if DENIED in bends and _is_denied(found, read):
        return DENIED
    is_quoted = found.before.split().count(QUOTED) % 2 == 1
    is_story = words.frames.search(found.before) or (not is_own and words.stories.search(near))
    if TOLD in bends and (is_quoted or is_story):
        return TOLD
    if OTHER in bends and not is_own:
        return OTHER
    is_over = words.past.search(near) and words.over.search(near) and not words.still.search(near)
    return PAST if PAST in bends and is_over else ""


def _is_denied(found: _Found, read: Reader) -> bool:
    words, said = read.words, found.match[0]
    around = [*(word for word in found.before.split()[-2:] if word not in JOINS), said]
    if words.inner.search(said) and not words.breaks.search(" ".join(around)):
        return True
    tail = words.negations.search(found.before)
    return tail is not None and not words.breaks.search(f"{tail[0]} {said.partition(' ')[0]}")


def _is_own(found: _Found, read: Reader) -> bool:
    """Whether it is about the writer: they are who was named last, or nobody was."""
    if read.words.own.search(found.match[0]):
        return True
    named = list(read.subjects.finditer(found.before))
    return not named or read.words.own.fullmatch(named[-1][0]) is not None
