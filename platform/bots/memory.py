"""What a partner remembers: from its rule, its notes and what was said, to exactly what a prompt may hold. Pure.

Forgetting is reading nothing: under a rule that keeps nothing of earlier conversations no word of them is in the
result, whatever notes and messages there are. No model is ever asked to forget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paradigm import Line
from studies.schema_memory import FactsMemory, FullMemory, MemoryRule, NoMemory, SummaryMemory, WindowMemory


@dataclass(frozen=True)
class Said:
    """A message of a conversation with the person.

    Attributes:
        id: Key of its row.
        talk: Which of their conversations, from 1.
        seq: Its number in that conversation.
        is_own: Whether the partner itself wrote it.
    """

    id: int
    talk: int
    seq: int
    is_own: bool
    text: str


@dataclass(frozen=True)
class Notes:
    """One version of what was written down of the person: a line for each thing."""

    kind: str
    version: int
    text: str


@dataclass(frozen=True)
class Now:
    """The conversation that is open: its number among those with the person, and the lines that its page shows."""

    talk: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Remembered:
    """What a prompt may hold of what was said and noted.

    Attributes:
        earlier: Messages, oldest first, that the page does not show: of earlier conversations, and of this one.
        notes: Lines of notes.
        lines: Those of the page's lines that may be there, too.
    """

    earlier: Sequence[Said] = ()
    notes: Sequence[str] = ()
    lines: Sequence[Line] = ()


def remembered(rule: MemoryRule, notes: Sequence[Notes], said: Sequence[Said], now: Now | None) -> Remembered:
    """What a partner remembers under a rule.

    Args:
        notes: Every version of every kind, in any order: the newest of the rule's kind counts.
        said: Every message of every conversation with the person up to now, oldest first.
        now: None where no conversation is open, as at a decision; then nothing of it is left out either.
    """
    lines = list(now.lines) if now else []
    here = _no_longer_shown(said, now)
    before = [one for one in said if now is None or one.talk != now.talk]
    match rule:
        case NoMemory():
            return Remembered(lines=since_own(lines))
        case WindowMemory(messages=most):
            kept = lines[-most:]
            room = most - len(kept)
            return Remembered([*before, *here][-room:] if room else [], lines=kept)
        case SummaryMemory() | FactsMemory():
            return Remembered(here, newest(notes, rule.kind), lines)
        case FullMemory():
            return Remembered([*before, *here], lines=lines)
        case _:
            return Remembered(here, lines=lines)


def newest(notes: Sequence[Notes], kind: str) -> list[str]:
    """The lines of the newest version of a kind; none where there is none."""
    found = max((one for one in notes if one.kind == kind), key=lambda one: one.version, default=None)
    return found.text.split("\n") if found and found.text else []


def since_own(lines: Sequence[Line]) -> list[Line]:
    """What others have said since one's own last line."""
    own = [at for at, line in enumerate(lines) if not line.who]
    return list(lines[own[-1] + 1 :] if own else lines)


def _no_longer_shown(said: Sequence[Said], now: Now | None) -> list[Said]:
    """Messages of the open conversation that its page has no room for any more.

    None where the page's lines are the experiment's own, without numbers: then it shows what is to be seen.
    """
    if now is None:
        return []
    shown = {line.seq for line in now.lines if line.seq}
    if now.lines and not shown:
        return []
    return [one for one in said if one.talk == now.talk and one.seq < min(shown, default=0)]
