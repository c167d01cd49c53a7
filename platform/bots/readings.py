"""What else a text may say than it seems to: in look-alikes, with what nobody sees between letters, or encoded. Pure.

Only for comparing: what is said stays as it was written. Whoever wants a model's instructions asks for them in base64.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WORD = re.compile(r"\w+")
IN_A_ROW = 5
"""So many characters of a mark, one after the other, are a part of it: who asks for half of it has half of it."""
IN_CODE = 10
_CYRILLIC = dict(
    zip("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u04cf", "aeopcyxijsdhl", strict=True)
)
_GREEK = dict(zip("\u03b1\u03b5\u03b9\u03bf\u03ba\u03bd\u03c1\u03c4\u03c5\u03c7", "aeioknptux", strict=True))
_SMALL_CAPITALS = dict(zip("\u1d00\u0299\u1d04\u1d05\u1d07\ua730", "abcdef", strict=True))
_BOXED = {chr(first + at): chr(97 + at) for first in (0x1F150, 0x1F170, 0x1F1E6) for at in range(26)}
_ALIKE = str.maketrans(_CYRILLIC | _GREEK | _SMALL_CAPITALS | _BOXED)
_SPELLED = {
    word: character
    for characters, words in {
        "0123456789": "zero one two three four five six seven eight nine",
        "0123456789 ": "null eins zwei drei vier fünf sechs sieben acht neun",
        "abcdef": "alpha bravo charlie delta echo foxtrot",
        "abcdef ": "anton berta cäsar dora emil friedrich",
    }.items()
    for character, word in zip(characters.strip(), words.split(), strict=True)
} | {"alfa": "a", "oh": "0", "zwo": "2", "ein": "1"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[\s:,-]?){8,}")


def folded(text: str) -> str:
    """Small letters of one form: without marks that nobody sees, and look-alikes as what they look like."""
    plainly = unicodedata.normalize("NFKC", text).casefold().translate(_ALIKE)
    return "".join(c for c in plainly if unicodedata.category(c) not in {"Cf", "Mn", "Me"})


def decoded(text: str) -> Iterator[str]:
    """What parts of a text say that are encoded: in base64, over several lines or not, and in hexadecimal."""
    for version in dict.fromkeys((text, re.sub(r"\s*\n\s*", "", text))):
        for found in _BASE64.findall(version):
            for start in range(4):  # a letter before it moves what it says
                yield from _words_of(_from_base64(found[start:]))
        for found in _HEX.findall(version):
            digits = re.sub(r"[^0-9a-fA-F]", "", found)
            yield from _words_of(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _from_base64(text: str) -> bytes:
    said = text.translate(str.maketrans("-_", "+/"))
    said = said[:-1] if len(said) % 4 == 1 else said  # one letter over says nothing
    try:
        return base64.b64decode(said + "=" * (-len(said) % 4))
    except binascii.Error:
        return b""


def _words_of(raw: bytes) -> Iterator[str]:
    """A text, where bytes are one."""
    said = raw.decode("utf-8", "ignore")
    if said and len(said.encode()) >= 0.9 * len(raw) and sum(c.isprintable() or c.isspace() for c in said) == len(said):
        yield said


def turned(text: str) -> tuple[str, str]:
    """Backwards, and with each letter as the one thirteen places on."""
    return text[::-1], codecs.encode(text, "rot13")


def bare(text: str) -> str:
    """The letters and digits of a text that is folded, one after the other; digits that are spelled out as digits."""
    return "".join(_SPELLED.get(word, word) for word in WORD.findall(text)).replace("_", "")


@lru_cache(maxsize=100)
def parts_of(mark: str) -> frozenset[str]:
    """Everything that somebody might say of a mark in one go, as `bare` has it; nothing of a mark that is ""."""
    if not mark:
        return frozenset()
    plainly = [mark, *turned(mark)]
    codes = [mark.encode().hex(), "".join(str(ord(one)) for one in mark), *_in_base64(mark)]
    return frozenset(
        part
        for texts, length in ((plainly, IN_A_ROW), (codes, IN_CODE))
        for text in texts
        for part in windows(text, length)
    )


def _in_base64(mark: str) -> Iterator[str]:
    """Its inner part, wherever in a text it stands: of the first and last characters what is beside it decides."""
    for before in range(3):
        said = base64.b64encode(b"x" * before + mark.encode()).decode().rstrip("=")
        first, last = -(-before * 8 // 6), (before + len(mark)) * 8 // 6
        yield "".join(WORD.findall(said[first:last].casefold()))


def windows(text: str, length: int) -> Iterator[str]:
    """Every run of so many characters; none of a shorter text."""
    yield from (text[at : at + length] for at in range(len(text) - length + 1))
