"""What every kind of step can do. `KINDS["step"]` says which class implements which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flow.models import Act, Match
from flow.state import MatchState
from matching.models import Seat
from paradigm import Field, Place, View


@dataclass(frozen=True)
class Asked:
    """What a seat is asked at the open step; no fields and no button for those who wait.

    `facts` are what the page of this kind of step needs besides. `instead` are heading and text (safe HTML) of a page
    that stands in place of the step's own, and shows nothing of what a view tells. `note` is one calm sentence.
    """

    fields: Sequence[Field] = ()
    button: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    instead: tuple[str, str] | None = None
    note: str = ""


class StepKind(Protocol):
    """One kind of step. Stateless; every method works on the match whose group is locked, or only reads."""

    def open(self, match: Match, state: MatchState, step: Any) -> None:
        """The step begins; make the rows it needs."""

    def close(self, match: Match, state: MatchState, step: Any) -> None:
        """The step is over, however it ended."""

    def acting(self, state: MatchState, step: Any) -> Sequence[Place]:
        """Who may act now: those asked who have not yet acted."""

    def asked(self, state: MatchState, step: Any, place: Place) -> Asked:
        """What this place is asked."""

    def view(self, state: MatchState, step: Any, place: Place, told: View) -> View:
        """What the place sees now, from what it was told when the step opened."""

    def act(self, match: Match, state: MatchState, step: Any, act: "Incoming") -> Act | None:
        """Store what a seat did, and return the act where it is one. Raises FlowError("refused")."""

    def finished(self, state: MatchState, step: Any) -> bool:
        """Whether everything that the step waits for has come."""

    def missing(self, state: MatchState, step: Any) -> Sequence[Place]:
        """Whose act was needed and did not come; non-empty voids the match when time is up."""


@dataclass(frozen=True)
class Incoming:
    """An act on its way in. `key` names the form or turn: a repeated entry of a talk is harmless by it."""

    seat: Seat
    values: Mapping[str, Any]
    source: str
    latency_ms: int
    key: str = ""
