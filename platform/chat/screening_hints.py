"""Which letters must stand in a text for a pattern to be found there: most messages hold those of few patterns. Pure.

Found by taking a pattern apart as Python's own compiler does. Letters are only a hint that a pattern may be there;
that none of them stands in a text is proof that it is not, so screening with hints and without finds the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from typing import Any

_parser: Any = import_module("re._parser")
_SHORTEST = 3  # what is shorter stands in too many texts
_MOST = 400
"""More alternatives than these would cost more than they save."""
Hints = frozenset[str] | None
"""One of them stands in every text in which a pattern is found; None where nothing can be said."""


def hints_of(pattern: re.Pattern[str]) -> Hints:
    """The hints of a pattern that is matched as it is written: without IGNORECASE and VERBOSE."""
    return _of_sequence(list(_parser.parse(pattern.pattern, pattern.flags)))


class Index:
    """The hints of many patterns, looked up at once. A pattern is named by its rule and its place among those of it."""

    def __init__(self, hints: Mapping[tuple[int, int], Hints]) -> None:
        self._always = [name for name, each in hints.items() if each is None]
        self._by_start: dict[str, list[tuple[str, list[tuple[int, int]]]]] = {}
        patterns: dict[str, list[tuple[int, int]]] = {}
        for name, each in hints.items():
            for hint in each or ():
                patterns.setdefault(hint, []).append(name)
        for hint, names in patterns.items():
            self._by_start.setdefault(hint[:_SHORTEST], []).append((hint, names))

    def possible(self, text: str) -> Iterator[tuple[int, Sequence[int]]]:
        """Each rule of which something may be found in a text, and which of its patterns; in order."""
        found = set(self._always)
        starts = {text[at : at + _SHORTEST] for at in range(len(text) - _SHORTEST + 1)}
        for start in starts & self._by_start.keys():
            for hint, names in self._by_start[start]:
                if hint in text:
                    found.update(names)
        for rule, places in groupby(sorted(found), key=itemgetter(0)):
            yield rule, [place for _, place in places]


def _of_sequence(parts: Sequence[tuple[Any, Any]]) -> Hints:
    """Of things that follow each other: the best that can be said of one of them, or of some letters in a row."""
    best: Hints = None
    run = ""
    for what, facts in parts:
        if str(what) == "LITERAL":
            run += chr(facts)
            continue
        best, run = _better(best, _of_run(run)), ""
        best = _better(best, _of_part(str(what), facts))
    return _better(best, _of_run(run))


def _of_run(run: str) -> Hints:
    return frozenset([run]) if len(run) >= _SHORTEST else None


def _of_part(what: str, facts: Any) -> Hints:
    if what == "SUBPATTERN":
        return _of_sequence(list(facts[-1]))
    if what == "BRANCH":
        return _of_branches([_of_sequence(list(one)) for one in facts[1]])
    if what in ("MAX_REPEAT", "MIN_REPEAT") and facts[0] > 0:
        return _of_sequence(list(facts[2]))
    return None


def _of_branches(ways: Sequence[Hints]) -> Hints:
    found: set[str] = set()
    for way in ways:
        if way is None:
            return None
        found |= way
    # A hint that holds another one says no more than that.
    short = frozenset(one for one in found if not any(other != one and other in one for other in found))
    return short if len(short) <= _MOST else None


def _better(one: Hints, other: Hints) -> Hints:
    """The one that stands in fewer texts, as far as lengths tell: longer letters, then fewer of them."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other, key=_worth)


def _worth(hints: frozenset[str]) -> tuple[int, int]:
    return min(len(hint.strip()) for hint in hints), -len(hints)
