"""The state of a match as rules see it, read from rows. Blind where the step is blind."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

from flow.game import Game, game_of
from flow.kinds import VOID_PATH, kind
from flow.models import Act, Match, Placing
from matching.models import Seat
from paradigm import Decision, Entry, Place, Play, State
from paradigm.program import repetition, step_at
from paradigm.state import Values
from studies.models import levels_of

MOST_PLAYS = 50
MOST_ENTRIES = 200


class MatchState(State):
    """Implements `paradigm.State`. Reads lazily and keeps what it read: make a new one after a write."""

    def __init__(self, match: Match, *, path: str | None = None) -> None:
        self.match = match
        self._path = match.path if path is None else path

    @cached_property
    def game(self) -> Game:
        """The frozen definition of what is played."""
        return game_of(self.match.group)

    @cached_property
    def placings(self) -> list[Placing]:
        """Placings with their seats, by position."""
        return sorted(self.match.placings.select_related("seat"), key=lambda p: p.position)

    @cached_property
    def seats(self) -> dict[int, Seat]:
        """Seats of this match by number."""
        return {placing.seat.number: placing.seat for placing in self.placings}

    @cached_property
    def stored_acts(self) -> list[Act]:
        """Acts of this match, oldest first, with their seats."""
        return list(self.match.acts.select_related("seat").order_by("pk"))

    @property
    def parameters(self) -> Any:
        return self.game.parameters

    @property
    def levels(self) -> Mapping[str, str]:
        return levels_of(self.match.group.condition)

    @property
    def round(self) -> int:
        return self.match.round

    @property
    def rounds(self) -> int:
        return self.match.group.rounds

    @property
    def path(self) -> str:
        return self._path

    @property
    def repetition(self) -> int:
        return repetition(self._path)

    @cached_property
    def places(self) -> Sequence[Place]:
        return [place_of(placing) for placing in self.placings]

    @property
    def edges(self) -> Sequence[tuple[str, str]]:
        return [(a, b) for a, b in self.match.edges]

    def place(self, seat: Seat) -> Place:
        """The place of a seat in this match."""
        return next(place for place in self.places if place.seat == seat.number)

    def acts(self, step: str, repetition: int | None = None) -> Mapping[int, Values]:
        found: dict[str, dict[int, Values]] = {}
        for act in self.stored_acts:
            if _names(act.path, step, repetition) and not self._is_hidden(act.path):
                found.setdefault(act.path, {})[act.seat.number] = act.values
        # the latest turn of a loop; paths are met in the order of time
        return list(found.values())[-1] if found else {}

    def _is_hidden(self, path: str) -> bool:
        if path != self._path or not self._path or self._path == VOID_PATH:
            return False
        step = step_at(self.game.experiment.steps, path)
        return isinstance(step, Decision) and step.blind

    def last(self, seat: int, k: int = 1) -> Sequence[Play]:
        matches = (
            Match.objects.filter(group=self.match.group, placings__seat__number=seat, round__lt=self.match.round)
            .exclude(status=Match.Status.OPEN)
            .order_by("-round")
            .prefetch_related("placings__seat", "acts__seat")[: min(k, MOST_PLAYS)]
        )
        return [play_of(match) for match in reversed(matches)]

    def entries(self, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
        read = kind("entries", "read")
        entries: Sequence[Entry] = read(self.match, talk, after=after, limit=min(limit, MOST_ENTRIES))
        return entries

    def dealt(self, seat: int) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self.seats[seat].dealt
        return facts

    def random(self, purpose: str) -> Random:
        return Random(f"{self.chance}/{self._path}/{purpose}")  # noqa: S311  seeded on purpose: reproducible

    @property
    def chance(self) -> str:
        """What all chance in this match is seeded by."""
        group = self.match.group
        return f"{group.version.seed}/match/{group.code}/{self.match.round}/{self.match.number}"


def place_of(placing: Placing) -> Place:
    """A placing as rules see it: with the label, without the kind."""
    seat = placing.seat
    return Place(seat=seat.number, role=seat.role, position=placing.position, label=seat.label)


def play_of(match: Match) -> Play:
    """A finished match as its seats remember it."""
    acts: dict[str, dict[int, Values]] = {}
    is_void = match.status == Match.Status.VOID
    for act in sorted(match.acts.all(), key=lambda act: act.pk) if not is_void else ():
        acts.setdefault(act.path, {})[act.seat.number] = act.values
    placings = sorted(match.placings.all(), key=lambda placing: placing.position)
    return Play(
        round=match.round,
        places=[place_of(placing) for placing in placings],
        acts=acts,
        points={placing.seat.number: placing.points or 0 for placing in placings},
        is_void=is_void,
    )


def _names(path: str, step: str, turn: int | None) -> bool:
    return path.rpartition("/")[2] == step and (turn is None or repetition(path) == turn)
