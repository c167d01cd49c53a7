"""Whom what has happened concerns: those whose pages the platform would tell through their sockets."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from events.models import Due, Event
from flow.deadlines import WATCH
from matching.models import Seat
from participants.models import EntryLink
from scheduling.models import PairMember, Session

# Of what happens to a group only this changes a page that no match, ticket or session tells of.
TOLD_TO_THE_GROUP = "round.sat_out"


@dataclass(frozen=True)
class News:
    """What has happened since a moment.

    Attributes:
        newest: Key of the newest event; the same as before when nothing has happened.
        people: Keys of the participants whose pages may have changed.
    """

    newest: int
    people: Collection[int]


def since(newest: int) -> News:
    """What has happened after the event with this key. Nothing may be under way meanwhile."""
    events = list(Event.objects.filter(pk__gt=newest).order_by("pk"))
    if not events:
        return News(newest, frozenset())
    sessions, matches, groups, pairs = set(), set(), set(), set()
    for event in events:
        match event.subject_kind:
            case "session":
                sessions.add(event.subject_id)
            case "ticket":
                sessions.add(event.facts["session"])
            case "match":
                matches.add(event.subject_id)
            case "conversation":
                matches.add(event.facts["match"])
            case "pair":
                pairs.add(event.subject_id)
            case "group" if event.kind == TOLD_TO_THE_GROUP:
                groups.add(event.subject_id)
    partners = PairMember.objects.filter(pair__in=pairs).values_list("participant", flat=True)
    return News(events[-1].pk, _people(sessions, matches, groups) | set(partners))


def newest_event() -> int:
    """Key of the newest event; 0 before the first."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def has_work_but_watching(rows: Collection[int], people: Collection[int]) -> bool:
    """Whether any of these rows of due work does more than see whether one of these people is still there."""
    watching = Q(reaction=WATCH, facts__participant__in=list(people))
    return Due.objects.filter(pk__in=list(rows)).exclude(watching).exists()


def who_came_by(link: int) -> int:
    """Key of the participant to whom an entry link has led."""
    return EntryLink.objects.values_list("participant", flat=True).exclude(participant=None).get(pk=link)


def all_who_came_by(links: Collection[int]) -> Collection[int]:
    """Keys of the participants to whom any of these entry links has led."""
    return set(EntryLink.objects.filter(pk__in=links).exclude(participant=None).values_list("participant", flat=True))


def _people(sessions: Collection[int], matches: Collection[int], groups: Collection[int]) -> set[int]:
    found = set(Session.objects.filter(pk__in=sessions).values_list("participant", flat=True))
    if matches or groups:
        seats = Seat.objects.filter(Q(placings__match__in=matches) | Q(group__in=groups), participant__isnull=False)
        found |= set(seats.values_list("participant", flat=True))
    return found
