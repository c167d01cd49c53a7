"""A group with everything that happened in it, and its matches as rules saw them at any step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from chat.models import Entry as EntryRow
from events.models import Event
from exports.scope import Scope
from exports.society import Society, societies
from flow.game import Game, game_of
from flow.models import Act, Match
from flow.state import MatchState
from matching.models import Seat
from paradigm import Entry
from studies.allocation import held
from studies.allocation_plan import Held
from studies.models import Slot
from verification.inquiry import Inquiry

GROUPS_AT_ONCE = 25
ABOUT_MATCHES = ("step.closed", "match.voided")  # recorded with the group, about one of its matches


@dataclass(frozen=True)
class Story:
    """One group: its rows, its events in order, and who cannot be asked any more.

    Attributes:
        log: Events about the group.
        match_log: Match -> the events about it, those recorded with the group included.
        acts: Match -> its acts, oldest first.
        held: Kind and key of a holder -> the slots that the group, and everybody who sits in it, holds.
        erased: Seats of people whose data are deleted, as they asked; or of whom no row is left.
    """

    society: Society
    log: Sequence[Event]
    match_log: Mapping[int, Sequence[Event]]
    acts: Mapping[int, Sequence[Act]]
    held: Mapping[tuple[str, int], Sequence[Held]]
    erased: Set[int]

    @cached_property
    def game(self) -> Game:
        """What the group plays."""
        return game_of(self.society.group)

    def events(self, kind: str) -> list[Event]:
        """The group's events of a kind, in order."""
        return [event for event in self.log if event.kind == kind]

    def seats_of(self, match: Match) -> Mapping[int, str]:
        """The seats of a match, by key, with their positions."""
        return {placing.seat_id: position for position, placing in self.society.placings[match.pk].items()}

    def is_erased(self, match: Match) -> bool:
        """Whether acts of a match may be gone, so that it cannot be played over again."""
        return bool(self.erased & self.seats_of(match).keys())

    def where(self, match: Match, seat: int | None = None, path: str = "") -> str:
        """The code of a match, and of a seat and step in it."""
        own = self.society.seats.get(seat or 0)
        who = f", seat {own.number}" if own else ", a seat of another group" if seat else ""
        return f"{self.society.match(match)}{who}{f' at {path}' if path else ''}"


class Past(MatchState):
    """A match over again: as its rules saw it when only some of its steps had been opened.

    Args:
        opened: Paths of the steps that had been opened.
        path: The step that is open; "" for the moment after a step, when what was blind may be seen.
        before: Only acts before this one.
    """

    def __init__(
        self, story: Story, match: Match, *, opened: Sequence[str], path: str = "", before: Act | None = None
    ) -> None:
        super().__init__(match, path=path)
        self.game = story.game
        self.placings = list(story.society.placings[match.pk].values())
        self._opened = opened
        acts = story.acts.get(match.pk, ())
        known, places = set(opened), story.seats_of(match)
        self.stored_acts = [
            act
            for act in acts
            if act.path in known and act.seat_id in places and (before is None or act.pk < before.pk)
        ]

    def entries(self, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
        """As then: of a talk in a loop, the latest turn that had been opened."""
        named = [path for path in self._opened if path == talk or path.endswith(f"/{talk}")]
        return super().entries(named[-1], after=after, limit=limit) if named else []


def stories(inquiry: Inquiry, total: int) -> Iterator[Story]:
    """Every group of the study, by code; some at a time in memory."""
    found = societies(Scope(inquiry.study))
    for batch in inquiry.batches("groups", found, size=GROUPS_AT_ONCE, total=total):
        yield from together(batch)


def together(batch: Sequence[Society]) -> Iterator[Story]:
    """Several groups for the price of four queries."""
    groups = {society.group.pk: society for society in batch}
    matches = {pk: society for society in batch for pk in society.matches}
    logs, match_logs = _logs(groups, matches)
    slots = _held(batch)
    acts: dict[int, list[Act]] = defaultdict(list)
    for act in Act.objects.filter(match__in=matches).order_by("pk"):
        seat = matches[act.match_id].seats.get(act.seat_id)
        if seat is not None:
            act.seat = seat
        acts[act.match_id].append(act)
    for society in batch:
        for match in society.matches.values():
            match.group = society.group
        for placing in (one for placings in society.placings.values() for one in placings.values()):
            placing.seat = society.seats.get(placing.seat_id) or placing.seat
        erased = _erased(society, acts)
        yield Story(society, logs[society.group.pk], match_logs, acts, slots, erased)


def _held(batch: Sequence[Society]) -> Mapping[tuple[str, int], Sequence[Held]]:
    people = {seat.participant_id for society in batch for seat in society.seats.values() if seat.participant_id}
    of_groups = Q(holder_kind="group", holder_id__in=[society.group.pk for society in batch])
    of_people = Q(holder_kind="participant", holder_id__in=people)
    found: dict[tuple[str, int], list[Held]] = defaultdict(list)
    versions = {society.group.version_id for society in batch}
    for slot in Slot.objects.filter(of_groups | of_people, version__in=versions).order_by("pk"):
        found[slot.holder_kind, slot.holder_id or 0].append(held(slot))
    return found


def _logs(
    groups: Mapping[int, Society], matches: Mapping[int, Society]
) -> tuple[Mapping[int, Sequence[Event]], Mapping[int, Sequence[Event]]]:
    logs: dict[int, list[Event]] = defaultdict(list)
    match_logs: dict[int, list[Event]] = defaultdict(list)
    about = Q(subject_kind="group", subject_id__in=groups) | Q(subject_kind="match", subject_id__in=matches)
    for event in Event.objects.filter(about).order_by("pk"):
        if event.subject_kind == "group":
            logs[event.subject_id].append(event)
        if event.subject_kind == "match":
            match_logs[event.subject_id].append(event)
        elif event.kind in ABOUT_MATCHES:
            match_logs[event.facts["match"]].append(event)
    return logs, match_logs


def _erased(society: Society, acts: Mapping[int, Sequence[Act]]) -> frozenset[int]:
    if not society.withdrawn:
        return frozenset()
    people = {pk: society.seats[pk].participant for pk in society.withdrawn}
    erased = {pk for pk, person in people.items() if person is not None and person.erased_at is not None}
    present = {act.seat_id for match in society.matches for act in acts.get(match, ())}
    present |= set(EntryRow.objects.filter(seat__in=society.withdrawn).values_list("seat_id", flat=True))
    return frozenset(erased | (society.withdrawn - present))


def has_left(story: Story, seat: Seat, *, before: Event) -> bool:
    """Whether a seat had been left when something happened."""
    left = story.society.course.left.get(seat.number)
    return left is not None and left.pk < before.pk
