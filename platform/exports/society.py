"""One group as the tables see it: seats, matches, placings, and what must stay empty because somebody withdrew."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice

from django.db.models import Q

from exports.codes import match_code, seat_code
from exports.course import Course, courses
from exports.declared import Declared
from exports.scope import Scope, by_code
from flow.game import game_of
from flow.models import Match, Placing
from matching.models import Group, Seat
from paradigm import Field
from participants.models import Participant
from studies.problems import StudyError
from studies.schema_stages import GameStage

GROUPS_AT_ONCE = 50
NO_MATCH = 0
"""In place of a match's primary key: what was written outside of all of them, in questions after the game."""


@dataclass(frozen=True)
class Society:
    """One group with its seats and matches by primary key."""

    group: Group
    seats: Mapping[int, Seat]
    matches: Mapping[int, Match]
    placings: Mapping[int, Mapping[str, Placing]]  # match -> position -> placing
    course: Course = field(default_factory=Course)

    @cached_property
    def declared(self) -> Declared:
        """What the experiment of this group asks for."""
        return Declared.of(self.group.version, self.group.stage, self.group.condition)

    def asked(self, path: str, seat: int) -> Mapping[str, Field]:
        """What a seat was asked; nothing where the experiment is not installed any more: then every text is words."""
        try:
            return self.declared.fields(path, self.seats[seat].role)
        except StudyError:
            return {}

    @cached_property
    def config(self) -> GameStage:
        """The game stage that this group plays."""
        return game_of(self.group).config

    @cached_property
    def withdrawn(self) -> frozenset[int]:
        """Seats whose person asked that their data be deleted."""
        return frozenset(pk for pk, seat in self.seats.items() if is_withdrawn(seat))

    @cached_property
    def told_of_withdrawn_from(self) -> Mapping[int, int]:
        """Seat -> the first round in which it met a withdrawn seat: from then on its views may quote what is gone."""
        return self.first_met(self.withdrawn)

    def first_met(self, seats: Set[int]) -> Mapping[int, int]:
        """Seat -> the first round in which it was in one match with one of some seats; they themselves included."""
        first: dict[int, int] = {}
        for match in self.matches.values():
            inside = self.inside(match.pk)
            if inside & seats:
                first |= {seat: min(match.round, first.get(seat, match.round)) for seat in inside}
        return first

    def inside(self, match: int) -> Set[int]:
        """The seats of a match."""
        return {placing.seat_id for placing in self.placings.get(match, {}).values()}

    def has_withdrawn(self, match: int) -> bool:
        """Whether somebody in a match asked for deletion."""
        return bool(self.withdrawn & self.inside(match))

    def is_withheld(self, match: int, seat: int) -> bool:
        """Whether the words of a seat stay inside, because they may repeat what somebody said who asked for deletion.

        A reviewer may release a person's. An automated seat's are deleted with that person's data.
        """
        gone = self.withdrawn & self.inside(match)
        if not gone or seat in self.withdrawn:
            return bool(gone)
        return self.seats[seat].occupant != "person" or not self._is_released(match, seat, gone)

    def are_answers_withheld(self, seat: int) -> bool:
        """Whether words that a seat's person wrote outside of matches stay inside: they may tell of whom it met.

        A reviewer may release them.
        """
        if seat in self.withdrawn or self.seats[seat].occupant != "person":
            return False
        met = [inside for inside in map(self.inside, self.matches) if seat in inside]
        gone = {pk for inside in met for pk in self.withdrawn & inside}
        return bool(gone) and not self._is_released(NO_MATCH, seat, gone)

    def _is_released(self, match: int, seat: int, gone: Set[int]) -> bool:
        """Whether a reviewer released the words of a seat after the last of those who are gone had asked."""
        released = self.course.released.get((match, self.seats[seat].number))
        people = [one for one in (self.seats[pk].participant for pk in gone) if one is not None]
        asked = [at for one in people if (at := one.withdrawn_at or one.ended_at) is not None]
        return released is not None and all(at <= released.at for at in asked)

    @cached_property
    def openings(self) -> Mapping[int, datetime]:
        """When each round opened, in order."""
        first: dict[int, datetime] = {}
        for match in self.matches.values():
            first[match.round] = min(match.opened_at, first.get(match.round, match.opened_at))
        return first

    def idle_until(self, number: int, *, seat: int, since: datetime) -> datetime | None:
        """When waiting ended that began in a round at `since`: by the next round, the group's end, or the seat's."""
        left = self.course.left.get(self.seats[seat].number)
        if left is not None and left.at <= since:
            return None
        later = [at for round_number, at in self.openings.items() if round_number > number]
        ends = [min(later, default=self.group.ended_at), left.at if left else None]
        end = min((at for at in ends if at is not None), default=None)
        return max(end, since) if end else None  # the page about a void match may outlast the group

    def is_here(self, seat: int, at: datetime) -> bool:
        """Whether a seat had not been left by then."""
        left = self.course.left.get(self.seats[seat].number)
        return left is None or left.at > at

    def seat(self, pk: int) -> str:
        """A seat's code."""
        return seat_code(self.group.code, self.seats[pk].number)

    def match(self, match: Match) -> str:
        """A match's code."""
        return match_code(self.group.code, match.round, match.number)

    def participant(self, pk: int) -> str | None:
        """The code of a seat's person, if one sits there and did not withdraw."""
        person = self.seats[pk].participant
        return person.code if person and pk not in self.withdrawn else None

    def place(self, match: Match, step: str, seat: int) -> dict[str, object]:
        """The first columns of every row that is about a seat at a step of a match."""
        return {
            "match": self.match(match),
            "group": self.group.code,
            "round": match.round,
            "step": step,
            "seat": self.seat(seat),
            "participant": self.participant(seat),
        }

    def label(self, match: int, position: str) -> str:
        """What a seat was called in a match, for those who are shown labels."""
        placing = self.placings[match][position]
        return self.seats[placing.seat_id].label if placing.label is None else placing.label

    def asked_if_ai(self, pk: int) -> str | None:
        """The rule in force for what an automated seat says when asked whether it is a person."""
        seat = self.seats[pk]
        return None if seat.occupant == "person" else seat.settings.get("asked_if_ai")

    def position(self, match: int, seat: int) -> str:
        """Under which letter or number a seat was seen in a match."""
        return next(where for where, placing in self.placings[match].items() if placing.seat_id == seat)


