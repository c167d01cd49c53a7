"""Visits: open one; plan those to come; move their windows, each move once and recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from events import clock, due, log
from events.prepared import Given, insert, insert_all, prepared, update
from participants.models import Participant
from participants.services import confirm_zone
from scheduling import outbox
from scheduling.calendars import held_of, person_of
from scheduling.models import ScheduledSession, Session
from scheduling.states import EVENT_OF, OVER, State, check_state
from scheduling.windows import Window, planned_opening, slots_of, window
from studies import definition

OPENED = "session.opened"
PLANNED = "windows.planned"
ZONE_CHANGED = "zone.changed"
OFFERED = "visits.offered"
TURN = "flow.tasks.turn_window"
TURN_AGAIN_AFTER = timedelta(hours=1)
TOO_LATE, NOT_BEGUN, NOT_FINISHED = "too_late", "not_begun", "not_finished"


@transaction.atomic(savepoint=False)
def open_session(participant: Participant, wave: str = "") -> tuple[Session, bool]:
    """The participant's visit in a wave (by default the first), and whether this call made it."""
    wave = wave or definition.definition(participant.version).waves[0].id
    known = _visit.first(participant=participant.pk, wave=wave)
    if known is not None:
        known.participant = participant
        return known, False
    session = insert(Session(participant=participant, wave=wave))
    log.record(OPENED, study=participant.study_id, subject=("session", session.pk), facts={"wave": wave})
    return session, True


@prepared
def _visit(participant: Given, wave: Given) -> QuerySet[Session]:
    return Session.objects.filter(participant=participant, wave=wave)


@transaction.atomic(savepoint=False)
def enrol(participant: Participant, *, at: datetime) -> None:
    """Plan every visit after the first wave, once. The caller holds the lock of the person's first visit.

    Args:
        at: When the first wave ended: day 0 of the person's calendar.
    """
    if participant.scheduled.exists():
        return
    study = definition.definition(participant.version)
    if study.timezone is not None and study.timezone.zone is not None and not participant.zone:
        confirm_zone(participant, study.timezone.zone)
    person = person_of(participant, enrolled=at)
    rows = [
        ScheduledSession(
            participant=participant,
            wave=slot.wave,
            repeat=slot.repeat,
            number=number,
            zone=participant.zone,
            planned_open=planned_opening(study, slot, person, []),
        )
        for number, slot in enumerate(slots_of(study), start=1)
    ]
    insert_all(rows)
    facts = {"visits": len(rows)}
    log.record(PLANNED, study=participant.study_id, subject=("participant", participant.pk), facts=facts)


@transaction.atomic(savepoint=False)
def plan_next(participant: Participant) -> ScheduledSession | None:
    """Reckon the window of the next visit that is not over, and see to it that it opens; None where none is left.

    A visit for which there is no time is missed at once, and one that can be begun by now is open at once: nobody is
    told that it is still to come. The row that is returned says so. The caller holds the lock of the person's newest
    visit.
    """
    rows = list(participant.scheduled.select_related("session").order_by("number"))
    row = next((one for one in rows if one.state not in OVER), None)
    if row is None or row.opens_at is not None:  # planned already: what is due for it stays as it is
        return row
    found = _window_of(participant, rows, row)
    if found is None:
        move(row, State.MISSED, reason=TOO_LATE, ended_at=_end_before(rows, row) or row.planned_open)
        return row
    row.planned_open, row.opens_at, row.due_at = found.planned, found.opens, found.due
    row.closes_at, row.grace_until = found.closes, found.grace_until
    update(row, "planned_open", "opens_at", "due_at", "closes_at", "grace_until")
    row.participant = participant
    if found.opens <= clock.now():
        open_window(row)
    else:
        turn_at(row, found.opens)
    outbox.plan(row)
    return row


def _window_of(participant: Participant, rows: Sequence[ScheduledSession], row: ScheduledSession) -> Window | None:
    study, person = definition.definition(participant.version), person_of(participant)
    slot, past = slots_of(study)[row.number - 1], held_of(study, rows[: row.number - 1])
    row.planned_open = row.planned_open or planned_opening(study, slot, person, past)
    assert row.planned_open is not None, "E305: everything that a visit is counted from is over before it"
    until = rows[row.number].planned_open if row.number < len(rows) else None
    return window(study.waves[slot.at], row.planned_open, person=person, past=past, until=until)


def _end_before(rows: Sequence[ScheduledSession], row: ScheduledSession) -> datetime | None:
    """When the visit before ended, where that is later than when this one was planned."""
    before = rows[row.number - 2].ended_at if row.number > 1 else None
    return before if before and row.planned_open and before > row.planned_open else None


