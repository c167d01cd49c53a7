"""The state of a match as rules see it, read from rows. Blind where the step is blind."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import Any

from django.db.models import ExpressionWrapper, F, IntegerField, QuerySet, Window
from django.db.models.functions import RowNumber

from events.prepared import Given, Question, prepared, together
from flow.game import Game, game_of
from flow.kinds import VOID_PATH, kind
from flow.labels import ALL, shown_to
from flow.models import Act, Exposure, Match, Placing
from flow.visiting import Visiting, visiting
from matching.lasting import NAMED
from matching.models import Seat
from paradigm import Decision, Entry, Field, Place, Play, State, View
from paradigm.fields import resolve
from paradigm.program import repetition, step_at
from paradigm.state import Values
from studies import definition
from studies.horizon import is_told_at, is_told_to_all
from studies.models import levels_of

MOST_PLAYS = 50
MOST_ENTRIES = 200


class MatchState(State):
    """Implements `paradigm.State`. Reads lazily and keeps what it read: make a new one after a write."""

    def __init__(self, match: Match, *, path: str | None = None, reader: Seat | None = None) -> None:
        """Read nothing yet.

        Args:
            path: Another step than the one that is open.
            reader: For whose page this is read: what that seat was told at the open step comes with the rest.
        """
        self.match = match
        self._reader = reader
        self._path = match.path if path is None else path
        self._told: Seat | None = None  # to whom labels are shown; None: all of them, to nobody in particular
        self._acts: list[Act] | None = None  # as they were read with the placings
        self._exposures: list[list[Exposure]] = []
        self._lasts: dict[int, Mapping[int, Sequence[Play]]] = {}  # k → seat → its last plays

    @classmethod
    def of_new(cls, match: Match, placings: Sequence[Placing]) -> "MatchState":
        """The state of a match that was just made with these placings: no step is open, and nobody has acted."""
        state = cls(match, path="")
        state.placings, state.stored_acts = sorted(placings, key=lambda p: p.position), []
        return state

    @cached_property
    def game(self) -> Game:
        """The frozen definition of what is played."""
        return game_of(self.match.group)

    def at(self, path: str, *, acts_are_known: bool = True) -> "MatchState":
        """The state of the same match at another path, as its step opens or when all is over.

        Under the group's lock nobody else changes a match, and who sits in it never changes: what was read is kept.

        Args:
            acts_are_known: False where an act was stored since they were read.
        """
        other = MatchState(self.match, path=path)
        other.placings, other._lasts = self.placings, self._lasts
        if acts_are_known:
            other.stored_acts = self.stored_acts
        return other

    def as_told(self, seat: int) -> "MatchState":
        """The same state without the labels that a seat is not told: what its views and fields are made of."""
        reader = self.seats[seat]
        if reader.knows == ALL:
            return self
        other = copy.copy(self)
        other._told = reader
        other.__dict__.pop("places", None)
        return other

    def view_of(self, place: Place) -> View:
        """What the experiment tells a place."""
        told = self.as_told(place.seat)
        return told.game.experiment.view(place if told is self else told.place(told.seats[place.seat]), told)

    def fields_of(self, step: Decision, place: Place) -> list[Field]:
        """What a place is asked at a decision, its bounds and options worked out from what it is told."""
        told = self.as_told(place.seat)
        own = place if told is self else told.place(told.seats[place.seat])
        return resolve(step.fields_of(place.role), own, told)

    def after(self, act: Act | None) -> "MatchState":
        """The state once a seat has acted: `act` is what was stored, None for an entry of a talk."""
        other = self.at(self._path)
        if act is not None:
            other.stored_acts = [*self.stored_acts, act]
        return other

    @cached_property
    def placings(self) -> list[Placing]:
        """Placings with their seats, by position."""
        key = self.match.pk
        questions: list[Question[Any]] = [_placings.given(match=key), _acts.given(match=key)]
        if self._reader is not None:
            questions.append(_exposure.given(match=key, path=self._path, seat=self._reader.pk))
        placings, self._acts, *self._exposures = together(*questions)
        return sorted(placings, key=lambda p: p.position)

    def exposure_of(self, seat: Seat) -> Exposure:
        """What a seat was told when the open step began, as it was stored."""
        if self._reader == seat and self.placings and self._exposures[0]:
            return self._exposures[0][0]
        return _exposure.get(match=self.match.pk, path=self._path, seat=seat.pk)

    @cached_property
    def seats(self) -> dict[int, Seat]:
        """Seats of this match by number."""
        return {placing.seat.number: placing.seat for placing in self.placings}

    @cached_property
    def stored_acts(self) -> list[Act]:
        """Acts of this match, oldest first, with their seats."""
        seats = {seat.pk: seat for seat in self.seats.values()}
        acts = _acts.all(match=self.match.pk) if self._acts is None else self._acts
        for act in acts:
            act.seat = seats[act.seat_id]
        return acts

    @property
    def parameters(self) -> Any:
        return self.game.parameters

    @property
    def levels(self) -> Mapping[str, str]:
        return levels_of(self.match.condition or self.match.group.condition)

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
    def visit(self) -> int:
        return self._visiting.number

    @property
    def visits(self) -> int:
        return self._visiting.of

    @property
    def is_last_visit(self) -> bool:
        return 0 < self._visiting.of <= self._visiting.number

    @cached_property
    def _visiting(self) -> Visiting:
        people = [seat.session_id for seat in self.seats.values() if seat.session_id is not None]
        found = visiting(self.game.version, self.game.config.experiment, people)
        return found if self._tells_visits else replace(found, of=0)

    @property
    def _tells_visits(self) -> bool:
        """Whether everybody who sits in the match may know how many visits there are."""
        study = definition.definition(self.game.version)
        if is_told_to_all(study):
            return True
        own = [levels_of(one.condition) for one in self.placings if one.seat.participant_id is not None]
        return all(is_told_at(study, {**self.levels, **levels}) for levels in own or [{}])

    @property
    def repetition(self) -> int:
        return repetition(self._path)

    @cached_property
    def places(self) -> Sequence[Place]:
        places = [place_of(placing) for placing in self.placings]
        return shown_to(self._told, places) if self._told else places

    @property
    def edges(self) -> Sequence[tuple[str, str]]:
        return [(a, b) for a, b in self.match.edges]

    def place(self, seat: Seat) -> Place:
        """The place of a seat in this match."""
        return next(place for place in self.places if place.seat == seat.number)

    def acts(self, step: str, repetition: int | None = None) -> Mapping[int, Values]:
        return self._acts_by_step.get((step, repetition), {})

    @cached_property
    def _acts_by_step(self) -> Mapping[tuple[str, int | None], Mapping[int, Values]]:
        """What may be seen of what was done, by step and turn, and by step alone its latest: a long game asks often."""
        paths: dict[str, dict[int, Values]] = {}
        for act in self.stored_acts:
            if not self._is_hidden(act.path):
                paths.setdefault(act.path, {})[act.seat.number] = act.values
        found: dict[tuple[str, int | None], Mapping[int, Values]] = {}
        for path, acts in paths.items():  # paths are met in the order of time
            step = path.rpartition("/")[2]
            found[step, repetition(path)] = found[step, None] = acts
        return found

    def _is_hidden(self, path: str) -> bool:
        if path != self._path or not self._path or self._path == VOID_PATH:
            return False
        step = step_at(self.game.experiment.steps, path)
        return isinstance(step, Decision) and step.blind

    def last(self, seat: int, k: int = 1) -> Sequence[Play]:
        plays, told = self._plays(seat, k), self._told
        return [replace(play, places=shown_to(told, play.places)) for play in plays] if told else plays

    def _plays(self, seat: int, k: int) -> Sequence[Play]:
        most = min(k, MOST_PLAYS)
        if self.match.round == 1 or most <= 0:
            return []
        if seat not in self.seats:  # one who is not in this match
            other = self.match.group.seats.get(number=seat).pk
            return plays_of([other], self.match.round, most).get(other, [])
        if most not in self._lasts:
            self._lasts[most] = plays_of([one.pk for one in self.seats.values()], self.match.round, most)
        return self._lasts[most].get(self.seats[seat].pk, [])

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


@prepared
def _placings(match: Given) -> QuerySet[Placing]:
    return Placing.objects.filter(match=match).select_related("seat")


@prepared
def _exposure(match: Given, path: Given, seat: Given) -> QuerySet[Exposure]:
    return Exposure.objects.filter(match=match, path=path, seat=seat)


@prepared
def _acts(match: Given) -> QuerySet[Act]:
    return Act.objects.filter(match=match).order_by("pk")


def place_of(placing: Placing) -> Place:
    """A placing as rules see it: with label and name, without the kind."""
    seat = placing.seat
    label = seat.label if placing.label is None else placing.label
    levels, name = levels_of(placing.condition), seat.settings.get(NAMED, "")
    return Place(seat=seat.number, role=seat.role, position=placing.position, label=label, levels=levels, name=name)


def plays_of(seats: Sequence[int], before: int, k: int) -> Mapping[int, Sequence[Play]]:
    """Each seat's last `k` finished matches before a round, oldest first, by the seat's key."""
    found = _last.all(seats=list(seats), before=before, k=k, status=Match.Status.OPEN)
    keys = sorted({match for _seat, match in found})
    placings: dict[int, list[Placing]] = {key: [] for key in keys}
    for placing in _placings_of.all(matches=keys) if keys else ():
        placings[placing.match_id].append(placing)
    acts: dict[int, list[Act]] = {key: [] for key in keys}
    for act in _acts_of.all(matches=keys) if keys else ():
        acts[act.match_id].append(act)
    plays = {key: play_of(placings[key][0].match, placings[key], acts[key]) for key in keys}
    by_seat: dict[int, list[Play]] = {}
    for seat, match in found:
        by_seat.setdefault(seat, []).append(plays[match])
    return by_seat


@prepared
def _last(seats: Given, before: Given, k: Given, status: Given) -> QuerySet[Placing, tuple[int, int]]:
    finished = Placing.objects.filter(seat__pk__any=seats, match__round__lt=before).exclude(match__status=status)
    newest = Window(RowNumber(), partition_by=F("seat"), order_by=F("match__round").desc())
    numbered = finished.annotate(newest=newest).filter(newest__lte=ExpressionWrapper(k, IntegerField()))
    return numbered.order_by("match__round", "match_id").values_list("seat_id", "match_id")


@prepared
def _placings_of(matches: Given) -> QuerySet[Placing]:
    return Placing.objects.filter(match__pk__any=matches).select_related("match", "seat")


@prepared
def _acts_of(matches: Given) -> QuerySet[Act]:
    return Act.objects.filter(match__pk__any=matches).order_by("pk")


def play_of(match: Match, placings: Sequence[Placing], stored: Sequence[Act]) -> Play:
    """A finished match as its seats remember it."""
    acts: dict[str, dict[int, Values]] = {}
    is_void = match.status == Match.Status.VOID
    numbers = {placing.seat_id: placing.seat.number for placing in placings}
    for act in stored if not is_void else ():
        acts.setdefault(act.path, {})[numbers[act.seat_id]] = act.values
    placings = sorted(placings, key=lambda placing: placing.position)
    return Play(
        round=match.round,
        places=[place_of(placing) for placing in placings],
        acts=acts,
        points={placing.seat.number: placing.points or 0 for placing in placings},
        is_void=is_void,
    )
