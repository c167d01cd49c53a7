"""Participants, their visits and their waiting, as their events tell them; their pay; and the forms they sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from events.models import Event
from flow.consenting import ASKED
from flow.services.rescue import MOVE
from flow.services.visits import VISIT_ENDED, WITHDRAWN
from flow.showing import SKIPPED, is_always_shown, is_shown
from matching.models import Ticket
from matching.services import JOINED, STATUS_EVENT
from participants.models import Participant
from participants.services import ENTERED
from scheduling.models import Session
from scheduling.services import OPENED
from studies import definition
from studies import services as studies
from verification.erased import check_erased, check_requests
from verification.forms import check_forms
from verification.inquiry import Inquiry
from verification.lasting import check_lasting
from verification.memories import check_memories
from verification.pay import check_pay
from verification.practice import check_practice
from verification.reminders import check_reminders
from verification.scales import check_scales
from verification.topics import check_orders
from verification.windows import check_windows
from verification.words import check_words

PEOPLE_AT_ONCE = 250
FINISHED = "session.finished"
STAGES = ("stage.opened", "stage.closed", ASKED, SKIPPED)
_TICKET_STATUS = {event: str(status) for status, event in STATUS_EVENT.items()} | {JOINED: str(Ticket.Status.WAITING)}
_STUDY_STATUS = {
    studies.OPENED: studies.Status.OPEN, studies.PAUSED: studies.Status.PAUSED, studies.CLOSED: studies.Status.CLOSED,
}  # fmt: skip
Log = Mapping[tuple[str, int], Sequence[Event]]


@dataclass(frozen=True)
class _Person:
    row: Participant
    sessions: Sequence[Session]
    tickets: Sequence[Ticket]


def check_study(inquiry: Inquiry) -> None:
    """The study's own status."""
    study = inquiry.study
    events = Event.objects.filter(subject_kind="study", subject_id=study.pk, kind__in=_STUDY_STATUS).order_by("pk")
    moves = [str(_STUDY_STATUS[event.kind]) for event in events]
    inquiry.report.count("studies")
    told = inquiry.follow("study", study.slug, [str(studies.Status.DRAFT), *moves])
    inquiry.report.compare("status of the study", study.slug, told, study.status)


def check_people(inquiry: Inquiry) -> None:
    """Everybody in the study, some at a time."""
    rows = Participant.objects.filter(study=inquiry.study).order_by("pk")
    total = rows.count()
    for batch in inquiry.batches("people", rows.iterator(PEOPLE_AT_ONCE), size=PEOPLE_AT_ONCE, total=total):
        people = _together(inquiry, batch)
        log = _log(people)
        for person in people:
            _check_person(inquiry, person, log)
        check_pay(inquiry, batch, log)
        check_windows(inquiry, {person.row: person.sessions for person in people})
        check_reminders(inquiry, {person.row: person.sessions for person in people})
        visits = [session for person in people for session in person.sessions]
        check_forms(inquiry, visits)
        check_practice(inquiry, visits)
        check_scales(inquiry, visits)
        check_words(inquiry, visits)
        check_lasting(inquiry, batch)
        check_orders(inquiry, batch)
        check_memories(inquiry, batch)
    check_requests(inquiry)
    entered = Event.objects.filter(study_id=inquiry.study.pk, kind=ENTERED)
    erased = entered.exclude(subject_id__in=rows.values("pk")).count()
    inquiry.report.left_out["people erased"] += erased + rows.filter(erased_at__isnull=False).count()
    inquiry.told.may_be_erased += erased


def _together(inquiry: Inquiry, batch: Sequence[Participant]) -> Sequence[_Person]:
    sessions: dict[int, list[Session]] = defaultdict(list)
    for session in Session.objects.filter(participant__in=batch).order_by("pk"):
        sessions[session.participant_id].append(session)
    tickets: dict[int, list[Ticket]] = defaultdict(list)
    for ticket in Ticket.objects.filter(session__participant__in=batch).select_related("session").order_by("pk"):
        tickets[ticket.session.participant_id].append(ticket)
    for row in batch:
        row.study, row.version = inquiry.study, inquiry.versions[row.version_id]
        for session in sessions[row.pk]:
            session.participant = row
    return [_Person(row, sessions[row.pk], tickets[row.pk]) for row in batch]


