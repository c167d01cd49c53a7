"""What may be done to a session: start it, submit a page, leave, show a sign of life, run into a deadline."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from events import clock
from events.prepared import Given, insert, prepared, update
from flow import queries
from flow.addresses import ASKS_ADDRESS
from flow.between import is_between
from flow.closed import CLOSED, closing
from flow.deadlines import GONE_AFTER, GRACE, watch
from flow.errors import FlowError
from flow.forms import PRIVATE
from flow.kinds import kind
from flow.lookup import stage_of
from flow.models import Submission
from flow.page import Kept
from flow.services import games, rounds, visits, windows
from flow.services.locking import live_seat, lock, lock_and_ask, lock_newest, retry_lock
from flow.stage import EndVisit, Exit, Handled, Next, Refused, StageKind, Stay, Verdict
from flow.stages.limits import limit_of
from flow.zones import ASKS_ZONE
from matching import services as waiting
from paradigm import FieldError
from participants import services as people
from participants.models import Participant
from scheduling.models import Session
from scheduling.services import open_session
from studies import definition, giving
from studies.staffing import opens_at

LEFT, WITHDRAWN = visits.LEFT, "withdrawn"
log = logging.getLogger("rapport.task")


@dataclass(frozen=True)
class Result:
    """What became of a submission: "stored", "stale", "late", or "refused" with errors by field key.

    Attributes:
        kept: The page to which it led, where that was kept: it need not be made a second time to be shown.
    """

    outcome: str
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    kept: Kept | None = None


@transaction.atomic(savepoint=False)
def start(participant: Participant, wave: str = "") -> Session:
    """Open the participant's visit and its first stage. Calling twice returns the same session."""
    session, is_new = open_session(participant, wave)
    if is_new:
        number = definition.visit_number(participant.version, session.wave, session.repeat)
        giving.at_session(participant.version, participant, number)
        visits.enter(session)
        watch(session, session.stage_opened_at + GONE_AFTER)
    return session


@prepared
def _submitted(session: Given, key: Given) -> QuerySet[Submission]:
    return Submission.objects.filter(session=session, key=key)


def submit(session_id: int, *, key: UUID, rev: str, data: Mapping[str, str]) -> Result:
    """Take in one page's form, once.

    Args:
        key: Made with the page; the same key again gets the same answer.
        rev: What the page answers to, as `flow.queries.rev_of` gave it.
        data: Field key to text.

    Raises:
        FlowError: "conflict" when the key was used for another body.
    """
    told = sorted((name, value) for name, value in data.items() if name not in PRIVATE)
    body = hashlib.sha256(json.dumps([rev, told]).encode()).hexdigest()
    return retry_lock(lambda: _submit(session_id, key, rev, data, body))


def _submit(session_id: int, key: UUID, rev: str, data: Mapping[str, str], body: str) -> Result:
    session, (priors,) = lock_and_ask(session_id, _submitted.given(session=session_id, key=key))
    for prior in priors or _sent_from_another_visit(session, key):
        if prior.body_sha256 != body:
            raise FlowError("conflict", "this key was used for another answer; reload the page")
        return Result(prior.outcome)
    stage = _place_of(session)
    result = _take(session, key, rev, data)
    if result.outcome != "refused" and session.participant.erased_at is None:
        insert(Submission(session=session, key=key, stage=stage, rev=rev, body_sha256=body, outcome=result.outcome))
    return replace(result, kept=getattr(session, "kept", None))


def _sent_from_another_visit(session: Session, key: UUID) -> list[Submission]:
    """The form that began this visit was sent from the page before it, and may be sent again."""
    if len(definition.definition(session.participant.version).waves) == 1:
        return []
    return list(Submission.objects.filter(session__participant=session.participant_id, key=key))


def _place_of(session: Session) -> str:
    """The id of the stage whose page a form answers; empty where that page belongs to none."""
    if ASKS_ZONE in session.facts or ASKS_ADDRESS in session.facts or is_between(session):
        return ""
    return definition.stage(session.participant.version, session.stage).id


def _take(session: Session, key: UUID, rev: str, data: Mapping[str, str]) -> Result:
    if session.status != Session.Status.ACTIVE:
        return Result(_take_afterwards(session, rev, data))
    if windows.is_too_late(session):
        windows.break_off(session)
        return Result(Submission.Outcome.LATE)
    stage = stage_of(session)
    if not queries.is_answered_by(session, rev, stage):
        return Result(Submission.Outcome.STALE)
    verdict = stage.submit(session, {**data, "key": str(key)})
    if isinstance(verdict, Refused):
        return Result("refused", verdict.errors)
    _apply(session, verdict)
    return Result(verdict.outcome if isinstance(verdict, Handled) else Submission.Outcome.STORED)


def _take_afterwards(session: Session, rev: str, data: Mapping[str, str]) -> str:
    """The last page may ask one thing more: whether the data may be kept. Between visits one may begin the next."""
    if not queries.is_answered_by(session, rev):
        return Submission.Outcome.STALE
    if is_between(session):
        return windows.begin(session, data)
    outcome: str = kind("exit", "submit")(session, data)
    return outcome


def _apply(session: Session, verdict: Verdict) -> None:
    match verdict:
        case Stay():
            session.rev += 1
            update(session, "rev", "facts")
            visits.keep_page(session)
        case Next():
            visits.move_on(session)
        case Exit(name, withdraw):
            _leave_seat(session)
            visits.finish(session, name, withdraw=withdraw)
        case EndVisit():
            _leave_seat(session)
            visits.stop_for_the_day(session)


