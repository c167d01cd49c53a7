"""Whether what a line of notes was made from supports it, as far as words tell. Pure, and no judgement of meaning.

A line that nothing supports may be a false memory. It is kept as it was written, marked and counted; people who read it
beside its sources can code it. The rule is ours and of nobody's paper: it knows English and German function words,
takes words with a common beginning for the same, and understands neither irony, nor "not", nor a paraphrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bots.scribes import Noted

LEAST_SHARE = 0.5
"""Of a line's own words, so many must stand in its sources."""
BEGINNING = 5  # letters by which two words count as the same
LEAST_LETTERS = 3
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_SAY_NOTHING = """
about after again all also and any are because been before being but can could did does doing down during each
everything few for from further had has have having her here hers him his how into its itself just like likes more
most much not nothing now off once only other others our out over own person people said same says say she should
some something someone such tell tells told than that the their theirs them then there these they thing things this
those through too under until user very was were what when where which while who whom whose why will with would
wrote you your
aber alle als also auch auf aus bei bin bis bist das dass dem den der des die dies diese dieser doch dort durch ein
eine einem einen einer eines erzählt etwas euch für gesagt hab habe haben hat hatte hatten hier ihm ihn ihnen ihr
ihre ihrem ihren ihrer ist jetzt kann können man mehr mein meine meinem meinen meiner mit möchte muss nach nicht
nichts noch nur oder ohne person sagt schon sehr sein seine seinem seinen seiner seit sich sie sind und uns unser
über vom von vor war waren was weil wenn wer werden wie wieder wir wird wurde zum zur
"""
_FUNCTION_WORDS = frozenset(_SAY_NOTHING.split())


def unsupported(lines: Sequence[Noted], said: Mapping[int, str]) -> list[int]:
    """The numbers, from 1, of the lines that no words of their sources support.

    Args:
        said: Key of a message → its words. A source that is not there supports nothing.
    """
    return [at for at, line in enumerate(lines, start=1) if not is_supported(line.text, sources_of(line, said))]


def sources_of(line: Noted, said: Mapping[int, str]) -> list[str]:
    """The words that a line was made from."""
    return [said[key] for key in line.sources if key in said]


def is_supported(text: str, sources: Iterable[str]) -> bool:
    """Whether every number of a text, and half of its other words, stand in its sources.

    A text without any word of its own says nothing that could be supported: it is not.
    """
    own, known = _words(text), _words(" ".join(sources))
    numbers = {word for word in own if any(letter.isdigit() for letter in word)}
    words = own - numbers
    if numbers - known or not own:
        return False
    found = sum(any(_is_same(word, other) for other in known) for word in words)
    return not words or found >= LEAST_SHARE * len(words)


def _words(text: str) -> set[str]:
    """The words that say something, in small letters; and every number."""
    found = (word.casefold().removesuffix("'s") for word in _WORD.findall(text.replace("\u2019", "'")))
    return {
        word
        for word in found
        if any(letter.isdigit() for letter in word) or (len(word) >= LEAST_LETTERS and word not in _FUNCTION_WORDS)
    }


def _is_same(word: str, other: str) -> bool:
    return word[:BEGINNING] == other[:BEGINNING] or word.startswith(other) or other.startswith(word)
