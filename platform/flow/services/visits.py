"""Moving one session through its stages. All of it runs in a caller's transaction that holds the session's lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import translation

from events import clock, log
from events.clock import RapportNow
from events.prepared import Given, Question, prepared, together, update
from flow.addresses import ASKS_ADDRESS, is_address_wanted
from flow.closed import CLOSED, SHUT, shut_until
from flow.consenting import AGAIN, ASKED, asked_again
from flow.deadlines import (
    GONE_AFTER,
    UNTIL,
    forget_stage_deadline,
    forget_watch,
    stage_deadline,
    stream_of,
    watch,
)
from flow.kinds import kind
from flow.lookup import stage_of
from flow.machine import check_move
from flow.page import Kept
from flow.showing import SKIPPED, is_shown
from flow.zones import ANSWER_WITHIN, ASKS_ZONE, is_zone_wanted
from matching.models import Seat
from participants import identity
from participants import services as people
from participants.models import Participant
from scheduling import meetings, pairs
from scheduling import services as scheduling
from scheduling.calendars import ADDRESS_ASKED, ZONE_ASKED
from scheduling.models import Session
from scheduling.states import OVER, State, is_exceeded
from studies import definition, giving
from studies.models import Version
from studies.schema_waves import Ending

COMPLETED, LEFT, AWAY = "completed", "left", "away"
KEEPS_NO_PAGE = frozenset({"waiting_room", "game", "practice"})
WITHDRAWN = "participant.withdrawn"
VISIT_ENDED = "visit.ended"
VISIT_STOPPED = "visit.stopped"
KEPT = "data.kept"


def lock_sessions(ids: Iterable[int]) -> list[Session]:
    """Sessions under their locks, in the order of their keys, so that two groups of locks never wait for each other.

    Each has its participant, as `live_group` the key of the running group where it sits, if any, as `newest_version`
    the key of its study's, and as `read_at` the clock under the lock.
    """
    wanted = list(ids)
    return under_lock(together(*locking(wanted))[1]) if wanted else []


def locking(ids: Sequence[int]) -> tuple[Question[Session], Question[Session]]:
    """Lock sessions, and read them after it: rows joined to a locked one are as they were before the wait."""
    return _under_lock.given(ids=ids), _with_people.given(ids=ids, status=Seat.Status.SITTING)


def under_lock(read: Sequence[Session]) -> list[Session]:
    """What was read after the lock, made whole."""
    for session in read:
        session.participant.version = definition.version_of(session.participant.version_id)
    return list(read)


@prepared
def _under_lock(ids: Given) -> QuerySet[Session]:
    return Session.objects.select_for_update(of=("self",)).filter(pk__any=ids).order_by("pk").only("pk")


@prepared
def _with_people(ids: Given, status: Given) -> QuerySet[Session]:
    live = Seat.objects.filter(session=OuterRef("pk"), status=status).values("group")[:1]
    newest = Version.objects.filter(study=OuterRef("participant__study")).order_by("-number").values("pk")[:1]
    sessions = Session.objects.filter(pk__any=ids).select_related("participant__study")
    known = sessions.annotate(live_group=Subquery(live), newest_version=Subquery(newest), read_at=RapportNow())
    return known.order_by("pk")


def enter(session: Session) -> None:
    """Open the stage that `session.stage` points to; first ask for consent again, where the text has changed.

    And first let wait whoever comes for a conversation while none may begin.
    """
    config = definition.stage(session.participant.version, session.stage)
    again = asked_again(session)
    shut = None if again is not None else shut_until(session)
    session.facts = {AGAIN: again} if again is not None else {CLOSED: True} if shut is not None else {}
    session.stage_opened_at = clock.now()
    session.rev += 1
    update(session, "facts", "stage", "stage_opened_at", "rev", "planned_exit")
    if again is not None:
        _record(session, ASKED, {"stage": config.id, "number": definition.version_of(again).number})
        keep_page(session)
        return
    if shut is not None:
        _record(session, SHUT, {"stage": config.id})
        return
    _record(session, "stage.opened", {"stage": config.id})
    rev = session.rev
    stage_of(session).open(session)
    if session.facts:
        update(session, "facts")
    if session.rev == rev:  # otherwise it has gone on already
        keep_page(session)


def keep_page(session: Session) -> None:
    """Keep which page a session is at, and what it says, for whoever wants to see it again; as `kept` for its browser.

    Not that of a game or its practice, which keep what they tell themselves, nor that of a waiting room, whose numbers
    change by the second.
    """
    stage = stage_of(session)
    if stage.config.kind in KEEPS_NO_PAGE:
        return
    with translation.override(definition.definition(session.participant.version).language):
        page = stage.page(session)
        kind("pages", "keep")(session, stage.version, stage.config.id, page)
    session.kept = Kept(session.pk, session.rev, page)  # type: ignore[attr-defined]


def move_on(session: Session) -> None:
    """The open stage is done: enter the next of the wave that is for this person, or end the visit."""
    stages = definition.definition(session.participant.version).stages
    forget_stage_deadline(session)
    _record(session, "stage.closed", {"stage": stages[session.stage].id})
    _is_behind(session, stages[session.stage].id)
    enter_from(session, session.stage + 1)


def enter_from(session: Session, index: int) -> None:
    """Enter the first stage of the wave, from a place on, that is for this person; without one end the visit."""
    version = session.participant.version
    stages = definition.definition(version).stages
    for at in range(index, definition.places(version, session.wave).stop):
        session.stage = at
        here = stages[at]
        if is_shown(session, here):
            enter(session)
            return
        _record(session, SKIPPED, {"stage": here.id})
        _is_behind(session, here.id)
    leave_wave(session)


def leave_wave(session: Session) -> None:
    """The wave is over: finish by the planned exit or where nothing else comes, or wait for the next visit."""
    version = session.participant.version
    if session.planned_exit or len(definition.definition(version).waves) == 1:
        _complete_planned(session)
        finish(session, session.planned_exit or COMPLETED)
    elif is_zone_wanted(session):
        _ask_zone(session)
    elif is_address_wanted(session):
        _ask(session, {ASKS_ADDRESS: True}, event=ADDRESS_ASKED)
        watch(session, clock.now() + GONE_AFTER)  # silence about this is no answer, and ends the visit
    else:
        end_visit(session)


def _ask_zone(session: Session) -> None:
    """Ask what somebody's clock shows. Whoever never answers it must not stay in the study for ever."""
    until = clock.now() + ANSWER_WITHIN
    _ask(session, {ASKS_ZONE: True, UNTIL: until.isoformat()}, event=ZONE_ASKED)
    # not by `set_limit`, which closes an open row: that of the stage before may be in its holder's hand
    stage_deadline(session, until)


