"""One verification under way: what is verified, and where its findings go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import TypeVar

from exports.tombstones import begun_of
from flow.machine import MOVES
from scheduling.reminders import MOVES as REMINDER_MOVES
from scheduling.states import MOVES as WINDOW_MOVES
from studies import definition
from studies.models import Study, Version
from studies.queries import versions_of
from studies.services import ALLOWED
from verification.report import Report
from verification.told import Told

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Told what is looked at, how many have been, and of how many (0: unknown)."""

CLOCK_SLACK = timedelta(seconds=1)
"""A database's clock that was set back by less than this makes no difference."""
_MOVES: Mapping[str, Mapping[str, set[str]]] = MOVES | {
    "window": WINDOW_MOVES,
    "reminder": REMINDER_MOVES,
    "study": {before: {str(after) for after, ways in ALLOWED.items() if before in ways} for before in Study.Status},
}


def silent(what: str, done: int, total: int) -> None:
    """No progress is shown."""


@dataclass
class Inquiry:
    """What every check is given.

    Attributes:
        told: The ledger.
        at: The instant of the snapshot.
        late_after_seconds: How long due work may wait for its turn.
    """

    study: Study
    report: Report
    told: Told
    at: datetime
    late_after_seconds: float
    progress: Progress = field(default=silent)

    @cached_property
    def versions(self) -> Mapping[int, Version]:
        """The study's versions by primary key, each read once."""
        return versions_of(self.study)

    @cached_property
    def current_code(self) -> frozenset[int]:
        """Versions that were frozen with the code that is installed now: only those can be played over again."""
        return frozenset(pk for pk, version in self.versions.items() if definition.code_is_current(version))

    @cached_property
    def purged(self) -> frozenset[str]:
        """The classes of what is kept of which something was purged: what stood there cannot be compared any more."""
        return begun_of(self.study)

    def follow(self, thing: str, where: str, statuses: Iterable[str]) -> str:
        """The status to which a row of events leads; each step that the machine forbids is a difference.

        What begins otherwise than with the first status of `flow.machine.MOVES` lacks the event that made it.
        """
        moves, before = _MOVES[thing], ""
        for status in statuses:
            allowed = moves.get(before, set()) if before else {next(iter(moves))}
            if status not in allowed:
                expected = (
                    f"after {before}, {' or '.join(sorted(allowed)) or 'nothing'}"
                    if before
                    else f"first {next(iter(moves))}"
                )
                self.report.differ(f"forbidden move of a {thing}", where, expected, status)
            before = status
        return before

    def batches(self, what: str, rows: Iterable[T], *, size: int, total: int = 0) -> Iterator[Sequence[T]]:
        """Some rows at a time, so that memory does not grow with the study, and progress."""
        left, done = iter(rows), 0
        while batch := list(islice(left, size)):
            yield batch
            done += len(batch)
            self.progress(what, done, total)