def is_withdrawn(seat: Seat) -> bool:
    """Whether the person of a seat withdrew, or was erased altogether."""
    if seat.occupant != "person":
        return False
    return seat.participant is None or seat.participant.status == Participant.Status.WITHDRAWN


def societies(scope: Scope, *, with_withdrawn: bool = False) -> Iterator[Society]:
    """Every group of the study, by code; some dozens in memory at a time.

    Args:
        with_withdrawn: Only those in which somebody sat who asked that their data be deleted.
    """
    groups = Group.objects.filter(version__study=scope.study).select_related("pair")
    if with_withdrawn:
        gone = Q(participant=None) | Q(participant__status=Participant.Status.WITHDRAWN)
        groups = groups.filter(pk__in=Seat.objects.filter(gone, occupant="person").values("group"))
    found = groups.order_by(by_code("code")).iterator(chunk_size=GROUPS_AT_ONCE)
    while batch := list(islice(found, GROUPS_AT_ONCE)):
        for group in batch:
            group.version = scope.versions[group.version_id]
        yield from _together(batch)


def society_of(group: Group) -> Society:
    """One group with everything around it."""
    return next(_together([group]))


def _together(groups: Sequence[Group]) -> Iterator[Society]:
    """Several groups for the price of four queries."""
    seats: dict[int, dict[int, Seat]] = defaultdict(dict)
    for seat in (
        Seat.objects.filter(group__in=groups).select_related("participant", "session").order_by("group", "number")
    ):
        seats[seat.group_id][seat.pk] = seat
    matches: dict[int, dict[int, Match]] = defaultdict(dict)
    for match in Match.objects.filter(group__in=groups).order_by("group", "round", "number"):
        matches[match.group_id][match.pk] = match
    placings: dict[int, dict[str, Placing]] = defaultdict(dict)
    for placing in Placing.objects.filter(match__group__in=groups).order_by("match", "pk"):
        placings[placing.match_id][placing.position] = placing
    course = courses(group.pk for group in groups)
    for group in groups:
        own = matches[group.pk]
        yield Society(group, seats[group.pk], own, {pk: by_position(placings[pk]) for pk in own}, course[group.pk])


def by_position(placings: Mapping[str, Placing]) -> dict[str, Placing]:
    """Placings in the order of their positions: "A", "B"; 2 before 10."""
    return dict(
        sorted(placings.items(), key=lambda item: (len(item[0]), item[0]) if item[0].isdigit() else (0, item[0]))
    )
