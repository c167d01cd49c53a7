"""Reads about turns: whose they are, what a talk's seat has heard, and what is open in groups without people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from bots import floor
from bots.delivery import Delivery, delivery_of
from bots.models import BotTurn
from bots.rules import Heard
from chat.ending import may_end, ready
from chat.models import Conversation, Entry
from chat.notices import called
from chat.safety.limits import time_left
from chat.safety.queries import people_pause
from chat.terms import terms_at, terms_of
from events.claim import Claim
from events.models import Due
from flow.kinds import VOID_PATH
from flow.lookup import step_kind
from flow.models import Act, Match, Placing
from flow.passing import passing_for_people
from flow.queries import TurnFacts
from flow.state import MatchState
from matching.models import Group, Seat
from paradigm.program import step_at
from studies import definition
from studies.schema_partners import AutomatedPartner

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
    """The talk at a path as one of its seats finds it; None where there is no talk, or nothing to say in it."""
    conversation = (
        Conversation.objects.select_related("match__group__version")
        .filter(match_id=address.match, path=address.path)
        .first()
    )
    if conversation is None:
        return None
    terms = terms_of(conversation)
    state = MatchState(conversation.match, path=address.path)
    implementation, step = step_kind(state)
    acting = {place.seat for place in implementation.acting(state, step)}
    own = next((seat for seat in terms.speakers if seat.pk == address.seat and seat.number in acting), None)
    if own is None:
        return None
    people = frozenset(seat.number for seat in terms.speakers if seat.occupant == "person")
    passes = own.number in passing_for_people(state)
    said = list(conversation.entries.order_by("seq").values_list("seat__number", "at"))
    delivery, spoken = delivery_of(own.settings), _spoken(said, own.number, people)
    if conversation.safety_steps.exists():
        spoken = []
    passed = _passed(address) if delivery.takes_turns or own.settings.get("may_stay_silent") else {}
    listening = [seat for seat in terms.speakers if seat.number in acting - people]
    return Heard(
        own=own.number,
        writers=[writer for writer, _ in said],
        people=people,
        quota=terms.quota,
        passes=passes,
        people_are_done=not people & acting,
        may_end=may_end(state, terms, own.number),
        shows_typing=terms.shows_typing and bool(people) and (passes or _always_types(own)),
        is_paused=people_pause(conversation, [one.pk for one in terms.speakers if one.number in people & acting]),
        spoken_to_at=spoken[0] if spoken else None,
        last_spoken_at=spoken[-1] if spoken else None,
        passed=passed.get(own.pk),
        has_floor=_has_floor(state, own, listening, delivery, passed) if people and not terms.quota else None,
        is_chat=conversation.channel == "chat",
    )


def _spoken(said: Sequence[tuple[int, datetime]], own: int, people: frozenset[int]) -> list[datetime]:
    """When those of `people` said something since a seat's last entry."""
    since = max((index for index, (writer, _) in enumerate(said, start=1) if writer == own), default=0)
    return [at for writer, at in said[since:] if writer in people]


def _passed(address: Address) -> dict[int, int | None]:
    """Seat → up to which entry of a talk it has chosen to say nothing."""
    turns = BotTurn.objects.filter(match_id=address.match, path=address.path)
    return dict(turns.values_list("seat_id", "passed"))


def _has_floor(
    state: MatchState, own: Seat, listening: Sequence[Seat], delivery: Delivery, passed: Mapping[int, int | None]
) -> bool | None:
    """Whether a seat is the one that answers, where one of several does.

    Args:
        listening: The automated seats that may speak.
    """
    if not delivery.takes_turns:
        return None
    entries = Entry.objects.filter(conversation__match=state.match, conversation__path=state.path).order_by("seq")
    said = [floor.Said(by, text) for by, text in entries.values_list("seat__number", "text")]
    listeners = {seat.number: floor.Listener(called(state.place(seat)), passed.get(seat.pk)) for seat in listening}
    automated = {seat.number for seat in state.seats.values() if seat.occupant != "person"}
    chance = f"{state.chance}/{state.path}"
    return floor.holder(said, listeners, automated, rule=delivery.floor, chance=chance) == own.number


def newest_of_people(address: Address) -> int:
    """The number of the newest entry of a talk that a person has made; 0 where none has."""
    talk = {"conversation__match_id": address.match, "conversation__path": address.path}
    said = Entry.objects.filter(**talk, seat__occupant="person").order_by("-seq")
    return said.values_list("seq", flat=True).first() or 0


def _always_types(seat: Seat) -> bool:
    """Whether the study file lets people see that a seat writes whose label says that it is a program."""
    partner = definition.definition(seat.group.version).partners.get(seat.partner)
    return isinstance(partner, AutomatedPartner) and partner.typing == "always"


def is_theirs_alone(facts: TurnFacts) -> bool:
    """Whether one person alone is in a talk, whose time nothing else limits: then it may last longer."""
    match = Match.objects.select_related("group__version").get(pk=facts.match_id)
    people = Seat.objects.filter(placings__match=match, session__isnull=False, status=Seat.Status.SITTING)
    return facts.is_talk and people.count() == 1 and time_left(match) is None


def people_may_end(facts: TurnFacts) -> bool:
    """Whether everybody who goes on in a talk could end it now themselves: its minimum is met, or it has none."""
    match = Match.objects.select_related("group__version").get(pk=facts.match_id)
    state = MatchState(match, path=facts.path)
    if not facts.is_talk:
        return True
    terms = terms_at(state, step_at(state.game.experiment.steps, facts.path))
    people = [seat.number for seat in terms.speakers if seat.occupant == "person"]
    return all(may_end(state, terms, number) for number in people if number not in ready(state))


def has_missed(address: Address) -> bool:
    """Whether the seat is at the page about a void match because its own act did not come."""
    missed = Act.objects.filter(match_id=address.match, seat_id=address.seat, source=Act.Source.TIMEOUT)
    return address.path == VOID_PATH and missed.filter(path=F("match__void_path")).exists()


def own_last_seq(address: Address) -> int:
    """The seq of a seat's own last entry in a talk; 0 before it has made one."""
    entries = Conversation.objects.filter(match_id=address.match, path=address.path, entries__seat_id=address.seat)
    return entries.order_by("-entries__seq").values_list("entries__seq", flat=True).first() or 0


def open_turns(groups: Sequence[int]) -> list[int]:
    """Ids of the `Due` rows of turns that are open in some groups."""
    placings = Placing.objects.filter(match__group_id__in=groups).exclude(match__path="")
    places = placings.exclude(seat__occupant="person").values_list("match_id", "match__rev", "seat_id")
    keys = [f"{match}:{rev}:{seat}" for match, rev, seat in places]
    rows = Due.objects.filter(reaction=TAKE_TURN, outcome="", key__in=keys)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def over(groups: Sequence[int]) -> dict[int, str]:
    """Those of some groups that are over, with the status they ended in."""
    ended = Group.objects.filter(pk__in=groups).exclude(status=Group.Status.ACTIVE)
    return dict(ended.values_list("pk", "status"))