@transaction.atomic(savepoint=False)
def move_to_zone(participant: Participant, zone: str) -> None:
    """Plan by another clock what is not open yet; what would have opened already stays as it was.

    The caller holds the lock of the person's newest visit.
    """
    before, now = participant.zone, clock.now()
    confirm_zone(participant, zone)
    study, person = definition.definition(participant.version), person_of(participant)
    rows = list(participant.scheduled.select_for_update(of=("self",)).order_by("number"))
    past = held_of(study, [row for row in rows if row.state in OVER])
    moved = 0
    for slot, row in zip(slots_of(study), rows, strict=True):
        opening = planned_opening(study, slot, person, past) if row.state == State.PLANNED else None
        if row.state == State.PLANNED and (opening is None or opening > now):
            row.zone, row.planned_open, row.opens_at, row.closes_at = zone, opening, None, None
            row.due_at = row.grace_until = None
            update(row, "zone", "planned_open", "opens_at", "due_at", "closes_at", "grace_until")
            due.cancel(TURN, key_of(row, row.state))
            moved += 1
    facts = {"visits": moved, "is_other": zone != before}
    log.record(ZONE_CHANGED, study=participant.study_id, subject=("participant", participant.pk), facts=facts)


def lock_scheduled(key: int) -> ScheduledSession:
    """A planned visit under its lock: of several who want to move it, one does. The session's lock is taken before."""
    return _locked.get(key=key)


@prepared
def _locked(key: Given) -> QuerySet[ScheduledSession]:
    return ScheduledSession.objects.select_for_update(of=("self",)).filter(pk=key)


def move(row: ScheduledSession, state: State, *, reason: str = "", ended_at: datetime | None = None) -> None:
    """Let a planned visit pass into another state, and record it. The caller holds its lock, or that of its person.

    Raises:
        SchedulingError: "not_here" where that state cannot follow.
    """
    before, row.state = row.state, check_state(row.state, state)
    row.reason, row.ended_at = reason, ended_at
    update(row, "state", "reason", "ended_at", "planned_open", "session")
    due.forget(TURN, key_of(row, before))
    facts = {"wave": row.wave, "repeat": row.repeat, "before": before, "reason": reason}
    log.record(EVENT_OF[state], study=row.participant.study_id, subject=("window", row.pk), facts=facts)
    if state in OVER:
        outbox.drop(row)


def open_window(row: ScheduledSession) -> None:
    """A visit can be begun from now on, until it closes."""
    assert row.closes_at is not None
    move(row, State.OPEN)
    turn_at(row, row.closes_at)


def begin_in(row: ScheduledSession, session: Session) -> None:
    """A visit was begun: it can be finished until its grace ends."""
    assert row.grace_until is not None
    row.session = session
    move(row, State.STARTED)
    turn_at(row, row.grace_until)


def cancel_rest(participant: Participant, *, reason: str) -> None:
    """The person's part in the study ends: what was begun stays in part, what was planned does not take place."""
    now = clock.now()
    for row in participant.scheduled.exclude(state__in=OVER).select_for_update(of=("self",)).order_by("number"):
        row.participant = participant
        move(row, State.PARTIAL if row.state == State.STARTED else State.CANCELLED, reason=reason, ended_at=now)


def turn_again(row: ScheduledSession) -> None:
    """A visit could not be moved though it was time: have it tried anew, until it can. The caller holds its lock."""
    if row.state not in OVER:
        turn_at(row, clock.now() + TURN_AGAIN_AFTER)


def offer_only(participant: Participant, wave: str, *, exit_name: str) -> bool:
    """Leave out every visit to come but those of one wave, after which somebody leaves by an exit.

    The caller holds the lock of the person's newest visit, and none goes on.

    Returns:
        Whether there is such a visit; otherwise nothing was changed.
    """
    rows = list(participant.scheduled.select_for_update(of=("self",)).order_by("number"))
    offered = [row for row in rows if row.state not in OVER and row.wave == wave]
    if not offered:
        return False
    now = clock.now()
    # What is offered may be counted from it: a worker that comes late takes no time from that.
    ended_at = min(now, max((row.ended_at for row in rows if row.ended_at), default=now))
    for row in rows:
        row.participant = participant
        if row in offered:
            row.exit = exit_name
            update(row, "exit")
        elif row.state not in OVER:
            move(row, State.CANCELLED, reason=exit_name, ended_at=ended_at)
    facts = {"exit": exit_name, "wave": wave, "visits": len(offered)}
    log.record(OFFERED, study=participant.study_id, subject=("participant", participant.pk), facts=facts)
    return True


def turn_at(row: ScheduledSession, at: datetime) -> None:
    """See to it that something is done then, should nobody come. One open row for each state, however often asked."""
    due.schedule(TURN, key_of(row, row.state), at, facts={"window": row.pk})


def key_of(row: ScheduledSession, state: str) -> str:
    """The key of what is due for a planned visit in a state."""
    return f"window:{row.pk}:{state}"
