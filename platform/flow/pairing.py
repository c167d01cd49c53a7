"""What a pairing rule is told, read from rows."""

from collections.abc import Sequence
from random import Random

from django.db.models import QuerySet

from events.prepared import Given, prepared
from flow.game import Game
from flow.models import Match, Placing
from matching.models import Group, Seat
from paradigm import Matching, MatchPlan
from paradigm import Seat as SeatFacts


def matching_of(group: Group, game: Game, number: int, seats: Sequence[Seat]) -> Matching:
    """What the experiment's pairing rule is told before a round: those who sit here, chance, and who met before.

    Args:
        seats: All of the group's.
    """
    sitting = [seat for seat in seats if seat.status == Seat.Status.SITTING]
    return Matching(
        # a stand-in sits where the condition wants a person, and is paired like one
        seats=[SeatFacts(s.number, s.role, "human" if s.is_stand_in else s.kind, s.dealt) for s in sitting],
        round=number,
        rng=Random(f"{group.version.seed}/pairing/{group.code}/{number}"),  # noqa: S311  seeded on purpose
        parameters=game.parameters,
        past=_past(group) if number > 1 else [],
    )


def _past(group: Group) -> list[list[MatchPlan]]:
    """Who met whom in each earlier round, oldest first."""
    matches: dict[int, Match] = {}
    placed: dict[int, dict[str, int]] = {}
    for placing in _met.all(group=group.pk):
        matches[placing.match_id] = placing.match
        placed.setdefault(placing.match_id, {})[placing.position] = placing.seat.number
    past: dict[int, list[MatchPlan]] = {}
    for pk, match in matches.items():
        past.setdefault(match.round, []).append(MatchPlan(placed[pk], [tuple(edge) for edge in match.edges]))
    return list(past.values())


@prepared
def _met(group: Given) -> QuerySet[Placing]:
    placings = Placing.objects.filter(match__group=group).select_related("match", "seat")
    return placings.order_by("match__round", "match__number", "position")


def seats_of(group: Group) -> list[Seat]:
    """The seats of a group by number, whoever has left among them."""
    return _seats.all(group=group.pk)


@prepared
def _seats(group: Given) -> QuerySet[Seat]:
    return Seat.objects.filter(group=group).order_by("number")
