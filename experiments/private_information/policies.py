"""Made-up sides for trials: one that tells everything in its turn, and one that keeps its secret."""

from collections.abc import Mapping
from random import Random
from typing import Any

from paradigm import Policy, Turn

GREETINGS = ("Hello.", "Good to see you.", "Hi there.")
ASKS = ("What matters to you in this?", "What would suit you?", "Is there anything that I should know?")
EVADES = ("I would rather hear from you first.", "Let us leave that aside.", "That is not so important.")
LAST = 3  # own turns before it leaves


def candid(turn: Turn) -> Mapping[str, Any]:
    """Says what it wants, and then what only it knows."""
    return _done(turn, tells=True)


def reserved(turn: Turn) -> Mapping[str, Any]:
    """Says what it wants, and never what only it knows."""
    return _done(turn, tells=False)


def _done(turn: Turn, *, tells: bool) -> Mapping[str, Any]:
    facts = {table.caption.split()[1]: {str(key): str(text) for key, text in table.rows} for table in turn.view.tables}
    if turn.step == "script":
        sides = [(letter, number) for number in range(LAST) for letter in ("A", "B")]
        lines = [f"{letter}: {_words(number, facts[letter], turn.rng, tells=tells)}" for letter, number in sides]
        return {"dialogue": "\n".join([*lines, "A: [leaves]"])}
    if turn.step == "after":
        return {"reached": turn.rng.randint(0, 10), "guess": ""}
    number = sum(not line.who for line in turn.view.lines)
    if number >= LAST:
        return {"act": "leave", "words": ""}
    return {"act": "speak", "words": _words(number, facts[turn.place.position], turn.rng, tells=tells)}


def _words(number: int, facts: Mapping[str, str], rng: Random, *, tells: bool) -> str:
    """What a side says in its turn, counted from 0."""
    if number == 0:
        return f"{rng.choice(GREETINGS)} {rng.choice(ASKS)}"
    if number == 1:
        return f"I want this: {facts['Goal']}"
    return f"Between us: {facts['Secret']}" if tells else rng.choice(EVADES)


POLICIES: Mapping[str, Policy] = {"candid": candid, "reserved": reserved}
