"""Who of several automated seats answers what people say. Pure: the same entries always give it to the same seat.

Nobody keeps who has the floor. Whoever asks works it out from what was said by then, and before something is said it is
worked out once more, while nobody else can say anything: so of those who heard the same message one answers, whatever
was delivered how often.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bots.delivery import ADDRESSED_FIRST


@dataclass(frozen=True)
class Listener:
    """An automated seat that may speak.

    Attributes:
        called: What others call it.
        passed: Up to which entry it has chosen to say nothing; None: it never has.
    """

    called: str
    passed: int | None = None


@dataclass(frozen=True)
class Said:
    """An entry: the number of the seat that made it, and its words."""

    by: int
    text: str


def holder(
    said: Sequence[Said], listeners: Mapping[int, Listener], automated: Collection[int], *, rule: str, chance: str
) -> int | None:
    """The number of the seat that is to answer; None where nobody is: all is answered, or all have passed.

    What any automated seat says answers all that people said before it. Before the first entry one of them opens.

    Args:
        said: All entries, oldest first.
        listeners: By seat number, those that may speak.
        automated: The numbers of all seats without a person, of those that have ended the talk, too.
        chance: The seed of this talk.
    """
    answered = max((seq for seq, one in enumerate(said, start=1) if one.by in automated), default=0)
    open_seqs = list(range(answered + 1, len(said) + 1))
    if not open_seqs and said:
        return None
    first, newest = (open_seqs[0], open_seqs[-1]) if open_seqs else (0, 0)
    free = [number for number, one in sorted(listeners.items()) if one.passed is None or one.passed < newest]
    if not free:
        return None
    words = [said[seq - 1].text for seq in open_seqs] if rule == ADDRESSED_FIRST else []
    pool = [number for number in free if is_addressed(listeners[number].called, words)] or free
    return Random(f"{chance}/floor/{first}").choice(pool)  # noqa: S311  seeded on purpose: all work out the same


def is_addressed(called: str, words: Collection[str]) -> bool:
    """Whether a name stands in one of some texts, as a word. A single letter only as it is written."""
    if not called:
        return False
    flags = re.IGNORECASE if len(called) > 1 else 0
    return any(re.search(rf"(?<!\w){re.escape(called)}(?!\w)", text, flags) for text in words)
