"""Finds contact details in what somebody writes: e-mail addresses, phone numbers, links, names on other services. Pure.

It looks at forms, not at meaning, and can be got round by whoever wants to. How much it finds and how often it errs was
counted on a small set of our own (docs/chat.md): it keeps honest people from giving themselves away in passing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from flow.drawing import plain

EMAIL, PHONE, LINK, HANDLE = "email", "phone", "link", "handle"

_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d\u00ad"))  # pages show them: some scripts need them
_DOMAINS = "com|org|net|edu|gov|io|de|uk|fr|nl|ch|eu|tv|gg|app|info|xyz|online|site|page"
_AT = r"(?:@|\s*[(\[{]\s*(?:at|@)\s*[)\]}]\s*)"
_DOT = r"(?:\.|\s*[(\[{]\s*(?:dot|punkt|\.)\s*[)\]}]\s*)"
_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]+{_AT}[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,}}"
    rf"|(?<![\w.+-])[\w.+-]+\s*@\s*[\w-]+\s*\.\s*(?:{_DOMAINS})\b"
    rf"|(?<![\w.+-])[\w.+-]+ at [\w-]+ dot (?:{_DOMAINS}|co)\b"
)
_LINK = re.compile(
    r"https?:\s?//\S+|\bwww\.\S+"
    rf"|(?<![\w@.-])(?=[\w-]*[a-z])[\w-]+(?:\.[\w-]+)*\.(?:{_DOMAINS})\b"
    r"|(?<![\w@.-])[a-z][\w-]*\.[a-z]{2,}/\w+"
)
_SERVICES = (
    r"insta(?:gram)?|snap(?:chat)?|discord|telegram|whats\s?app|signal|tik\s?tok|facebook|fb|messenger|skype|kik|"
    r"wechat|twitter|reddit|bluesky|mastodon|threema|twitch"
)
_SERVICE = rf"\b(?:{_SERVICES})\b(?:\s+(?:name|user|username|id|handle|account|nick))?"
_CALLING = r"\b(?:add|find|follow|text|message|dm|reach|call)\b[^.!?\n]{0,20}\b(?:on|at|via)\s+"
_NAME = r"@?[a-z0-9][\w.#-]{2,31}"
_END = r"(?=\s*(?:$|[.,;!?)\n]|\band\b|\bund\b))"
_SIGNED = re.compile(r"(?<![\w@.])@(?P<name>[a-z][\w.]{2,29})|(?<!\w)[a-z][\w.]{1,31}#\d{4}\b")
_NAMED = re.compile(
    rf"\b(?:my|mein)\s+{_SERVICE}\s+(?:is|ist)\s+(?P<own>{_NAME}){_END}"
    rf"|{_SERVICE}\s*[:=]\s*(?P<told>{_NAME}){_END}"
    rf"|{_CALLING}{_SERVICE}[\s,:]*(?:(?:as|under)\s+)?(?P<called>{_NAME}){_END}"
    rf"|{_SERVICE}[\s:,]+@?(?=[\w.]*[\d_])(?P<marked>[a-z][\w.]{{2,31}})"
)
_PLAIN_WORDS = (
    "home work least night noon once first everyone everybody all here there private public empty dead boring great "
    "gone full old new secret fun nice bad good amazing inactive deleted down better worse blocked banned free broken "
    "useless ok okay fine cool addictive too either instead though anymore more please sometimes often lately tonight "
    "tomorrow today later now nothing privat leer"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
_DIGITS = re.compile(r"(?<![\w.,:/€$£+-])\+?\(?\d[\d\s().\-/]{5,}\d(?![\w%€$£])")
_DATE = re.compile(r"\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SPELT = {
    word: digit
    for digit, words in enumerate(
        ("zero oh null", "one eins", "two zwei zwo", "three drei", "four vier", "five fünf", "six sechs",
         "seven sieben", "eight acht", "nine neun")
    )
    for word in words.split()
}  # fmt: skip
LEAST_DIGITS, MOST_DIGITS = 8, 15
LEAST_SPELT = 7


def found(text: str) -> tuple[str, ...]:
    """Which kinds of contact details a text seems to have, sorted: some of "email", "handle", "link", "phone"."""
    seen = normalize("NFKC", plain(text)).translate(_JOINERS).casefold()
    return tuple(sorted(set(_kinds(seen))))


def _kinds(text: str) -> Iterator[str]:
    if _EMAIL.search(text):
        yield EMAIL
    if _LINK.search(_EMAIL.sub(" ", text)):
        yield LINK
    if any(map(_is_phone, _DIGITS.findall(text))) or _is_spelt(text):
        yield PHONE
    if any(_is_name(match) for pattern in (_SIGNED, _NAMED) for match in pattern.finditer(_EMAIL.sub(" ", text))):
        yield HANDLE


def _is_name(match: re.Match[str]) -> bool:
    """Whether what follows the sign or the service is a name, and no word that says something about it."""
    names = [name for name in match.groupdict().values() if name]
    return all(name.strip("@.") not in _PLAIN for name in names)


def _is_phone(written: str) -> bool:
    """Whether digits are a number to call: not a date, years, an amount or counting."""
    digits = re.sub(r"\D", "", written)
    chunks = re.findall(r"\d+", written)
    is_dialled = written.startswith("+") or digits.startswith("0")
    if not (LEAST_DIGITS - is_dialled <= len(digits) <= MOST_DIGITS):
        return _is_local(chunks)
    if _DATE.fullmatch(written.strip()) or all(map(_YEAR.fullmatch, chunks)) or _is_counting(digits):
        return False
    if is_dialled or len(chunks) == 1:
        return is_dialled or len(digits) >= LEAST_DIGITS + 1
    has_long = any(len(chunk) >= 3 for chunk in chunks)  # 10 20 30 40 is counting in steps
    is_amount = len(chunks[0]) <= 3 and all(len(chunk) == 3 for chunk in chunks[1:]) and digits.endswith("000")
    return has_long and not is_amount


def _is_local(chunks: list[str]) -> bool:
    """Seven digits as they are written in North America: 555-0123."""
    return [len(chunk) for chunk in chunks] == [3, 4]


def _is_counting(digits: str) -> bool:
    return digits in "01234567890123456789" or digits in "98765432109876543210"


def _is_spelt(text: str) -> bool:
    """Whether enough digits in a row are written as words, other than counting."""
    run = ""
    for word in re.findall(r"[^\W_]+", text):
        run = run + str(_SPELT[word]) if word in _SPELT else ""
        if len(run) >= LEAST_SPELT and not _is_counting(run):
            return True
    return False