def _ask(session: Session, facts: dict[str, object], *, event: str) -> None:
    """Ask one thing more, on a page that belongs to no stage: all of the first visit is done but for that."""
    session.facts = facts
    session.rev += 1
    update(session, "facts", "stage", "rev")
    _record(session, event, {})


def stop_for_the_day(session: Session) -> None:
    """Somebody ends a visit before its last stage, and it counts and is paid as completed."""
    study = definition.definition(session.participant.version)
    forget_stage_deadline(session)
    _record(session, VISIT_STOPPED, {"stage": study.stages[session.stage].id})
    if len(study.waves) == 1 and study.safety is not None and study.safety.stopped is not None:
        finish(session, study.safety.stopped)
    else:
        leave_wave(session)


def _complete_planned(session: Session) -> None:
    """A visit that somebody came through is completed and paid, though the part in the study ends with it."""
    person, now = session.participant, clock.now()
    if definition.visit_number(person.version, session.wave, session.repeat) > 1:
        row = scheduling.lock_scheduled(session.scheduled.pk)
        row.participant = person
        scheduling.move(row, State.COMPLETED, ended_at=min(now, row.grace_until or now))


def end_visit(session: Session, *, reason: str = "", state: State | None = None) -> None:
    """End a visit after which others are planned, and see to the next.

    Args:
        reason: Why it ended before its last stage.
        state: What became of it; with a reason it counts as begun, unless given.
    """
    person, now = session.participant, clock.now()
    _close(session, now)
    facts = {"wave": session.wave, "repeat": session.repeat, "reason": reason}
    _record(session, VISIT_ENDED, facts)
    if session.wave == definition.definition(person.version).waves[0].id:
        scheduling.enrol(person, at=now)
    else:
        row = scheduling.lock_scheduled(session.scheduled.pk)
        row.participant = person
        until = min(now, row.grace_until or now)  # a worker that comes late takes no time from the next visit
        state = state or (State.PARTIAL if reason else State.COMPLETED)
        scheduling.move(row, state, reason=reason, ended_at=until)
    go_on_after(session)


def go_on_after(session: Session) -> None:
    """A visit is over: plan the next, or end the participation where none is left or too many were missed.

    Whoever may still come to one wave, all else being left out, leaves afterwards by the exit that was settled then.
    """
    person = session.participant
    rule = definition.definition(person.version).attendance
    while True:
        rows = person.scheduled.order_by("number")
        settled = next((row.exit for row in rows if row.exit), "")
        states = [row.state for row in rows if row.state in OVER]
        exceeded = rule.on_exceed if rule is not None and is_exceeded(rule, states) else None
        ending = None if settled else exceeded or pairs.ending_of(person)
        if ending is not None:
            if leave_out_rest(session, ending):
                continue
            return
        row, is_planned = meetings.plan_next(person)
        if row is None:
            finish(session, settled or COMPLETED)
        if row is None or is_planned:
            return


