"""Two people who stay partners: formed and ended as events say, planned by both clocks, and meeting nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from events.models import Event
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.meetings import AGAIN, IN_VAIN, MET, PARTNER_ABSENT, reckoned
from scheduling.models import Pair, PairVisit, ScheduledSession
from scheduling.pairs import ENDED, FORMED
from scheduling.states import OVER, State
from studies import definition
from studies.lasting import lasting_group
from verification.inquiry import Inquiry

INSTANTS = ("planned_open", "opens_at", "due_at", "closes_at", "grace_until")
_OUTCOMES = {MET: PairVisit.Outcome.MET, IN_VAIN: PairVisit.Outcome.IN_VAIN}
Plans = Mapping[int, Sequence[ScheduledSession]]


def check_pairs(inquiry: Inquiry) -> None:
    """Every pair of the study, and every group of two people who last."""
    before = set[frozenset[int]]()
    for pair in Pair.objects.filter(version__study=inquiry.study).order_by("pk"):
        pair.version = inquiry.versions[pair.version_id]
        people = list(Participant.objects.filter(memberships__pair=pair).order_by("pk"))
        inquiry.report.count("pairs")
        both = frozenset(person.pk for person in people)
        if len(both) == 2 and both in before:
            inquiry.report.differ("pair of two who were partners before", pair.code, "two others", "the same two")
        before.add(both)
        log = list(Event.objects.filter(subject_kind="pair", subject_id=pair.pk).order_by("pk"))
        _check_pair(inquiry, pair, people, log)
        if len(people) == 2 and not any(person.erased_at for person in people):
            _check_visits(inquiry, pair, people, log)
    for version in inquiry.versions.values():
        _check_company(inquiry, version.pk, lasting_group(definition.definition(version)))


def _check_pair(inquiry: Inquiry, pair: Pair, people: Sequence[Participant], log: Sequence[Event]) -> None:
    report = inquiry.report
    report.compare("people of a pair", pair.code, 2, len(people))
    report.compare("forming of a pair", pair.code, 1, sum(event.kind == FORMED for event in log))
    ended = [event for event in log if event.kind == ENDED]
    told = Pair.Status.ENDED if ended else Pair.Status.LASTING
    report.compare("status of a pair", pair.code, str(told), pair.status)
    report.compare("end reason of a pair", pair.code, ended[0].facts["reason"] if ended else "", pair.end_reason)
    lasts = set(pair.members.values_list("lasts", flat=True))
    report.compare("people of a pair that is over", pair.code, [not ended], sorted(lasts))
    is_here = [person.status == Participant.Status.ACTIVE for person in people]
    if not ended and not all(is_here):
        report.differ("pair of somebody who has left", pair.code, "an end", "none")


def _check_visits(inquiry: Inquiry, pair: Pair, people: Sequence[Participant], log: Sequence[Event]) -> None:
    plans = {person.pk: list(person.scheduled.order_by("number")) for person in people}
    for visit in pair.visits.order_by("number"):
        inquiry.report.count("visits of pairs")
        where = f"{pair.code}, {visit.wave} {visit.repeat}"
        own = [event for event in log if event.facts.get("number") == visit.number and event.kind != FORMED]
        outcomes = [str(_OUTCOMES[event.kind]) for event in own if event.kind in _OUTCOMES]
        inquiry.report.compare("outcome of a pair's visit", where, outcomes, [visit.outcome] if visit.outcome else [])
        has_again = any(event.kind == AGAIN for event in own)
        inquiry.report.compare("second time of a pair's visit", where, has_again, visit.again_at is not None)
        _check_rows(inquiry, where, visit)
        _check_window(inquiry, pair, visit, where, plans)
        _check_outcome(inquiry, pair, visit, where)


def _check_rows(inquiry: Inquiry, where: str, visit: PairVisit) -> None:
    """The two have copies of the same instants."""
    for row in visit.rows.exclude(opens_at=None):
        for name in INSTANTS:
            inquiry.report.compare("window of a pair", f"{where}, {name}", getattr(visit, name), getattr(row, name))


def _check_window(inquiry: Inquiry, pair: Pair, visit: PairVisit, where: str, plans: Plans) -> None:
    """The window follows from the study file, the zones of both and what came before, worked out again."""
    rows = [row for plan in plans.values() for row in plan if row.pair_visit_id == visit.pk and row.opens_at]
    pasts = [plan[: visit.number - 1] for plan in plans.values()]
    if len(rows) != 2 or any(row.state not in OVER for past in pasts for row in past):
        return
    if not all(row.zone for row in rows):
        inquiry.report.left_out["visits by clocks that are purged"] += 1
        return
    found, window = reckoned(pair, pasts, visit.number, [row.zone for row in rows])
    told = (window.planned, window.opens, window.due) if window is not None else (found.opens, None, None)
    kept = (visit.planned_open, visit.opens_at, visit.due_at)
    inquiry.report.compare("window of a pair, reckoned", where, list(map(str, told)), list(map(str, kept)))


def _check_outcome(inquiry: Inquiry, pair: Pair, visit: PairVisit, where: str) -> None:
    """Who met sat together; who waited in vain is paid for the visit, and nobody else for having done so."""
    sessions = [row.session_id for row in visit.rows.exclude(session=None)]
    seats = Seat.objects.filter(group__pair=pair, session__in=sessions)
    has_met = seats.values("participant").distinct().count() == 2
    inquiry.report.compare("meeting of a pair", where, visit.outcome == PairVisit.Outcome.MET, has_met)
    let_go = visit.rows.filter(state=State.COMPLETED, reason=PARTNER_ABSENT).exists()
    inquiry.report.compare("wait in vain", where, visit.outcome == PairVisit.Outcome.IN_VAIN, let_go)


def _check_company(inquiry: Inquiry, version: int, name: str) -> None:
    """Nobody who has a partner sits with another person."""
    if not name:
        return
    for group in Group.objects.filter(version=version).select_related("pair").prefetch_related("seats").order_by("pk"):
        people = {seat.participant_id for seat in group.seats.all() if seat.participant_id}
        if len(people) < 2:
            continue
        of_pair = set(group.pair.members.values_list("participant", flat=True)) if group.pair is not None else set()
        if people != of_pair:
            inquiry.report.differ("people of a group of a pair", group.code, "the two of its pair", "others")
