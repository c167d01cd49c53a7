"""The levels that hold in a round: of its group, of each pair that meets in it, and of each person who plays it.

They are drawn, where they are, and written on the match and its placings when these are made: no page asks for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from events.prepared import Given, prepared
from flow.labels import label_in
from flow.models import Match, Placing
from matching.models import Group, Seat
from paradigm import MatchPlan
from participants.models import Participant
from studies import giving
from studies.allocation import entries
from studies.models import condition_of


@dataclass(frozen=True)
class RoundLevels:
    """What holds in one round of a group.

    Args:
        of_group: Level by factor.
        of_people: Participant → their own level by factor.
    """

    group: Group
    number: int
    of_group: Mapping[str, str]
    of_people: Mapping[int, Mapping[str, str]]

    def of_match(self, plan: MatchPlan) -> str:
        """The condition of a match: its round's, and where two meet its pair's."""
        of_pair = giving.of_pair(self.group.version, self.group, list(plan.seats.values()), self.number)
        return condition_of({**self.of_group, **of_pair})

    def placing(self, match: Match, position: str, seat: Seat) -> Placing:
        """A seat in a match: its person's own levels, and its label where the match has another than the group."""
        own = condition_of(dict(self.of_people.get(seat.participant_id or 0, {})))
        return Placing(match=match, seat=seat, position=position, condition=own, label=label_in(match, seat))


def levels_of_round(group: Group, number: int, seats: Sequence[Seat]) -> RoundLevels:
    """Draw what is drawn at a round that begins, under the group's lock, and read what holds in it."""
    of_group = giving.at_round(group.version, group, number, group.condition)
    of_people: Mapping[int, Mapping[str, str]] = {}
    if any(entry.is_of_people for entry in entries(group.version)):
        sitting = [seat for seat in seats if seat.status == Seat.Status.SITTING and seat.participant_id]
        people = {person.pk: person for person in _people.all(people=[seat.participant_id for seat in sitting])}
        of_people = giving.of_people(group.version, people, number)
    return RoundLevels(group, number, of_group, of_people)


@prepared
def _people(people: Given) -> QuerySet[Participant]:
    return Participant.objects.filter(pk__any=people).order_by("pk")