def _log(people: Sequence[_Person]) -> Log:
    """Every event about these people, by what it is about, in order."""
    about = Q(subject_kind="participant", subject_id__in=[person.row.pk for person in people])
    about |= Q(subject_kind="session", subject_id__in=[one.pk for person in people for one in person.sessions])
    about |= Q(subject_kind="ticket", subject_id__in=[one.pk for person in people for one in person.tickets])
    found: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in Event.objects.filter(about).order_by("pk"):
        found[event.subject_kind, event.subject_id].append(event)
    return found


def _check_person(inquiry: Inquiry, person: _Person, log: Log) -> None:
    row, report = person.row, inquiry.report
    report.count("people")
    entered = [str(Participant.Status.ACTIVE) for event in log["participant", row.pk] if event.kind == ENTERED]
    ended = sorted(
        (event for one in person.sessions for event in log["session", one.pk] if event.kind == FINISHED),
        key=lambda event: event.pk,
    )
    asked = [event for event in log["participant", row.pk] if event.kind == WITHDRAWN]
    later = [str(Participant.Status.WITHDRAWN) for event in asked if event.facts["before"] != Participant.Status.ACTIVE]
    moves = [*entered, *(str(event.facts["status"]) for event in ended), *later]
    told = inquiry.follow("participant", row.code, moves)
    report.compare("status of a participant", row.code, told, row.status)
    report.compare("exit of a participant", row.code, ended[-1].facts["exit"] if ended else "", row.exit)
    report.compare("end of a participant", row.code, bool(ended), row.ended_at is not None)
    exits = definition.definition(row.version).exits
    if row.exit and row.exit not in exits:
        report.differ("undeclared exit", row.code, sorted(exits), row.exit)
    report.standing[f"people: {row.exit or row.status}"] += 1
    check_erased(inquiry, row, log["participant", row.pk], has_asked=bool(asked))
    for session in person.sessions:
        _check_session(inquiry, session, log["session", session.pk])
    for ticket in person.tickets:
        _check_ticket(inquiry, f"{row.code} at {ticket.stage}", ticket, log["ticket", ticket.pk])


def _check_session(inquiry: Inquiry, session: Session, events: Sequence[Event]) -> None:
    person, report = session.participant, inquiry.report
    where = f"{person.code}, {session.wave}"
    report.count("sessions")
    statuses = {OPENED: str(Session.Status.ACTIVE), FINISHED: str(Session.Status.FINISHED)}
    if any(event.kind == VISIT_ENDED for event in events):  # what ended the participation came after this visit
        statuses = {OPENED: str(Session.Status.ACTIVE), VISIT_ENDED: str(Session.Status.FINISHED)}
    told = inquiry.follow("session", where, [statuses[event.kind] for event in events if event.kind in statuses])
    report.compare("status of a session", where, told, session.status)
    report.compare("end of a session", where, told == Session.Status.FINISHED, session.finished_at is not None)
    stages = [event.facts["stage"] for event in events if event.kind in STAGES]
    known = [stage.id for stage in definition.definition(person.version).stages]
    at = known[session.stage] if session.stage < len(known) else f"stage {session.stage + 1} of {len(known)}"
    report.compare("stage of a session", where, stages[-1] if stages else "", at)
    _check_shown(inquiry, session, events)


def _check_shown(inquiry: Inquiry, session: Session, events: Sequence[Event]) -> None:
    """Stages for some were opened for those alone, and passed over for all others; a researcher may move anybody."""
    person = session.participant
    stages = definition.definition(person.version).stages
    declared = {stage.id: stage for stage in stages if not is_always_shown(stage)}
    if not declared or any(event.kind == MOVE for event in events):
        return
    for event in events:
        stage = declared.get(str(event.facts.get("stage")))
        if stage is not None and event.kind in ("stage.opened", SKIPPED):
            where, expected = f"{person.code} at {stage.id}", is_shown(session, stage)
            inquiry.report.compare("stage shown", where, expected, event.kind != SKIPPED)


def _check_ticket(inquiry: Inquiry, where: str, ticket: Ticket, events: Sequence[Event]) -> None:
    report, told = inquiry.report, ""
    report.count("tickets")
    moves = [event for event in events if event.kind in _TICKET_STATUS]
    for event in moves:
        if "before" in event.facts:
            report.compare("event of a ticket", where, told, event.facts["before"])
        told = _TICKET_STATUS[event.kind]
    told = inquiry.follow("ticket", where, [_TICKET_STATUS[event.kind] for event in moves])
    report.compare("status of a ticket", where, told, ticket.status)
    is_over = told in (Ticket.Status.SEATED, Ticket.Status.LEFT, Ticket.Status.EXPIRED)
    report.compare("end of a ticket", where, is_over, ticket.ended_at is not None)