def _leave_seat(session: Session) -> None:
    seat = live_seat(session.pk)
    if seat is not None:
        rounds.leave_seat(seat.group, seat)


def leave(session_id: int, *, withdraw: bool = False, exit_name: str = "") -> None:
    """Leave the study now, keeping what was earned. Harmless when the participation is over.

    Whoever has begun another visit meanwhile leaves that one.

    Args:
        withdraw: Also ask that the data be deleted.
        exit_name: Another declared exit, when a researcher ends the session.
    """

    person = Session.objects.values_list("participant_id", flat=True).get(pk=session_id)

    def work() -> None:
        session = lock_newest(person)
        if session.status == Session.Status.ACTIVE:
            waiting.leave_waiting(session.participant)
            _leave_seat(session)
            visits.finish(session, exit_name or _own_exit(session, WITHDRAWN if withdraw else LEFT), withdraw=withdraw)
        elif is_between(session):
            visits.finish(session, exit_name or (WITHDRAWN if withdraw else LEFT), withdraw=withdraw)

    retry_lock(work)


def delete_data(participant_id: int) -> None:
    """Somebody who has left the study asks that their data be deleted. Harmless again, and before they have left."""

    def work() -> None:
        session = lock_newest(participant_id)
        if session.participant.status == Participant.Status.FINISHED:
            visits.withdraw_after(session)

    retry_lock(work)


def _own_exit(session: Session, otherwise: str) -> str:
    """By which exit somebody leaves the study from the stage that they are at."""
    own = getattr(stage_of(session), "exit_on_leaving", None)
    return (str(own(session)) if own is not None else "") or otherwise


def stage_overdue(session_id: int, stage: int, *, settle: Callable[[], None] | None = None) -> None:
    """Do what the stage says follows when its time is up, if the session is still there."""

    def work() -> None:
        session = lock(session_id)
        if session.status == Session.Status.ACTIVE and session.stage == stage:
            _apply(session, stage_of(session).overdue(session))
        if settle is not None:
            settle()

    retry_lock(work)


def end_if_gone(session_id: int, *, settle: Callable[[], None]) -> None:
    """End a visit of which nothing was heard for `GONE_AFTER`, by its own exit; otherwise look again later."""

    def work() -> None:
        session = lock(session_id)
        if session.status == Session.Status.ACTIVE:
            now = clock.now()
            gone_at = _last_heard(session, now) + GONE_AFTER
            if now < gone_at:
                watch(session, gone_at)
            else:
                waiting.leave_waiting(session.participant)
                _end_of_silence(session)
        settle()

    retry_lock(work)


def _end_of_silence(session: Session) -> None:
    """Of somebody who has gone: the first visit is the end of their part, any other is only not finished.

    Whoever has only the question about their clock before them has finished the first visit, and may answer it later.
    Who does not answer whether they want to be reminded does not.
    """
    if ASKS_ZONE in session.facts:
        return
    if ASKS_ADDRESS in session.facts:
        visits.end_visit(session)
        return
    if definition.visit_number(session.participant.version, session.wave, session.repeat) == 1:
        visits.finish(session, visits.exit_of_silence(session.participant.version))
    else:
        visits.end_visit(session, reason=windows.NOT_FINISHED)


def _last_heard(session: Session, now: datetime) -> datetime:
    """Since when silence counts: not before the stage was opened, nor while a limit of it or a game goes on.

    Whoever was told to wait until somebody of the study team is there may be away until then.
    """
    limit = limit_of(session)
    if ASKS_ZONE in session.facts:  # which ends by its own deadline, days later
        return limit or now
    if session.live_group is not None or (limit is not None and now < limit + GRACE):  # type: ignore[attr-defined]
        return now
    hours = closing(session.participant.version) if CLOSED in session.facts else None
    since = opens_at(hours, session.stage_opened_at) if hours is not None else session.stage_opened_at
    return max(session.participant.seen_at, since)


def show_life(visit: queries.Visit) -> bool:
    """A sign of life from the browser: presence, and whatever deadline has passed meanwhile.

    Returns:
        Whether something may have moved the session.
    """
    session, stage = visit.session, visit.stage
    people.touch(session.participant, now=visit.now)
    if stage is None:
        return is_between(session) and windows.act_if_due(session, visit.now)
    seen = getattr(stage, "seen", None)
    may_have_moved = bool(seen(session)) if seen is not None else False
    try:
        return _act_on_deadlines(session, stage, visit.now) or may_have_moved
    except Exception:  # the deadline's own row does the work, and tries again
        log.exception("a deadline could not be acted on", extra={"facts": {"session": session.pk}})
        return True


def _act_on_deadlines(session: Session, stage: StageKind, now: datetime) -> bool:
    if windows.is_too_late(session):
        return windows.act_if_due(session, now)
    step_until: datetime | None = stage.until(session) if hasattr(stage, "until") else None
    if step_until is not None and now > step_until + GRACE:
        match = queries.match_of(session)
        if match is not None:
            games.close_overdue(match_id=match.pk, rev=match.rev)
        return True
    until = limit_of(session)
    if until is not None and now >= until + GRACE:
        stage_overdue(session.pk, session.stage)
        return True
    return False
