"""A reply as several messages: divided where it has a line or a sentence to end, and nowhere else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_LINE_END = re.compile(r"\s*\n\s*")
# A full stop ends a sentence after a word of three letters or more: "Dr." and "3." do not.
_SENTENCE_END = re.compile(r"(?:(?<=[^\W\d_]{3}\.)|(?<=[!?…])|(?<=[^\W\d_]{3}\.[\"”)])|(?<=[!?…][\"”)]))\s+")
_ABBREVIATION = re.compile(r"(?<!\w)(?:etc|usw|bzw|Mrs|Prof|evtl|inkl|ggf|vgl)\.$")


def divided(text: str, most: int, *, least_chars: int = 1) -> list[str]:
    """The messages of a reply, at most `most`: its own lines, or its sentences where it has one line.

    What stands between two of them is white space; nothing else is lost, and no word is cut. Where there are more than
    `most`, or one is shorter than `least_chars`, neighbours stay together, the shortest first.
    """
    text = text.strip()
    spans = list(_spans(text, _LINE_END))
    if len(spans) < 2:
        spans = _joined_after_abbreviations(text, list(_spans(text, _SENTENCE_END)))
    while len(spans) > 1 and (len(spans) > most or min(end - start for start, end in spans) < least_chars):
        at = _shortest_pair(spans, least_chars)
        spans[at : at + 2] = [(spans[at][0], spans[at + 1][1])]
    return [text[start:end] for start, end in spans]


def _spans(text: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """From where to where each part goes, without what divides them."""
    start = 0
    for found in ends.finditer(text):
        if start < found.start() and found.end() < len(text):
            yield start, found.start()
            start = found.end()
    yield start, len(text)


def _joined_after_abbreviations(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and _ABBREVIATION.search(text[found[-1][0] : found[-1][1]]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _shortest_pair(spans: Sequence[tuple[int, int]], least_chars: int) -> int:
    """Which neighbours to join: one that is too short with the shorter beside it, else the shortest two."""
    pairs = [(spans[at + 1][1] - spans[at][0], at) for at in range(len(spans) - 1)]
    short = {at for at, (start, end) in enumerate(spans) if end - start < least_chars}
    with_short = [pair for pair in pairs if {pair[1], pair[1] + 1} & short]
    return min(with_short or pairs)[1]
