"""Reads about turns: whose they are, what a talk's seat has heard, and what is open in groups without people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bots.models import BotTurn
from bots.rules import Heard
from chat.models import Conversation
from chat.terms import terms_of
from events.claim import Claim
from events.models import Due
from flow.models import Match, Placing
from matching.models import Group, Seat
from studies.models import Version

TAKE_TURN = "bots.turns.take_turn"


@dataclass(frozen=True)
class Address:
    """Whose turn: a seat, by key, at a step of a match."""

    match: int
    path: str
    seat: int


def address_of(claim: Claim) -> Address:
    """The turn a claim is about. Its key is "match:rev:seat"; match and path stand in its facts."""
    return Address(claim.facts["match"], claim.facts["path"], int(claim.key.rpartition(":")[2]))


def heard_of(address: Address) -> Heard | None:
    """The talk at a path as one of its seats finds it; None where there is no talk, or the seat may not speak."""
    conversation = (
        Conversation.objects.select_related("match__group__version")
        .filter(match_id=address.match, path=address.path)
        .first()
    )
    if conversation is None:
        return None
    terms = terms_of(conversation)
    own = next((seat for seat in terms.speakers if seat.pk == address.seat), None)
    if own is None:
        return None
    return Heard(
        own=own.number,
        writers=list(conversation.entries.order_by("seq").values_list("seat__number", flat=True)),
        people=frozenset(seat.number for seat in terms.speakers if seat.occupant == "person"),
        quota=terms.quota,
    )


def own_last_seq(address: Address) -> int:
    """The seq of a seat's own last entry in a talk; 0 before it has made one."""
    entries = Conversation.objects.filter(match_id=address.match, path=address.path, entries__seat_id=address.seat)
    return entries.order_by("-entries__seq").values_list("entries__seq", flat=True).first() or 0


def unfinished(version: Version, limit: int) -> list[Group]:
    """Groups without people that were begun and not played to their end, oldest first."""
    groups = Group.objects.filter(version=version, origin=Group.Origin.RUN, status=Group.Status.ACTIVE)
    return list(groups.order_by("pk")[:limit])


def open_matches(groups: Sequence[int]) -> list[Match]:
    """Matches of some groups that are at a step."""
    return list(Match.objects.filter(group_id__in=groups).exclude(path="").order_by("pk"))


def open_turns(groups: Sequence[int]) -> list[int]:
    """Ids of the `Due` rows of turns that are open in some groups."""
    placings = Placing.objects.filter(match__group_id__in=groups).exclude(match__path="")
    places = placings.exclude(seat__occupant="person").values_list("match_id", "match__rev", "seat_id")
    keys = [f"{match}:{rev}:{seat}" for match, rev, seat in places]
    rows = Due.objects.filter(reaction=TAKE_TURN, outcome="", key__in=keys)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def outcomes(group: Group) -> dict[str, int]:
    """How many turns of a group came to which outcome."""
    found: dict[str, int] = {}
    for outcome in BotTurn.objects.filter(match__group=group).values_list("outcome", flat=True):
        found[outcome] = found.get(outcome, 0) + 1
    return found


def has_models(version: Version) -> bool:
    """Whether any seat of a version's unfinished groups is a language model's."""
    seats = Seat.objects.filter(group__version=version, group__origin=Group.Origin.RUN, occupant="model")
    return seats.exists()
