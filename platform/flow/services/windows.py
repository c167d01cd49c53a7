"""What may be done to a planned visit: open it, begin it, and see that it was missed or not finished."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from events import clock, log
from events.models import Event
from events.prepared import Given, insert, prepared, update
from flow.between import is_between, is_one_sitting, may_change_zone
from flow.deadlines import GONE_AFTER, GRACE, watch
from flow.models import Submission
from flow.services import games, partners, rounds, visits
from flow.services.locking import ChangedMeanwhileError, live_seat, lock, lock_newest, retry_lock
from flow.zones import ASSUMED_ZONE
from matching import services as waiting
from scheduling import meetings
from scheduling import services as scheduling
from scheduling.calendars import next_of
from scheduling.meetings import KEPT_WAITING, PARTNER_ABSENT
from scheduling.models import PairVisit, ScheduledSession, Session
from scheduling.pairs import locked_pair_of
from scheduling.services import NOT_BEGUN, NOT_FINISHED, OPENED
from scheduling.states import State
from studies import definition, giving

TOO_OFTEN, CONFLICT = "too_often", "conflict"
MOST_CHANGES, A_DAY = 3, timedelta(days=1)  # of somebody's zone: whoever travels needs few


def turn(key: int, *, settle: Callable[[], None] | None = None) -> str:
    """Move a planned visit if its time has come: open it, or see that it was not begun or not finished.

    Any number of callers may come at once, late or in vain: each looks again under the lock.

    Returns:
        The state in which it is then.
    """

    def work() -> str:
        seen = ScheduledSession.objects.get(pk=key)
        session = lock(seen.session_id) if seen.session_id else lock_newest(seen.participant_id)
        row = scheduling.lock_scheduled(key)
        if row.session_id not in (None, session.pk):
            raise ChangedMeanwhileError  # it was begun while we waited: its own visit must be locked
        row.participant = session.participant
        _turn(session, row, clock.now())
        if settle is not None:
            settle()
        return row.state

    return retry_lock(work)


def _turn(session: Session, row: ScheduledSession, now: datetime) -> None:
    if is_time(row, now):
        match State(row.state):
            case State.PLANNED:
                scheduling.open_window(row)
            case State.OPEN if _is_over_for_both(row):
                state, reason = _without_the_partner(row)
                scheduling.move(row, state, reason=reason, ended_at=min(now, row.closes_at or now))
                visits.go_on_after(session)
            case State.OPEN:
                scheduling.move(row, State.MISSED, reason=NOT_BEGUN, ended_at=row.closes_at)
                visits.go_on_after(session)
            case State.STARTED:
                break_off(session)


def turn_later(key: int, *, settle: Callable[[], None]) -> None:
    """A planned visit could not be moved, however often it was tried: end the game that it hangs on, and try later.

    A game may be what fails: when time is up in the midst of one, whoever plays has to leave it.
    """
    seen = ScheduledSession.objects.get(pk=key)
    seat = live_seat(seen.session_id) if seen.session_id and is_time(seen, clock.now()) else None
    if seat is not None:
        games.break_off(group_id=seat.group_id, settle=_nothing)

    def work() -> None:
        scheduling.turn_again(scheduling.lock_scheduled(key))
        settle()

    retry_lock(work)


def _nothing() -> None:
    """What is settled later commits with what is done later."""


def is_time(row: ScheduledSession, now: datetime) -> bool:
    """Whether a planned visit must be moved: its next instant has passed, or the partner has waited in vain."""
    if row.state == State.OPEN and _is_over_for_both(row):
        return True
    at = {State.PLANNED: row.opens_at, State.OPEN: row.closes_at, State.STARTED: row.grace_until}.get(State(row.state))
    return at is not None and now >= at


def _is_over_for_both(row: ScheduledSession) -> bool:
    """Whether the partner has waited in this visit as long as anybody waits, and was let go."""
    return row.pair_visit is not None and row.pair_visit.outcome == PairVisit.Outcome.IN_VAIN


def _without_the_partner(row: ScheduledSession) -> tuple[State, str]:
    """What becomes of a visit that was not begun, and in which the partner waits no more.

    Whoever was told to come later, and was not to be waited for until then, has missed nothing.
    """
    visit = row.pair_visit
    assert visit is not None and visit.settled_at is not None, "it is over for both"  # noqa: PT018
    is_early = visit.again_at is not None and visit.settled_at < visit.again_at
    return (State.EXCUSED, PARTNER_ABSENT) if is_early else (State.MISSED, KEPT_WAITING)


def break_off(session: Session) -> None:
    """The time of a visit is up: whoever waits or plays in it leaves."""
    waiting.leave_waiting(session.participant)
    seat = live_seat(session.pk)
    if seat is not None:
        rounds.leave_seat(seat.group, seat)
    visits.end_visit(session, reason=NOT_FINISHED)


def act_if_due(session: Session, now: datetime) -> bool:
    """Do what is due for somebody whose page is asked for, though no worker has seen it; whether anything was."""
    row = next_of(session.participant)
    if partners.is_unplanned(row):
        return partners.go_on(session.participant_id) == "went on"
    if row is None or not is_time(row, now):
        return False
    turn(row.pk)
    return True


def is_too_late(session: Session) -> bool:
    """Whether what comes now for a visit that is going on comes after its time, a moment of the network aside."""
    if len(definition.definition(session.participant.version).waves) == 1:
        return False
    row = _of_session.first(session=session.pk)
    return row is not None and row.grace_until is not None and clock.now() > row.grace_until + GRACE


@prepared
def _of_session(session: Given) -> QuerySet[ScheduledSession]:
    return ScheduledSession.objects.filter(session=session)


def change_zone(participant_id: int, zone: str, *, key: UUID | None = None, rev: str = "") -> str:
    """Have the visits that are not open yet planned by another clock. Harmless while a visit goes on, or again.

    Args:
        key: Of the form it came by: the same key again gets the same answer.
        rev: What the form's page answered to.

    Returns:
        The outcome of the submission; "conflict" where the key was used for another zone; `TOO_OFTEN` where nothing was
        changed because it was changed so often within a day.
    """
    body = hashlib.sha256(f"zone/{zone}".encode()).hexdigest()

    def work() -> str:
        session = lock_newest(participant_id)
        sent_before = Submission.objects.filter(session__participant=participant_id, key=key).first() if key else None
        if sent_before is not None:
            return str(sent_before.outcome) if sent_before.body_sha256 == body else CONFLICT
        outcome = _change_zone(session, zone)
        if key is not None and outcome != TOO_OFTEN and session.participant.erased_at is None:
            insert(Submission(session=session, key=key, rev=rev, body_sha256=body, outcome=outcome))
        return outcome

    return retry_lock(work)


def _change_zone(session: Session, zone: str) -> str:
    person = session.participant
    if not may_change_zone(session):
        return str(Submission.Outcome.STALE)
    if ASSUMED_ZONE in session.facts:  # from now on it is what the person says
        session.facts = {}
        update(session, "facts")
    if person.zone == zone:
        return str(Submission.Outcome.STORED)
    changes = Event.objects.filter(kind=scheduling.ZONE_CHANGED, subject_kind="participant", subject_id=person.pk)
    if changes.filter(at__gt=clock.now() - A_DAY).count() >= MOST_CHANGES:
        return TOO_OFTEN
    pair = locked_pair_of(person)
    scheduling.move_to_zone(person, zone)
    if pair is not None:
        meetings.plan_anew(pair)
    row = next_of(person)
    if row is not None and row.state == State.PLANNED:
        visits.go_on_after(session)
    visits.turn_page(session)
    return str(Submission.Outcome.STORED)


def begin(session: Session, data: Mapping[str, str]) -> str:
    """Begin the visit that is open, from the page between two visits. The caller holds the lock of the one before.

    Returns:
        The outcome of the submission.
    """
    del data  # the page asks nothing
    found = next_of(session.participant)
    row = scheduling.lock_scheduled(found.pk) if found is not None else None
    if not is_between(session) or row is None or row.state != State.OPEN or is_time(row, clock.now()):
        return str(Submission.Outcome.STALE)
    row.participant = session.participant
    version = session.participant.version
    places = definition.places(version, row.wave)
    visit = insert(Session(participant=session.participant, wave=row.wave, repeat=row.repeat, stage=places.start))
    visit.live_group, visit.newest_version = None, session.newest_version  # type: ignore[attr-defined]
    facts = {"wave": row.wave, "repeat": row.repeat}
    log.record(OPENED, study=session.participant.study_id, subject=("session", visit.pk), facts=facts)
    scheduling.begin_in(row, visit)
    visits.turn_page(session)
    giving.at_session(version, session.participant, definition.visit_number(version, row.wave, row.repeat))
    visits.enter_from(visit, places.start)
    if is_one_sitting(visit) and visit.status == Session.Status.ACTIVE:
        watch(visit, visit.stage_opened_at + GONE_AFTER)
    return str(Submission.Outcome.STORED)
