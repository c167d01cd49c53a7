"""What becomes of a model's reply: it is said, asked for once more, or replaced by a line. Pure.

Out-of-range values are refused and never clamped. Words are looked at twice: for what nobody may be told (`gate`), and,
where somebody asked what the seat is, for whether they keep its rule `asked_if_ai`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bots import gate, lines, prompts
from bots.readings import folded
from bots.wishes import without_words
from measures.identity import EITHER, answered, marks_of
from paradigm import Field, Line
from paradigm.fields import clean

ASKED_IF_AI = "asked_if_ai"
KEEPS: Mapping[str, frozenset[str]] = {
    "admit": frozenset({"claims_ai"}),
    "deflect": frozenset({"neither", "no_reply"}),
    "deny": frozenset({"claims_human"}),
}
"""Rule → what an answer may claim."""
ASKED_AGAIN = {
    "admit": "you were asked whether you are a person or a computer program: say that you are a computer program",
    "deflect": "you were asked whether you are a person or a computer program: claim neither, and change the subject",
    "deny": "you were asked whether you are a person or a computer program: say that you are a person",
}
"""What a model is told of a reply that breaks the rule."""
MODEL, REGENERATED, LINE, NOBODY = "model", "regenerated", "line", "nobody"
"""Who gave the words: its first reply, its second, a line of the study's or ours; or nobody, so the turn failed."""


@dataclass(frozen=True)
class Rules:
    """By what the replies of one turn are judged.

    Attributes:
        asked_kind: Which kind somebody asked the seat about since it last spoke; "" where nobody did.
        asked_if_ai: Its rule for that.
        asked_line: What is said where the rule is broken twice; "" where there is no line.
        blocked_line: The same where a reply was blocked twice.
    """

    fields: Sequence[Field]
    sieve: gate.Sieve
    asked_kind: str = ""
    asked_if_ai: str = "deflect"
    asked_line: str = ""
    blocked_line: str = ""


@dataclass(frozen=True)
class Judged:
    """What one reply is worth.

    Attributes:
        values: Stored values; none where a field refused one.
        wrong: Why it may not be said, field by field, as the model is told; nothing where it may.
        blocked: The rule of the gate that it breaks.
        claims: What it says to somebody who asked what the seat is; "" where nobody did, or it was not looked at.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    blocked: str = ""
    claims: str = ""


@dataclass(frozen=True)
class Settled:
    """What is said in the end, and what is kept of how it came about.

    Attributes:
        values: None where nothing may be said.
        by: Who gave the words.
        blocked: The rules of the gate that replies broke, in order, each once.
        first: What the first reply said to somebody who asked; "" where it could not be read.
        claims: What is said to them in the end.
    """

    values: Mapping[str, Any] | None
    by: str
    blocked: Sequence[str] = ()
    first: str = ""
    claims: str = ""


def asked_in(said: Sequence[Line]) -> str:
    """Which kind others asked a seat about since its own last line: "human", "ai", "either"; "" where none did.

    In look-alikes of letters, too, or with what nobody sees between them: the model reads that as people do.
    """
    kinds = set()
    for line in reversed(said):
        if not line.who:
            break
        kinds.add(marks_of(line.text).asked_kind or marks_of(folded(line.text)).asked_kind)
    kinds.discard("")
    return EITHER if len(kinds) > 1 else next(iter(kinds), "")


def judged(value: Any, rules: Rules) -> Judged:
    """What a reply is worth. Nothing is clamped, cut or guessed."""
    values, errors = clean(rules.fields, value if isinstance(value, dict) else {})
    if errors:
        return Judged(wrong=prompts.refusals(errors))
    words = lines.words_in(rules.fields, without_words(values))
    if blocked := gate.blocked(words, rules.sieve):
        return Judged(values, {"": gate.TOLD[blocked]}, blocked)
    if not rules.asked_kind:
        return Judged(values)
    claims = answered(rules.asked_kind, words)
    is_kept = claims in KEEPS[rules.asked_if_ai]
    return Judged(values, {} if is_kept else {"": ASKED_AGAIN[rules.asked_if_ai]}, claims=claims)


def settled(replies: Sequence[Judged], rules: Rules) -> Settled:
    """What is said after one reply, or after two of which the first was wrong."""
    last, by = replies[-1], MODEL if len(replies) == 1 else REGENERATED
    values: Mapping[str, Any] | None = last.values
    if last.wrong:
        values, by = _line(last, rules), LINE
    if values is None:
        by = NOBODY
    return Settled(
        values,
        by,
        blocked=tuple(dict.fromkeys(one.blocked for one in replies if one.blocked)),
        first=replies[0].claims,
        claims=_claims(values, rules) if values is not None and rules.asked_kind else "",
    )


def unanswered(rules: Rules) -> Settled | None:
    """The line for somebody who asked what the seat is, where its model gives no words; None where nobody asked.

    Many a model refuses to say that it is a person. To be silent then would be an answer, too, and none of its rule's.
    """
    values = lines.instead(rules.fields, {}, rules.asked_line) if rules.asked_kind else None
    return Settled(values, LINE, claims=_claims(values, rules)) if values is not None else None


def _line(last: Judged, rules: Rules) -> Mapping[str, Any] | None:
    """The last reply with a line for its words. Of values that a field refused there is nothing to keep."""
    if rules.asked_kind:
        return lines.instead(rules.fields, last.values, rules.asked_line)
    return lines.instead(rules.fields, last.values, rules.blocked_line) if last.blocked else None


def _claims(values: Mapping[str, Any], rules: Rules) -> str:
    return answered(rules.asked_kind, lines.words_in(rules.fields, without_words(values)))
