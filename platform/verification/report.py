"""What was looked at, and every difference that was found."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

CHECKED = (
    "studies", "people", "erased people", "sessions", "tickets", "settlements", "forms", "slots", "allocations",
    "groups", "seats", "rounds", "paid rounds", "matches", "void matches", "steps", "acts", "turns", "exposures",
    "payoffs", "awards",
    "conversations", "entries", "pages of conversations", "triggers", "messages judged again",
    "words found outside conversations", "answers judged again", "case numbers",
    "wishes to be kept apart", "messages that people were asked for",
    "lasting partners", "pairs", "visits of pairs", "memories", "models of seats", "seats with facts",
    "acts written before",
    "reminders", "accounts", "due work", "batches",
)  # fmt: skip
"""What is counted. Every name is reported, so that a check that looked at nothing says 0."""
TOLD_WHILE_MASKED = frozenset({"studies", "people", "erased people", "sessions", "tickets", "settlements", "groups",
                               "people erased"})  # fmt: skip
"""What the board counts anyway. All others grow with what a condition makes of a group: with its rounds, its automated
seats, its void matches, its talks, its notes; told after each group, they would tell its condition or its outcome."""
PLAYED = ("people", "groups")
LEDGER = ("acknowledged", "found", "lost", "doubled", "altered", "erased")
LEFT_OUT = ("people erased", "matches with erased acts", "matches under other code", "visits whose forms are purged",
            "what was drawn for people with new codes", "what was purged of words",
            "messages judged by other rules", "facts under other code", "facts whose telling is gone")  # fmt: skip
MOST_KEPT = 10_000
LONGEST_WORD = 40
HELD_BACK = "(held back while data come in)"
HELD = "held back"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it must be. `where` is made of codes, never of primary keys or real-world ids."""

    what: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}: expected {self.expected}, found {self.found}"


@dataclass
class Report:
    """What a verification saw.

    Attributes:
        as_of: The instant of the snapshot.
        counts: How many things of each kind in `CHECKED` were looked at.
        standing: How many people left by which exit or are active, and how many groups ended how.
        ledger: How many acknowledged forms were found, lost, stored twice or changed; "erased": gone with their person.
        left_out: What could not be checked, because it was erased or the experiment's code is another now.
        differences: The first 10,000, in the order in which they were met.
        omitted: How many there were beyond those.
        is_masked: Whether what would tell a condition or an outcome is held back.
    """

    study: str
    as_of: datetime
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(CHECKED, 0)))
    standing: Counter[str] = field(default_factory=Counter)
    ledger: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(LEDGER, 0)))
    left_out: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(LEFT_OUT, 0)))
    differences: list[Difference] = field(default_factory=list)
    omitted: int = 0
    is_masked: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def count(self, kind: str, n: int = 1) -> None:
        """Note that things of a kind in `CHECKED` were looked at."""
        self.counts[kind] += n

    def differ(self, what: str, where: str, expected: object, found: object) -> None:
        """Note a difference."""
        if len(self.differences) >= MOST_KEPT:
            self.omitted += 1
            return
        self.differences.append(Difference(what, where, shown(expected), shown(found)))

    def compare(self, what: str, where: str, expected: object, found: object) -> bool:
        """Note a difference unless both are equal; return whether they are."""
        if expected != found:
            self.differ(what, where, expected, found)
        return expected == found

    def hold_back(self) -> None:
        """Say where things differ and not what they are, nor how much there is of what differs by condition."""
        self.is_masked = True
        self.differences = [replace(each, expected=HELD_BACK, found=HELD_BACK) for each in self.differences]

    def as_text(self) -> str:
        """For people: what was checked, how things stand, then a line for each difference."""
        parts: dict[str, Mapping[str, int | None]] = {
            "checked": self._told(self.counts),
            "not checked": self._told(self.left_out),
            "standing": dict(self.standing),
            "ledger": dict(self.ledger),
        }
        lines = [f"{self.study} as of {self.as_of:%Y-%m-%d %H:%M:%S} UTC"]
        for title, counts in parts.items():
            lines += [f"{title}:", *(f"  {name:28} {HELD if n is None else n:>9}" for name, n in counts.items())]
        if not any(self.counts[kind] for kind in PLAYED):
            lines.append("nobody has come and nothing was played yet: there was next to nothing to compare")
        total = len(self.differences) + self.omitted
        lines.append("no difference" if self.is_clean else f"{total} difference{'s' if total > 1 else ''}:")
        lines += [f"  {each}" for each in self.differences]
        lines += [f"  … and {self.omitted} more"] if self.omitted else []
        return "\n".join(lines)

    def _told(self, counts: Counter[str]) -> dict[str, int | None]:
        """Numbers by kind; None for each that is held back."""
        return {name: n if name in TOLD_WHILE_MASKED or not self.is_masked else None for name, n in counts.items()}

    def as_json(self) -> str:
        """For programs: the same; null for a number that is held back."""
        said: dict[str, Any] = {
            "study": self.study,
            "as_of": self.as_of.isoformat(),
            "is_clean": self.is_clean,
            "checked": self._told(self.counts),
            "not_checked": self._told(self.left_out),
            "standing": self.standing,
            "ledger": self.ledger,
            "differences": [asdict(each) for each in self.differences],
            "omitted": self.omitted,
        }
        return json.dumps(said, ensure_ascii=False, indent=1)


def shown(value: object) -> str:
    """A value as a difference tells it. Words that somebody wrote are told by their length and hash alone."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_cell(one)}" for name, one in sorted(value.items())) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(shown(one) for one in value) or "nothing"
    return str(value)


def _cell(value: object) -> str:
    if not isinstance(value, str) or (len(value) <= LONGEST_WORD and value.isidentifier()):
        return json.dumps(value, default=str)
    digest = hashlib.sha256(value.encode()).hexdigest()[:12]
    return f"{len(value)} characters, sha256 {digest}"
