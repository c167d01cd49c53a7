"""Who takes notes without a model: fixed rules by words, the same for the same conversation. Pure.

They are called what they are: `scripted/…` stands in each version's `made_by`. They know English and German first
persons and understand nothing; a note is a sentence that somebody wrote, never a conclusion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bots.memory import Said
from studies.schema_memory import FactsMemory, MemoryRule, SummaryMemory

LONGEST_SENTENCE = 200
SENTENCES_OF_A_TALK = 3
CUT = "…"  # ends what was too long
_ENDS = re.compile(r"(?<=[.!?…])\s+|\n+")
_FIRST_PERSON = re.compile(
    r"\b(i|i'm|i've|i'd|i'll|me|my|mine|we|us|our|ours|ich|mir|mich|mein\w*|wir|uns|unser\w*)\b", re.IGNORECASE
)
_ABOUT_ONESELF = re.compile(
    r"\b(i (am|have|had|live|work|study|like|love|hate|play|was|come|grew|moved|want|need|feel)|i'm|i've"
    r"|my [\w-]+( [\w-]+)? (is|are|was|were|has|have|had|lives?|works?|likes?|died|moved)"
    r"|ich (bin|habe|hatte|wohne|lebe|arbeite|studiere|mag|liebe|hasse|spiele|war|komme|möchte|will|brauche|fühle)"
    r"|mein\w* [\w-]+( [\w-]+)? (ist|sind|war|waren|hat|haben|hatte|wohnt|lebt|arbeitet|mag|starb|heißt))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Noted:
    """One line of notes, and the keys of the messages that it was made from."""

    text: str
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Scribe:
    """A rule of note taking.

    Attributes:
        name: As `made_by` keeps it; another rule has another name.
        write: The lines of before, one conversation, and the rule's limit → all lines from now on.
    """

    name: str
    write: Callable[[Sequence[Noted], Sequence[Said], int], list[Noted]]


def summarised(before: Sequence[Noted], talk: Sequence[Said], chars: int) -> list[Noted]:
    """A line for each conversation: how much the person wrote, and up to three of their sentences.

    Sentences in the first person come before others, and long ones before short ones. At most `chars` characters in
    all: the oldest lines are left out first, and a single line that is too long is cut.
    """
    theirs = [one for one in talk if not one.is_own]
    if not theirs:
        return list(before)
    lines = [*before, Noted(_in_short(theirs), tuple(one.id for one in theirs))]
    while len(lines) > 1 and sum(len(line.text) for line in lines) + len(lines) - 1 > chars:
        lines = lines[1:]
    return [Noted(_cut(line.text, chars), line.sources) for line in lines]


def listed(before: Sequence[Noted], talk: Sequence[Said], most: int) -> list[Noted]:
    """The sentences in which the person said something of themselves, each once; the newest `most` of them."""
    lines, known = list(before), {line.text.casefold() for line in before}
    for one in talk:
        for sentence in sentences_of(one.text) if not one.is_own else ():
            if is_about_oneself(sentence) and sentence.casefold() not in known:
                known.add(sentence.casefold())
                lines.append(Noted(sentence, (one.id,)))
    return lines[-most:]


SCRIBES = {"summary": Scribe("scripted/summary-1", summarised), "facts": Scribe("scripted/facts-1", listed)}
"""Kind of notes → who takes them."""


def sentences_of(text: str) -> list[str]:
    """The sentences of a message, each on one line and not too long."""
    parts = (" ".join(part.split()) for part in _ENDS.split(text.replace("\u2019", "'")))
    return [_cut(part, LONGEST_SENTENCE) for part in parts if part]


def is_about_oneself(sentence: str) -> bool:
    """Whether a sentence states something in the first person."""
    return not sentence.endswith("?") and _ABOUT_ONESELF.search(sentence) is not None


def _in_short(theirs: Sequence[Said]) -> str:
    said = [sentence for one in theirs for sentence in sentences_of(one.text)]
    best = sorted(range(len(said)), key=lambda at: (not _FIRST_PERSON.search(said[at]), -len(said[at]), at))
    picked = " ".join(said[at] for at in sorted(best[:SENTENCES_OF_A_TALK]))
    number = f"{len(theirs)} message{'s' if len(theirs) > 1 else ''}"
    return f"In conversation {theirs[0].talk} they wrote {number}, among them: {picked}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + CUT


def limit_of(rule: MemoryRule) -> int:
    """How much a rule's notes may hold, as its scribe counts: characters of a summary, facts of a list."""
    match rule:
        case SummaryMemory(chars=chars):
            return chars
        case FactsMemory(max_facts=most):
            return most
        case _:
            raise ValueError(f"nobody takes notes under {rule.kind}")
