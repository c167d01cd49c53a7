"""What rules may ask of a running group. Read-only, bounded, and blind where the step is blind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol

from paradigm.parameters import Parameters

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Seat:
    """One place in a group, as pairing and dealing rules see it. `kind` is the truth ("human" or "ai")."""

    number: int
    role: str
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A seat in one match, as views, payoffs and policies see it: what it is called, never what it is.

    `levels` are those that its person was given one by one; {} for who has none, as every automated seat. Others learn
    of them only what a view tells: policies and pages are given their own place alone. `name` is what a partner is
    called by name, "" where it has none; like a label it tells nothing of what it is.
    """

    seat: int
    role: str
    position: str
    label: str = ""
    levels: Mapping[str, str] = field(default_factory=dict, compare=False)
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Play:
    """One finished match: who sat where, what each did at each step, what each earned.

    `acts` maps a step's path to seat number to field to value. A void match has no acts and a declared amount.
    """

    round: int
    places: Sequence[Place]
    acts: Mapping[str, Mapping[int, Values]]
    points: Mapping[int, int]
    is_void: bool = False

    def place_of(self, seat: int) -> Place:
        """The place a seat had in this match."""
        return next(place for place in self.places if place.seat == seat)


@dataclass(frozen=True)
class Entry:
    """One thing said or done in a talk: `kind` is message, post, comment, vote, edit or point."""

    seq: int
    seat: int
    kind: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class State(Protocol):
    """The state of one match. Every query is bounded; none tells what a partner is."""

    @property
    def parameters(self) -> Any:
        """The study's `Parameters`."""

    @property
    def levels(self) -> Mapping[str, str]:
        """The level of each factor that holds in this match: its group's, its round's and its pair's."""

    @property
    def round(self) -> int:
        """1 … `rounds`."""

    @property
    def rounds(self) -> int:
        """How many rounds the group plays."""

    @property
    def visit(self) -> int:
        """Which visit of a person this is, from 1, among those in which this experiment is played.

        Where people of different visits meet, the earliest of theirs; 1 where nobody sits.
        """

    @property
    def visits(self) -> int:
        """How many such visits the study has for a person; 0 where people are not told."""

    @property
    def is_last_visit(self) -> bool:
        """Whether no such visit comes after this one."""

    @property
    def path(self) -> str:
        """The path of the step that is open, e.g. "reply" or "building:3/message"; "" when the match is over."""

    @property
    def repetition(self) -> int:
        """Which time the innermost `Repeat` runs, from 1; 0 outside any."""

    @property
    def places(self) -> Sequence[Place]:
        """Those who meet in this match, by position."""

    @property
    def edges(self) -> Sequence[tuple[str, str]]:
        """Who is linked with whom, by position, where the match is a graph."""

    def acts(self, step: str, repetition: int | None = None) -> Mapping[int, Values]:
        """What seats did at a step of this match, by seat number; `repetition` defaults to the latest.

        A blind step shows nothing before it is closed.
        """

    def last(self, seat: int, k: int = 1) -> Sequence[Play]:
        """The seat's own last `k` finished matches (at most 50), oldest first."""

    def entries(self, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
        """One page of a talk of this match, oldest first."""

    def dealt(self, seat: int) -> Mapping[str, Any]:
        """What the experiment's `deal` gave to a seat: facts with ids, a goal, a target.

        Under "facts", id → text, are those that only this seat knows: where a model's prompt would hold one that its
        owner has not told, the game ends, unless the experiment's `knows` says that this seat is told all.
        """

    def random(self, purpose: str) -> Random:
        """Chance that is the same whenever asked: seeded by the study, the match, the path and the purpose."""


FACTS = "facts"
Known = Literal["own", "all", "nothing"]
KNOWS_OWN: Known = "own"
KNOWS_ALL: Known = "all"
KNOWS_NOTHING: Known = "nothing"
"""Which of the facts that were dealt a seat is told from the beginning: its own, everybody's, or none."""


def neighbours(place: Place, state: State) -> list[str]:
    """Positions linked with a place, in order."""
    linked = {b if a == place.position else a for a, b in state.edges if place.position in (a, b)}
    return sorted(linked)


__all__ = [
    "FACTS", "KNOWS_ALL", "KNOWS_NOTHING", "KNOWS_OWN", "Entry", "Known", "Parameters", "Place", "Play", "Seat",
    "State", "Values", "neighbours",
]  # fmt: skip
