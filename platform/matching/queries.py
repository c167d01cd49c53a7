"""Reads about the waiting room."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.db.models import Count, Min, QuerySet

from events import clock
from events.clock import RapportNow
from events.prepared import Given, prepared
from matching import apart, rules
from matching.company import companies
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from scheduling.models import Session
from studies import definition, giving
from studies.models import Version, condition_of, levels_of
from studies.schema_partners import GroupPlan

Company = Literal["planned", "stand_ins", "nobody"]
LATELY = timedelta(minutes=15)
LIVE = (Ticket.Status.WAITING, Ticket.Status.ASKED, Ticket.Status.READY)
# People never meet those who only try the study out, and a simulation meets nobody.
ORIGIN_OF_GROUP = {
    Participant.Origin.LINK: Group.Origin.LIVE,
    Participant.Origin.DEMO: Group.Origin.DEMO,
    Participant.Origin.PREVIEW: Group.Origin.DEMO,
    Participant.Origin.PILOT: Group.Origin.PILOT,
    Participant.Origin.SIMULATED: Group.Origin.SIMULATED,
}


class Pool(NamedTuple):
    """Those who may meet: of one origin and, where people are allocated one by one, of one condition.

    Attributes:
        company: Where partners stay, whose partners they are: see `matching.company`.
    """

    origin: str
    condition: str
    company: str = ""


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


def open_tickets(version_id: int | Given, stage: str | Given) -> QuerySet[Ticket]:
    """Tickets of those who are at the stage and wait."""
    return Ticket.objects.filter(
        version_id=version_id, stage=stage, status__in=LIVE, session__status=Session.Status.ACTIVE
    )


def pools(version_id: int, stage: str) -> dict[Pool, list[rules.Waiting]]:
    """Who waits, by the groups they may sit in."""
    found: dict[Pool, list[rules.Waiting]] = defaultdict(list)
    rows = _waiting.all(version=version_id, stage=stage)
    version = definition.version_of(version_id)
    alike = giving.pooled(version, [person for _origin, person, *_ticket in rows])
    company = companies(version, stage, {ticket: person for _origin, person, ticket, *_rest in rows})
    pool_of = {
        person: Pool(
            ORIGIN_OF_GROUP[Participant.Origin(origin)], condition_of(alike.get(person, {})), company.get(person, "")
        )
        for origin, person, *_ticket in rows
    }
    waiting = {person: rules.Waiting(*ticket) for _origin, person, *ticket in rows}
    if rows and apart.may_meet_again(definition.definition(version)):
        pool_of |= _kept_apart(pool_of, waiting)
    for person, one in waiting.items():
        found[pool_of[person]].append(one)
    return found


def _kept_apart(pool_of: Mapping[int, Pool], waiting: Mapping[int, rules.Waiting]) -> Mapping[int, Pool]:
    """Of two who are to be kept apart the later one waits alone, until the other is seated.

    Whoever is there comes before whoever is away, and then who came first.
    """
    wished = apart.wishes(pool_of)
    if not wished:
        return {}
    now, moved, before = clock.now(), dict[int, Pool](), list[int]()
    turn = {pk: (not rules.is_present(one, now), one.joined_at, one.ticket) for pk, one in waiting.items()}
    for person in sorted(waiting, key=lambda one: turn[one]):
        pool = pool_of[person]
        if any(other in wished.get(person, ()) and pool_of[other] == pool for other in before):
            moved[person] = pool._replace(company=f"{pool.company} apart {person}")
        else:
            before.append(person)
    return moved


@prepared
def _waiting(version: Given, stage: Given) -> QuerySet[Ticket, Any]:
    """Origin and key of each person who waits, and the ticket as `rules.Waiting` has it."""
    tickets = open_tickets(version, stage).order_by("pk")
    ticket = ("pk", "status", "joined_at", "seen_at", "asked_at", "ready_at", "misses")
    return tickets.values_list("session__participant__origin", "session__participant", *ticket)


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
    of = {"version": version.pk, "stage": stage, "origins": origins}
    here = _here.first(**of, present=now - rules.PRESENT) or 0
    missing = max(0, plan.humans - here)
    # Who came in the last minutes are many more than who wait: they are counted only where somebody is told of it.
    came, first = (_came.first(**of, lately=now - LATELY) if missing else None) or (0, None)
    return Room(min(here, plan.humans), plan.humans, rules.expected_seconds(came, first, missing=missing, now=now))


@prepared
def _here(version: Given, stage: Given, origins: Given, present: Given) -> QuerySet[Ticket, int]:
    """How many wait and are there."""
    there = open_tickets(version, stage).filter(session__participant__origin__any=origins, seen_at__gte=present)
    return there.order_by().values("version").annotate(here=Count("pk")).values_list("here", flat=True)


@prepared
def _came(version: Given, stage: Given, origins: Given, lately: Given) -> QuerySet[Ticket, tuple[int, datetime | None]]:
    """How many came lately, and when the first of these did."""
    came = Ticket.objects.filter(
        version=version, stage=stage, session__participant__origin__any=origins, joined_at__gte=lately
    )
    counted = came.order_by().values("version").annotate(came=Count("pk"), first=Min("joined_at"))
    return counted.values_list("came", "first")


def origin_of(participant: Participant) -> str:
    """The origin of a group in which the participant may sit."""
    return ORIGIN_OF_GROUP[Participant.Origin(participant.origin)]


def ticket_of(session: Session, stage: str) -> Ticket | None:
    """The session's ticket for a waiting room; as `read_at` the clock when it was read."""
    ticket = _ticket.first(session=session.pk, stage=stage)
    if ticket is not None:
        ticket.session, ticket.version = session, definition.version_of(ticket.version_id)
    return ticket


