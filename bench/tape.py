"""What a crowd met: written down by its visitors while they play, in milliseconds of the monotonic clock."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bench.browser import now_ms

ENDOWMENT = 10_000
MULTIPLIER = 3
# Both games say so with these words, and each amount is sent by one person only: so a page tells whose act it shows.
TOLD = {"sent": re.compile(r"sent you (\d+)"), "returned": re.compile(r"sent back (\d+)")}


@dataclass
class Tape:
    """The record of one cell.

    Attributes:
        pages_ms: From a person's act, or the news that there is something new, to the whole next page; each redirect
            on the way counts.
        releases_ms: From one person's act to the other person's page that shows it.
        requests: Of every kind, redirects and polls that found nothing among them.
        submitted: Forms that were taken.
        stale: Forms that came from a page which had just been replaced; the person presses again.
        completed_ms: When each person saw the last page.
        errors: Answers of 500 and more, refusals, and connections that broke.
    """

    pages_ms: list[float] = field(default_factory=list)
    releases_ms: list[float] = field(default_factory=list)
    requests: int = 0
    sockets: int = 0
    submitted: int = 0
    stale: int = 0
    completed_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _acts: dict[tuple[str, int], float] = field(default_factory=dict)
    _sends: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(ENDOWMENT // 2, ENDOWMENT)))
    _backs: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(1, MULTIPLIER * (ENDOWMENT // 2))))

    def fill_in(self, names: list[str]) -> dict[str, str]:
        """An answer to each field that is asked, every amount another."""
        amounts = {"sent": self._sends, "returned": self._backs}
        return {name: str(next(amounts[name])) if name in amounts else "yes" for name in names}

    def acted(self, data: Mapping[str, str], began_ms: float) -> None:
        """A form with an amount was sent at `began_ms`."""
        for name in TOLD:
            if name in data:
                self._acts[name, int(data[name])] = began_ms

    def shown(self, html: str, began_ms: float) -> None:
        """A new page is complete now; what led to it began at `began_ms`."""
        now = now_ms()
        self.pages_ms.append(now - began_ms)
        for name, pattern in TOLD.items():
            found = pattern.search(html)
            acted = self._acts.pop((name, int(found[1])), None) if found else None
            if acted is not None:
                self.releases_ms.append(now - acted)

    def finished(self) -> None:
        """Somebody saw the last page."""
        self.completed_ms.append(now_ms())
