"""Reads about the waiting room."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from matching import rules
from matching.models import Group, Ticket
from participants.models import Participant
from scheduling.models import Session
from studies.models import Slot, Version
from studies.schema_partners import GroupPlan

LATELY = timedelta(minutes=15)
LIVE = (Ticket.Status.WAITING, Ticket.Status.ASKED, Ticket.Status.READY)
# People never meet those who only try the study out, and a simulation meets nobody.
ORIGIN_OF_GROUP = {
    Participant.Origin.LINK: Group.Origin.LIVE,
    Participant.Origin.DEMO: Group.Origin.DEMO,
    Participant.Origin.PREVIEW: Group.Origin.DEMO,
    Participant.Origin.SIMULATED: Group.Origin.SIMULATED,
}


class Pool(NamedTuple):
    """Those who may meet: of one origin and, where people are allocated one by one, of one condition."""

    origin: str
    condition: str


@dataclass(frozen=True)
class Room:
    """What somebody who waits may be told.

    Attributes:
        here: People present, at most `needed`.
        needed: People in a group.
        seconds: Expected wait; None while there is too little to say so.
    """

    here: int
    needed: int
    seconds: float | None


def open_tickets(version_id: int, stage: str) -> QuerySet[Ticket]:
    """Tickets of those who are at the stage and wait."""
    return Ticket.objects.filter(
        version_id=version_id, stage=stage, status__in=LIVE, session__status=Session.Status.ACTIVE
    )


def pools(version_id: int, stage: str) -> dict[Pool, list[rules.Waiting]]:
    """Who waits, by the groups they may sit in."""
    found: dict[Pool, list[rules.Waiting]] = defaultdict(list)
    tickets = list(open_tickets(version_id, stage).select_related("session__participant").order_by("pk"))
    people = [ticket.session.participant_id for ticket in tickets]
    held = Slot.objects.filter(holder_kind="participant", holder_id__in=people)
    conditions = dict(held.values_list("holder_id", "condition"))
    for ticket in tickets:
        person = ticket.session.participant
        found[Pool(origin_of(person), conditions.get(person.pk, ""))].append(as_waiting(ticket))
    return found


def as_waiting(ticket: Ticket) -> rules.Waiting:
    """A ticket as the rules see it."""
    return rules.Waiting(
        ticket=ticket.pk,
        status=ticket.status,
        joined_at=ticket.joined_at,
        seen_at=ticket.seen_at,
        asked_at=ticket.asked_at,
        ready_at=ticket.ready_at,
        misses=ticket.misses,
    )


def room(version: Version, stage: str, plan: GroupPlan, *, participant: Participant, now: datetime) -> Room:
    """What the waiting room of one person's kind looks like now."""
    origins = [kind for kind, group in ORIGIN_OF_GROUP.items() if group == origin_of(participant)]
    joined = Ticket.objects.filter(version=version, stage=stage, session__participant__origin__in=origins)
    live = joined.filter(status__in=LIVE, session__status=Session.Status.ACTIVE, seen_at__gte=now - rules.PRESENT)
    here = live.count()
    arrived = list(joined.filter(joined_at__gte=now - LATELY).values_list("joined_at", flat=True))
    missing = max(0, plan.humans - here)
    return Room(min(here, plan.humans), plan.humans, rules.expected_seconds(arrived, missing, now))


def origin_of(participant: Participant) -> str:
    """The origin of a group in which the participant may sit."""
    return ORIGIN_OF_GROUP[Participant.Origin(participant.origin)]


def ticket_of(session: Session, stage: str) -> Ticket | None:
    """The session's ticket for a waiting room."""
    return Ticket.objects.filter(session=session, stage=stage).first()


def group_of(session: Session) -> Group | None:
    """The group in which a session sits or last sat."""
    return Group.objects.filter(seats__session=session).select_related("version__study").order_by("-pk").first()


def waited_seconds(participant: Participant) -> int:
    """How long a participant has waited in all, over tickets that have ended."""
    tickets = Ticket.objects.filter(session__participant=participant)
    return sum(tickets.values_list("waited_seconds", flat=True))


def passing_for_people(group: Group) -> set[int]:
    """The numbers of a group's seats that may be a person's, as far as their labels tell."""
    seats = list(group.seats.all())
    labels = {seat.label for seat in seats if seat.kind == rules.HUMAN}
    return {seat.number for seat in seats if seat.occupant == "person" or seat.label in labels}