@prepared
def _ticket(session: Given, stage: Given) -> QuerySet[Ticket]:
    return Ticket.objects.filter(session=session, stage=stage).annotate(read_at=RapportNow())


def live_tickets(participant: Participant) -> list[Ticket]:
    """Those with which a participant waits."""
    tickets = _live.all(participant=participant.pk)
    for ticket in tickets:
        ticket.version = definition.version_of(ticket.version_id)
    return tickets


@prepared
def _live(participant: Given) -> QuerySet[Ticket]:
    return Ticket.objects.filter(session__participant=participant, status__in=LIVE).order_by("pk")


def group_of(session: Session) -> Group | None:
    """The group in which a session sits or last sat."""
    group = _group.first(session=session.pk)
    if group is not None:
        group.version = definition.version_of(group.version_id)
    return group


def role_in(session: Session, stage: str) -> str:
    """The role in which a session sits in the group of a game stage; "" where it does not."""
    return _role.first(session=session.pk, stage=stage) or ""


@prepared
def _role(session: Given, stage: Given) -> QuerySet[Seat, str]:
    return Seat.objects.filter(session=session, group__stage=stage).order_by("-pk").values_list("role", flat=True)[:1]


@prepared
def _group(session: Given) -> QuerySet[Group]:
    return Group.objects.filter(seats__session=session).order_by("-pk")[:1]


def levels_of_people(people: Sequence[Participant]) -> dict[int, dict[str, str]]:
    """The levels that each person was first given, by key: with their newest group, one by one, and with the study.

    What a factor varies later, from round to round or visit to visit, is with the matches and visits themselves.
    """
    found: dict[int, dict[str, str]] = {person.pk: {} for person in people}
    seats = Seat.objects.filter(participant__in=people).order_by("pk")
    for person, condition in seats.values_list("participant", "group__condition"):
        found[int(person or 0)] = levels_of(condition)
    of_version: dict[int, dict[int, Participant]] = defaultdict(dict)
    for one in people:
        of_version[one.version_id][one.pk] = one
    for version, several in of_version.items():
        for pk, own in giving.first_levels(definition.version_of(version), several).items():
            found[pk] |= own
    return found


def company_of(people: Sequence[Participant]) -> dict[int, Company]:
    """Whom each met in their newest group, by key: the planned ones, stand-ins, or nobody; no entry without one."""
    found: dict[int, Company] = {}
    seats = Seat.objects.filter(participant__in=people).order_by("pk")
    facts = seats.values_list("participant", "group__is_filled", "group__status", "group__round")
    for person, is_filled, status, last_round in facts:
        has_begun = last_round > 0 or status == Group.Status.ACTIVE
        found[int(person or 0)] = "nobody" if not has_begun else "stand_ins" if is_filled else "planned"
    return found


def waited_seconds(participant: Participant) -> int:
    """How long a participant has waited in all, over tickets that have ended."""
    tickets = Ticket.objects.filter(session__participant=participant)
    return sum(tickets.values_list("waited_seconds", flat=True))
