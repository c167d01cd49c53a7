"""Words of the scripted partners: fixed rules over sentences, English only. They understand nothing."""

import re
from collections.abc import Iterable

from paradigm import Recollection

I_AM_ONE = "I am a computer program."
LONGEST_QUOTE = 160
AMONG_THEM = "among them: "  # what stands before the sentences in a line of a summary
_ENDS = re.compile(r"(?<=[.!?…])\s+|\n+")
_FIRST_PERSON = re.compile(r"\b(i|i'm|i've|i'd|i'll|me|my|we|our)\b", re.IGNORECASE)
_ASKS_KIND = re.compile(
    r"\b(are|r) (you|u) (an? |really |actually )*(ai|bot|chatbot|robot|computer|machine|program|human|person|real|"
    r"language model)\b|\b(am i|is this|do i) .{0,30}\b(ai|bot|chatbot|robot|computer|machine|program|human|person)\b",
    re.IGNORECASE,
)
_ASKS_MEMORY = re.compile(
    r"\b(do|can|did|don't) you (still |even )?(remember|recall|know (me|who i am))\b"
    r"|\b(remember (me|what|when|our)|forgot(ten)?|forget)\b[^.!]*\?",
    re.IGNORECASE,
)
_TURNED = {
    "i": "you", "i'm": "you are", "i've": "you have", "i'd": "you would", "i'll": "you will", "me": "you", "my": "your",
    "mine": "yours", "myself": "yourself", "am": "are", "we": "you", "we're": "you are", "we've": "you have",
    "us": "you", "our": "your", "ours": "yours",
}  # fmt: skip
_WAS = re.compile(r"\bi was\b", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """The sentences of a text, each on one line, none longer than a quotation may be."""
    parts = (" ".join(part.split()) for part in _ENDS.split(text.replace("\u2019", "'")))
    return [part if len(part) <= LONGEST_QUOTE else part[: LONGEST_QUOTE - 1].rstrip() + "…" for part in parts if part]


def is_question(sentence: str) -> bool:
    """Whether it asks something."""
    return sentence.endswith("?")


def is_about_oneself(sentence: str) -> bool:
    """Whether somebody states something in the first person."""
    return not is_question(sentence) and _FIRST_PERSON.search(sentence) is not None


def asks_kind(text: str) -> bool:
    """Whether somebody asks what the partner is."""
    return _ASKS_KIND.search(text) is not None


def asks_memory(text: str) -> bool:
    """Whether somebody asks what the partner remembers."""
    return _ASKS_MEMORY.search(text) is not None


def mirrored(sentence: str) -> str:
    """A statement in the first person turned to the second, without its end: "I miss my dog." → "you miss your dog"."""
    said = _WAS.sub("you were", sentence.rstrip(" .!…"))
    words = [_turned(word) for word in said.split(" ")]
    turned = " ".join(words)
    return turned[:1].lower() + turned[1:] if words[0].lower() in {"you", "your", "my", "i"} else turned


def _turned(word: str) -> str:
    core = word.strip(',;:()"')
    found = _TURNED.get(core.lower())
    return word.replace(core, found) if found else word


def remembered(memory: Recollection) -> list[str]:
    """Sentences in which the person told of themselves in earlier conversations, as far as they are remembered."""
    noted = [line.partition(AMONG_THEM)[2] or line for line in memory.notes]
    said = [line.text for line in memory.earlier if line.who]
    return list(dict.fromkeys(_telling([*noted, *said])))


def _telling(texts: Iterable[str]) -> Iterable[str]:
    return (sentence for text in texts for sentence in sentences(text) if is_about_oneself(sentence))
