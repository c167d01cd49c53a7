"""Which visit a match is of, among those in which its experiment is played. Rules ask for it; most never do."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from events.prepared import Given, prepared
from scheduling.models import Session
from studies import definition
from studies.models import Version


@dataclass(frozen=True)
class Visiting:
    """A visit by its number, from 1, and how many there are."""

    number: int
    of: int


def visiting(version: Version, experiment: str, sessions: Sequence[int]) -> Visiting:
    """The visit of those who meet; where they are at different ones, the earliest.

    Args:
        sessions: Keys of their sessions; none where nobody sits: that is as a first visit.
    """
    study = definition.definition(version)
    numbers = definition.visits_with(study, experiment)
    found = [
        numbers[wave][repeat - 1] if wave in numbers else repeat
        for wave, repeat in (_visits.all(sessions=list(sessions)) if sessions else ())
    ]
    return Visiting(min(found, default=1), max((of[-1] for of in numbers.values()), default=1))


@prepared
def _visits(sessions: Given) -> QuerySet[Session, tuple[str, int]]:
    return Session.objects.filter(pk__any=sessions).order_by("pk").values_list("wave", "repeat")
