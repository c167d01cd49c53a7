"""Two people who stayed partners, and who met the same partner again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import Scope, by_code
from matching.models import PartnerInstance, Seat
from participants.models import Participant
from scheduling.models import Pair, PairVisit
from studies import definition
from studies.models import Study, Version

MET_NOBODY = "they never sat together"
Key = tuple[object, ...]
"""Of a partner: the same whenever one meets the same."""

COLUMNS = [
    keys.PAIR,
    keys.VERSION,
    Column("group_plan", "The entry of `groups` in the study file that lasts."),
    Column("status", "Whether the two are still partners.", allowed="|".join(Pair.Status.values)),
    Column(
        "end_reason",
        "Why they are not: the exit by which the first of them left, completed where that was at the end; short where "
        "their windows overlapped by too little; parted where a researcher ended it for a reason.",
        missing="they still are",
    ),
    Column("first_visit", "The visit in which they met first, among all of a person, from 1.", "integer", "visits"),
    Column("last_visit", "The last visit in which they sat together.", "integer", "visits", missing=MET_NOBODY),
    Column("visits_met", "How many visits they sat together in.", "integer", "visits"),
    Column("visits_planned", "How many later visits were planned for both.", "integer", "visits"),
    Column("visits_in_vain", "In how many of these one waited for the other in vain.", "integer", "visits"),
    Column("visits_put_off", "In how many they were given another time to meet.", "integer", "visits"),
    Column("has_withdrawn", "1 if one of them asked that their data be deleted.", "boolean"),
    keys.STUDY_DAY,
]


def _pairs(scope: Scope) -> Iterator[Row]:
    pairs = Pair.objects.filter(version__study=scope.study).order_by(by_code("code"))
    for pair in pairs.prefetch_related("members__participant", "visits", "groups__seats__session"):
        met = sorted(_visits_met(scope.versions[pair.version_id], pair))
        visits = list(pair.visits.all())
        yield {
            "pair": pair.code,
            "version": scope.versions[pair.version_id].number,
            "group_plan": pair.group,
            "status": pair.status,
            "end_reason": pair.end_reason or None,
            "first_visit": pair.visit,
            "last_visit": met[-1] if met else None,
            "visits_met": len(met),
            "visits_planned": len(visits),
            "visits_in_vain": sum(one.outcome == PairVisit.Outcome.IN_VAIN for one in visits),
            "visits_put_off": sum(one.again_at is not None for one in visits),
            "has_withdrawn": any(one.participant.status == Participant.Status.WITHDRAWN for one in pair.members.all()),
            "study_day": scope.day(pair.formed_at),
        }


def _visits_met(version: Version, pair: Pair) -> Set[int]:
    """The numbers of the visits in which the two sat together."""
    sessions = [seat.session for group in pair.groups.all() for seat in group.seats.all() if seat.session is not None]
    return {definition.visit_number(version, one.wave, one.repeat) for one in sessions}


class _Seat(NamedTuple):
    pk: int
    session: int | None
    person: int | None
    partner: str


def same_partners(study: Study) -> Mapping[int, bool]:
    """Visit → whether somebody was met in it who had been met in the last one in which anybody was.

    Nothing of visits in which nobody was met, and of the first in which somebody was; nothing at all in a study of one
    visit.
    """
    versions = [definition.definition(version) for version in study.versions.all()]
    if all(len(said.waves) == 1 for said in versions):
        return {}
    found, before = dict[int, bool](), dict[int, Set[Key]]()
    for (person, session), partners in sorted(_met(study).items(), key=lambda each: each[0][1]):
        if person in before:
            found[session] = bool(before[person] & partners)
        before[person] = partners
    return found


def _met(study: Study) -> Mapping[tuple[int, int], Set[Key]]:
    """Person and visit → the partners that were met in it."""
    seats = Seat.objects.filter(group__version__study=study)
    rows = list(seats.values_list("group", "pk", "session", "participant", "partner"))
    known = PartnerInstance.objects.filter(participant__study=study).values_list("participant", "partner")
    lasting = set(known)
    groups: dict[int, list[_Seat]] = defaultdict(list)
    for group, pk, session, person, partner in rows:
        groups[group].append(_Seat(pk, session, person, partner))
    found: dict[tuple[int, int], Set[Key]] = defaultdict(frozenset)
    for sitting in groups.values():
        for seat in sitting:
            if seat.session is not None and seat.person is not None:
                others = {_key(one, seat.person, lasting) for one in sitting if one.pk != seat.pk}
                found[seat.person, seat.session] |= others
    return found


def _key(seat: _Seat, person: int, lasting: Set[tuple[int, str]]) -> Key:
    if seat.person is not None:
        return ("person", seat.person)
    return ("partner", seat.partner) if (person, seat.partner) in lasting else ("seat", seat.pk)


PAIRS = Table("pairs", "Two people who stayed partners over their visits", COLUMNS, _pairs)
