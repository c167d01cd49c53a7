"""How an entry came about: what the browser counted, or when a program had planned it. Pure.

A browser may say anything. What it says describes and decides nothing: no limit, no ending and no pay is reckoned from
it, and whatever is not a whole number within its bounds is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

ANSWERS, PLANNED_AT, TYPING_AT, PAUSES = "answers", "planned_at", "typing_at", "pauses"
MOST_MS = 24 * 60 * 60 * 1000
MOST_TIMES = 100_000
_DIGITS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Writing:
    """What is known of how an entry was written; None: not known.

    Attributes:
        answers: Number of the newest entry by somebody else that was read before it was begun; 0: there was none.
        first_key_ms: From the showing of that entry, or of the page, to the first key.
        sent_ms: From the same moment to the sending. `Entry.at` less this is about when it was shown.
        edits: How often something was taken out again.
        pastes: How often text was put in from elsewhere, or tried to be; not known where pastes are not counted.
        blurs: How often another window was in front after it was begun.
        planned_at: When an automated seat was to say it; `typing_at`: from when on the others were to see it write.
        pauses: When they were to see it stop: each so many seconds after `typing_at`, and so many long.
    """

    answers: int | None = None
    first_key_ms: int | None = None
    sent_ms: int | None = None
    edits: int | None = None
    pastes: int | None = None
    blurs: int | None = None
    planned_at: datetime | None = None
    typing_at: datetime | None = None
    pauses: Sequence[tuple[float, float]] = ()

    def within(self, last_seq: int) -> dict[str, Any]:
        """The columns of an entry that comes after `last_seq`: nothing answers what was not said yet."""
        return asdict(self) | {ANSWERS: _within(self.answers, last_seq), PAUSES: [list(one) for one in self.pauses]}


def by_browser(values: Mapping[str, Any], *, counts_pastes: bool) -> Writing:
    """What a person's browser says beside a message."""
    return Writing(
        answers=_whole(values.get(ANSWERS), MOST_TIMES),
        first_key_ms=_whole(values.get("first_key_ms"), MOST_MS),
        sent_ms=_whole(values.get("sent_ms"), MOST_MS),
        edits=_whole(values.get("edits"), MOST_TIMES),
        pastes=_whole(values.get("pastes"), MOST_TIMES) if counts_pastes else None,
        blurs=_whole(values.get("blurs"), MOST_TIMES),
    )


def by_program(values: Mapping[str, Any]) -> Writing:
    """What the platform itself adds to what a program says."""
    return Writing(
        values.get(ANSWERS), planned_at=values.get(PLANNED_AT), typing_at=values.get(TYPING_AT),
        pauses=values.get(PAUSES, ()),
    )  # fmt: skip


def _whole(said: object, most: int) -> int | None:
    """A number as browsers send it: digits, nothing else."""
    if not isinstance(said, str) or not said.isascii() or not _DIGITS.fullmatch(said):
        return None
    return _within(int(said), most)


def _within(number: int | None, most: int) -> int | None:
    return number if number is not None and number <= most else None
