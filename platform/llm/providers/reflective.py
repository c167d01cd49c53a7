"""Words of a conversation without a model: what was said last, turned round and asked back, in English and German.

After Weizenbaum 1966, Communications of the ACM 9, 36-45: statements are told back with their persons changed, and what
is no statement is met with a question. It understands nothing, and keeps a conversation going. Pure and seeded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random

# A line of the page as `bots.prompts` writes it: its number, who said it, and the words as JSON.
_LINE = re.compile(r'^(?:\[\d+\] |Conversation \d+, )?(?P<who>[^\n:\[]+): (?P<words>"(?:[^"\\]|\\.)*")$', re.MULTILINE)
_OWN = "You"
_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[^\w\s]|\S+")
MOST_WORDS = 18
"""Of a statement that is told back: longer ones become odd, and are asked about instead."""

OPENINGS = {
    "en": ("Hello! What is on your mind today?", "Hi. How has your day been so far?"),
    "de": ("Hallo! Was beschäftigt dich heute?", "Hi. Wie war dein Tag bisher?"),
}
RETURNED = {
    "en": ("What do you think yourself?", "What would your own answer be?", "What makes you ask that?"),
    "de": ("Was denkst du selbst?", "Was wäre deine eigene Antwort?", "Wie kommst du darauf?"),
}
CONTINUED = {
    "en": ("Could you say a little more about that?", "How did that feel?", "What happened then?", "Why is that?"),
    "de": ("Magst du etwas mehr davon erzählen?", "Wie war das für dich?", "Was war dann?", "Woran liegt das?"),
}
TOLD_BACK = {
    "en": ("{said}?", "So {said}. How is that for you?", "{said}, you say. What makes it so?"),
    "de": ("{said}?", "{said}. Wie ist das für dich?", "{said}, sagst du. Woran liegt das?"),
}
_GERMAN = "ich du er wir ihr mein meine meinen dein nicht und oder aber ist war bin habe das die der ein eine heute"
_EN = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are", "i'm": "you're",
    "i've": "you've", "i'd": "you'd", "i'll": "you'll", "you": "I", "your": "my", "yours": "mine",
    "yourself": "myself", "you're": "I'm", "you've": "I've",
}  # fmt: skip
_BEFORE_ME = frozenset(["about", "at", "by", "for", "from", "of", "than", "to", "with"])
_DE = {
    "ich": "du", "mich": "dich", "mir": "dir", "mein": "dein", "meine": "deine", "meinen": "deinen",
    "meinem": "deinem", "meiner": "deiner", "meines": "deines", "du": "ich", "dich": "mich", "dir": "mir",
    "dein": "mein", "deine": "meine", "deinen": "meinen", "deinem": "meinem", "deiner": "meiner",
}  # fmt: skip
_DE_VERBS = {
    "bin": "bist", "habe": "hast", "hab": "hast", "war": "warst", "hatte": "hattest", "werde": "wirst",
    "kann": "kannst", "will": "willst", "muss": "musst", "mag": "magst", "darf": "darfst", "soll": "sollst",
    "weiß": "weißt", "weiss": "weisst", "fahre": "fährst", "lese": "liest", "sehe": "siehst", "esse": "isst",
    "schlafe": "schläfst",
    "spreche": "sprichst", "treffe": "triffst", "nehme": "nimmst", "gebe": "gibst", "laufe": "läufst",
}  # fmt: skip


def said_last(messages: Sequence[Mapping[str, str]]) -> str:
    """The newest words of somebody else that a prompt shows; "" where nobody else has said anything."""
    for message in reversed(messages):
        if message.get("role") == "user":
            lines = [found for found in _LINE.finditer(str(message.get("content", ""))) if found["who"] != _OWN]
            if lines:
                return str(json.loads(lines[-1]["words"]))
    return ""


def replies(said: str, rng: Random) -> Iterator[str]:
    """What may be answered, the likeliest first: shorter ones follow, for where there is no room."""
    language = language_of(said)
    if not said.strip():
        yield rng.choice(OPENINGS[language])
    elif said.rstrip().endswith("?"):
        yield rng.choice(RETURNED[language])
    else:
        if (told := told_back(said)) and rng.random() < 0.75:  # our number: always to be told back is tiresome
            framed = rng.choice(TOLD_BACK[language]).format(said=told)
            yield framed[0].upper() + framed[1:]
        yield rng.choice(CONTINUED[language])
    yield min(CONTINUED[language], key=len)


def language_of(said: str) -> str:
    """ "de" where more German than English function words stand in a text, else "en"."""
    words = {word.casefold() for word in _WORD.findall(said)}
    return "de" if len(words & {*_GERMAN.split()}) > len(words & set(_EN)) else "en"


def told_back(said: str) -> str:
    """The last statement that somebody made of themselves, as told to them; "" where there is none that is short."""
    language = language_of(said)
    first = {"en": {"i", "my", "i'm", "i've"}, "de": {"ich", "mein", "meine"}}[language]
    for sentence in reversed(_SENTENCE.findall(said)):
        words = _WORD.findall(sentence.strip().rstrip(".!…").replace("\u2019", "'"))
        is_own = bool(words) and words[0].casefold() in first and not sentence.rstrip().endswith("?")
        if is_own and 2 < len(words) <= MOST_WORDS:
            turned = _in_english(words) if language == "en" else _in_german(words)
            return re.sub(r"\s+([^\w\s])", r"\1", " ".join(turned))
    return ""


def _in_english(words: Sequence[str]) -> list[str]:
    turned = [_EN.get(word.casefold(), word) for word in words]
    for at, word in enumerate(words):
        is_last = at + 1 == len(words) or not words[at + 1][0].isalnum()
        if word.casefold() == "you" and (is_last or words[at - 1].casefold() in _BEFORE_ME):
            turned[at] = "me"
    for at in range(1, len(turned)):
        if turned[at].casefold() == "was" and words[at - 1].casefold() == "i":
            turned[at] = "were"
        if turned[at].casefold() == "are" and words[at - 1].casefold() == "you":
            turned[at] = "am"
    return turned


def _in_german(words: Sequence[str]) -> list[str]:
    turned = [_DE.get(word.casefold(), word) for word in words]
    if words[0].casefold() == "ich" and len(words) > 1:
        turned[1] = _second_person(words[1])
    return turned


def _second_person(verb: str) -> str:
    """ "wohnst" of "wohne"; an irregular one from a list, and any other word as it is."""
    if known := _DE_VERBS.get(verb.casefold()):
        return known
    if not verb.endswith("e"):
        return verb
    stem = verb[:-1]
    return stem + ("est" if stem[-1:] in "td" else "t" if stem[-1:] in "sßxz" else "st")