def leave_out_rest(session: Session, ending: Ending) -> bool:
    """End a participation by an exit, at once or after the wave that is still offered; whether there is such a one."""
    person = session.participant
    if ending.still_offer and scheduling.offer_only(person, ending.still_offer, exit_name=ending.exit):
        _part(person, ending.exit)
        return True
    finish(session, ending.exit)
    return False


def _is_behind(session: Session, stage_id: str) -> None:
    """Give what is given after a stage, also to those for whom it was not."""
    answers = partial(kind("answers", "last"), session)
    giving.after_stage(session.participant.version, session.participant, stage_id, answers)


def pass_stage(session: Session, stage_id: str) -> None:
    """Go on with what follows a stage, from wherever before its end the session is."""
    session.stage = max(session.stage, index_of(session.participant.version, stage_id))
    move_on(session)


def index_of(version: Version, stage_id: str) -> int:
    """The place of a stage in its wave, from 0."""
    return [stage.id for stage in definition.definition(version).stages].index(stage_id)


def finish(session: Session, exit_name: str, *, withdraw: bool = False) -> None:
    """End the participation by a declared exit, and the session where one is going on; the pay is reckoned with it."""
    participant = session.participant
    now = clock.now()
    _part(participant, exit_name)
    if session.status == Session.Status.ACTIVE:
        _close(session, now)
    else:
        turn_page(session)
    if len(definition.definition(participant.version).waves) > 1:
        scheduling.cancel_rest(participant, reason=exit_name)
        identity.forget(participant)  # it was given to be reminded of visits, and there are no more
    status = Participant.Status.WITHDRAWN if withdraw else Participant.Status.FINISHED
    participant.status = check_move("participant", participant.status, status)
    participant.exit = exit_name
    participant.ended_at = now
    participant.withdrawn_at = now if withdraw else None
    update(participant, "status", "exit", "ended_at", "withdrawn_at")
    if withdraw:
        people.ask_for_erasure(participant, at=now)
    kind("exit", "settle")(participant)
    _record(session, "session.finished", {"exit": exit_name, "status": participant.status})
    if withdraw:
        _record_of_person(session, WITHDRAWN, {"before": Participant.Status.ACTIVE})


def exit_of_silence(version: Version) -> str:
    """By which exit somebody leaves of whom nothing is heard any more: they have pressed nothing."""
    return AWAY if AWAY in definition.definition(version).exits else LEFT


def _part(person: Participant, reason: str) -> None:
    """Somebody who has a partner takes part no more: what follows for the other is looked at afterwards."""
    pair = pairs.locked_pair_of(person)
    if pair is not None:
        pairs.end(pair, reason=reason)


def _close(session: Session, now: datetime) -> None:
    forget_stage_deadline(session)
    forget_watch(session)
    session.status = check_move("session", session.status, Session.Status.FINISHED)
    session.finished_at = now
    session.rev += 1
    update(session, "status", "stage", "rev", "planned_exit", "finished_at")


def withdraw_after(session: Session) -> None:
    """Somebody who has left asks that the data be deleted. The pay stays as it was reckoned."""
    participant = session.participant
    before, now = participant.status, clock.now()
    participant.status = check_move("participant", before, Participant.Status.WITHDRAWN)
    participant.withdrawn_at = now
    update(participant, "status", "withdrawn_at")
    people.ask_for_erasure(participant, at=now)
    turn_page(session)
    _record_of_person(session, WITHDRAWN, {"before": before})


def keep_data(session: Session) -> None:
    """Somebody who was asked after the debrief says that the data may be kept."""
    if session.status != Session.Status.ACTIVE:
        turn_page(session)
    _record_of_person(session, KEPT, {})


def turn_page(session: Session) -> None:
    """The last page is another one now: a second click on the old one answers nothing."""
    session.rev += 1
    update(session, "rev")


def _record_of_person(session: Session, event: str, facts: dict[str, object]) -> None:
    log.record(
        event,
        study=session.participant.study_id,
        subject=("participant", session.participant_id),
        facts=facts,
        wake={stream_of(session): session.rev},
    )


def _record(session: Session, event: str, facts: dict[str, object]) -> None:
    log.record(
        event,
        study=session.participant.study_id,
        subject=("session", session.pk),
        facts=facts,
        wake={stream_of(session): session.rev},
    )
