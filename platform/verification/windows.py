"""Planned visits: a row for each that the study plans, in the state to which its events lead, beside its own visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from events.models import Event
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from scheduling.services import OFFERED, PLANNED
from scheduling.states import OVER, STATE_AFTER, State, is_exceeded
from scheduling.windows import slots_of
from studies import definition
from verification.inquiry import Inquiry

Rows = Sequence[ScheduledSession]


def check_windows(inquiry: Inquiry, visits: Mapping[Participant, Sequence[Session]]) -> None:
    """For some people, each with their visits."""
    rows: dict[int, list[ScheduledSession]] = defaultdict(list)
    for row in ScheduledSession.objects.filter(participant__in=visits).order_by("participant", "number"):
        rows[row.participant_id].append(row)
    keys = [row.pk for several in rows.values() for row in several]
    events: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(subject_kind="window", subject_id__in=keys).order_by("pk"):
        events[event.subject_id].append(event)
    are_planned = {event.subject_id for event in _about(visits, PLANNED)}
    offers = {event.subject_id: event for event in _about(visits, OFFERED)}
    for person, sessions in visits.items():
        own = rows[person.pk]
        planned = len(slots_of(definition.definition(person.version))) if person.pk in are_planned else 0
        inquiry.report.compare("planned visits of a participant", person.code, planned, len(own))
        begun = sum(row.session_id is not None for row in own)
        inquiry.report.compare("visits of a participant", person.code, 1 + begun, len(sessions))
        for row in own:
            _check_window(inquiry, person, row, events[row.pk])
        _check_order(inquiry, person, own)
        _check_attendance(inquiry, person, own, offers.get(person.pk))


def _about(people: Iterable[Participant], kind: str) -> Sequence[Event]:
    """Events of a kind about some people, in order."""
    events = Event.objects.filter(kind=kind, subject_kind="participant", subject_id__in=[one.pk for one in people])
    return list(events.order_by("pk"))


def _check_window(inquiry: Inquiry, person: Participant, row: ScheduledSession, events: Sequence[Event]) -> None:
    report, where = inquiry.report, f"{person.code}, {row.wave} {row.repeat}"
    moves = [STATE_AFTER[event.kind] for event in events if event.kind in STATE_AFTER]
    told = inquiry.follow("window", where, [str(State.PLANNED), *moves])
    report.compare("state of a planned visit", where, told, row.state)
    report.compare("end of a planned visit", where, told in OVER, row.ended_at is not None)
    report.compare("beginning of a planned visit", where, str(State.STARTED) in moves, row.session_id is not None)
    opens, closes = row.opens_at, row.closes_at
    if row.state != State.PLANNED and opens and closes and not opens < closes:
        report.differ("window of a planned visit", where, "an opening before the close", f"{opens} and {closes}")


def _check_order(inquiry: Inquiry, person: Participant, rows: Rows) -> None:
    """No visit opened before the one before it was over."""
    for before, row in pairwise(rows):
        if row.opens_at is None or row.state in (State.PLANNED, State.CANCELLED):
            continue
        if before.ended_at is None or row.opens_at < before.ended_at:
            where = f"{person.code}, {row.wave} {row.repeat}"
            inquiry.report.differ("windows that overlap", where, f"after {before.ended_at}", str(row.opens_at))


def _check_attendance(inquiry: Inquiry, person: Participant, rows: Rows, offer: Event | None) -> None:
    """Nobody stays who has missed too much, but for what is still offered; and that leads to the exit that was said."""
    rule = definition.definition(person.version).attendance
    is_exceeded_now = rule is not None and is_exceeded(rule, [row.state for row in rows if row.state in OVER])
    is_here = person.status == Participant.Status.ACTIVE
    if is_exceeded_now and is_here and offer is None:
        inquiry.report.differ("too many missed visits", person.code, "an exit", "nothing")
    wave, by = (offer.facts["wave"], offer.facts["exit"]) if offer is not None else ("", "")
    for row in rows:
        expected = by if row.wave == wave else ""
        inquiry.report.compare(
            "visit that is still offered", f"{person.code}, {row.wave} {row.repeat}", expected, row.exit
        )
    if is_here and any(row.state not in OVER and row.wave != wave for row in rows if wave):
        inquiry.report.differ("visits beside one that is still offered", person.code, "none", "some")
