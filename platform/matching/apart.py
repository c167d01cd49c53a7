"""People who do not want to be seated together again: their wish, and whom it keeps from whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Q, QuerySet

from events.prepared import Given, prepared, together
from matching.models import KeptApart
from participants.services import lock_people, people_under_lock
from studies.lasting import lasting_group
from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import WaitingRoomStage


def may_meet_again(study: StudyFile) -> bool:
    """Whether people who have been in one group may be put into one again, by chance, in another visit or game.

    Of pairs that last it is known who meets whom. A program that lasts comes again whatever is wished, so where there
    is one nobody is asked: to ask only those who met a person would tell them so.
    """
    if lasting_group(study) or any(_comes_again(partner) for partner in study.partners.values()):
        return False
    rooms = ((wave, stage) for wave in study.waves for stage in wave.stages if isinstance(stage, WaitingRoomStage))
    return sum(wave.repeat for wave, _room in rooms) > 1


def _comes_again(partner: object) -> bool:
    return isinstance(partner, AutomatedPartner) and partner.is_lasting


def keep(participant: int, others: Iterable[int]) -> None:
    """Never seat somebody with some others again, in the caller's transaction. A wish stays; twice is once.

    All of them are locked, as who seats them locks them (`are_apart_for_good`), and who deletes their data: each of
    these comes wholly before or after. Of somebody whose data are deleted by then nothing is kept.
    """
    there = {pk for pk, person in lock_people({participant, *others}).items() if person.erased_at is None}
    for other in sorted(there - {participant}) if participant in there else ():
        KeptApart.objects.get_or_create(participant_id=participant, other_id=other)


def wishes(people: Collection[int]) -> Mapping[int, set[int]]:
    """With whom of these people each must not be seated, whichever of the two has wished it."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = KeptApart.objects.filter(participant__in=list(people), other__in=list(people))
    for one, other in rows.values_list("participant", "other"):
        found[one].add(other)
        found[other].add(one)
    return found


def are_apart(people: Sequence[int]) -> bool:
    """Whether two of some people must not be seated together."""
    return len(people) > 1 and bool(_wish_among.all(people=list(people)))


def are_apart_for_good(people: Sequence[int]) -> bool:
    """As `are_apart`, under the locks of the people: until the commit there is no other wish than those seen here.

    The caller holds the locks of their visits.
    """
    if len(people) < 2:
        return False
    _locked, wished = together(people_under_lock.given(people=list(people)), _wish_among.given(people=list(people)))
    return bool(wished)


@prepared
def _wish_among(people: Given) -> QuerySet[KeptApart, int]:
    wished = KeptApart.objects.filter(participant__pk__any=people, other__pk__any=people)
    return wished.values_list("pk", flat=True)[:1]


def about(participant: int) -> Q:
    """The wishes of somebody and those about them: a filter."""
    return Q(participant=participant) | Q(other=participant)
