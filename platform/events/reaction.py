"""What the REACTIONS table is made of. Pure: settings import it before any app is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Queue = Literal["bots", "jobs"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One thing that follows an event.

    Attributes:
        path: Dotted path of the handler: `async def handler(claim)` under `bots.`, `def handler(claim)` elsewhere.
            It may return a short word on what happened, and may run twice.
        key: Template over `event`, `subject_kind`, `subject_id`, `study` and the names in the event's facts.
            Among open rows (reaction, key) is unique, so a coarse key makes one row of many events.
        after_seconds: How long to wait before it is due. For what the caller does at once after its commit, and what
            is due only if that did not happen.
        concerns: Whom it is for, in a word; "" for anybody. Whoever records an event in which none of them has a part
            says so (`record(…, without=…)`), and the row is not written.
    """

    path: str
    key: str = "{event}"
    after_seconds: float = 0.0
    concerns: str = ""

    @property
    def is_of_event(self) -> bool:
        """Whether its key names the event, so that it can be known only once the event is stored."""
        return "{event}" in self.key

    def key_for(self, values: Mapping[str, Any]) -> str:
        """Fill the template.

        Raises:
            KeyError: the template names something that the event does not have.
        """
        return self.key.format_map(values)


def queue_of(path: str) -> Queue:
    """The queue that runs a handler: the bots' loop for `bots.*`, the jobs worker for everything else."""
    return "bots" if path.startswith("bots.") else "jobs"
