"""What a researcher may do for somebody who is stuck. Each verb is one transaction, refused without a reason, and kept.

Every verb records "rescue.<verb>" with the reason. None shows or changes an outcome.
"""

from datetime import datetime, timedelta

from django.db import transaction

from events import clock, due, log
from flow import queries
from flow.between import is_between
from flow.deadlines import move_deadline, stream_of
from flow.errors import FlowError
from flow.models import Match
from flow.services import games, rounds, sessions, visits
from flow.services.locking import live_seat, lock_newest, retry_lock
from flow.stages.limits import limit_of, move_limit
from matching.models import Group, Seat
from matching.seating import KNOWN
from matching.services import leave_waiting
from participants.models import Participant
from participants.services import make_link, note_letter, revoke_links
from scheduling import services as scheduling
from scheduling.meetings import let_be_for_partner
from scheduling.models import Session
from scheduling.pairs import locked_pair_of
from scheduling.states import OVER, State
from studies import definition
from studies.models import levels_of
from studies.schema import StudyFile
from studies.schema_partners import Fill

EXTEND, MOVE, REPLACE, END, LINK = "rescue.extend", "rescue.move", "rescue.replace", "rescue.end", "rescue.link"
WITHDRAW, END_GROUP, EXCUSE = "rescue.withdraw", "rescue.end_group", "rescue.excuse"
MOVABLE = ("instructions", "quiz", "survey", "debrief")
"""Kinds of stages into which one person can be moved: nobody else depends on them."""
MOST_SECONDS = 24 * 3600
BY_RESEARCHER = "researcher"


def session_named(code: str) -> Session:
    """The newest session of a participant. Raises FlowError: "not_here"."""
    found = Session.objects.filter(participant__code=code).select_related("participant__study").order_by("-pk").first()
    if found is None:
        raise FlowError("not_here", f'no participant has the code "{code}"; the board lists those who wait')
    return found


def group_named(code: str) -> Group:
    """The group with a code. Raises FlowError: "not_here"."""
    found = Group.objects.filter(code=code).select_related("version__study").first()
    if found is None:
        raise FlowError("not_here", f'no group has the code "{code}"; the board lists those that play')
    return found


def extend(code: str, *, seconds: int, reason: str) -> datetime:
    """Give more time at the open step or stage, from now if the time is up; return the new end.

    Raises:
        FlowError: "no_reason", "not_here", "no_deadline".
    """
    _need(reason)
    if not 1 <= seconds <= MOST_SECONDS:
        raise FlowError("not_here", f"{seconds} seconds: give from 1 to {MOST_SECONDS}")

    def work() -> datetime:
        session = _active(code)
        match = queries.match_of(session)
        more = timedelta(seconds=seconds)
        until = _extend_match(match, more) if match is not None and match.path else _extend_stage(session, more)
        _keep(EXTEND, session, reason, match=match, seconds=seconds)
        return until

    return retry_lock(work)


def _extend_match(match: Match, more: timedelta) -> datetime:
    if match.deadline_at is None:
        raise FlowError("no_deadline", f"step {match.path} has no time limit")
    until = max(match.deadline_at, clock.now()) + more
    move_deadline(match, until)
    return until


def _extend_stage(session: Session, more: timedelta) -> datetime:
    limit = limit_of(session)
    if limit is None:
        raise FlowError("no_deadline", "this stage has no time limit of its own; nothing to extend")
    until = max(limit, clock.now()) + more
    move_limit(session, until)
    session.save(update_fields=["facts"])
    return until


def move(code: str, *, stage: str, reason: str) -> None:
    """Take somebody to another stage, forward or back.

    Raises:
        FlowError: "no_reason"; "not_here" when they sit in a running group, or the stage needs one.
    """
    _need(reason)

    def work() -> None:
        session = _active(code)
        if live_seat(session.pk) is not None:
            raise FlowError("not_here", f"{code} sits in a running group: end the group, or end or replace {code}")
        stages = definition.definition(session.participant.version).stages
        here = definition.places(session.participant.version, session.wave)
        places = [index for index in here if stages[index].id == stage]
        if not places or stages[places[0]].kind not in MOVABLE:
            able = ", ".join(stages[index].id for index in here if stages[index].kind in MOVABLE) or "nowhere"
            raise FlowError("not_here", f'nobody can be moved to "{stage}" in this visit; possible: {able}')
        before = stages[session.stage].id
        leave_waiting(session.participant)
        due.cancel("flow.tasks.stage_overdue", f"session:{session.pk}:{session.stage}")
        session.stage = places[0]
        visits.enter(session)
        _keep(MOVE, session, reason, before=before, stage=stage)

    retry_lock(work)


def replace(code: str, *, policy: str, reason: str, exit_name: str) -> Seat:
    """Let a stand-in play on in place of somebody, who leaves by a declared exit; return the new seat.

    Only where the study file declares `fill`, and with one of its policies. The stand-in has a seat of its own: what
    the person did, and is paid for, stays theirs. Refused where no other person sits: nobody is left to play on for.

    Raises:
        FlowError: "no_reason", "not_here", "not_declared".
    """
    _need(reason)

    def work() -> Seat:
        session = _active(code)
        seat = live_seat(session.pk)
        if seat is None:
            raise FlowError("not_here", f"{code} sits in no running group")
        _need_exit(session, exit_name)
        group = games.lock_group(seat.group_id)
        _need_company(group, seat)
        stand_in = _stand_in(group, seat, policy)
        rounds.leave_seat(group, seat)
        visits.finish(session, exit_name)
        _keep(REPLACE, session, reason, policy=policy, exit=exit_name)
        return stand_in

    return retry_lock(work)


def _need_company(group: Group, seat: Seat) -> None:
    others = group.seats.filter(status=Seat.Status.SITTING, participant__isnull=False).exclude(pk=seat.pk)
    if not others.exists():
        raise FlowError("not_here", f"no other person sits in {group.code}: use `participant end`")


def _stand_in(group: Group, seat: Seat, policy: str) -> Seat:
    study = definition.definition(group.version)
    plan = study.groups[definition.group_of(study, group.stage)]
    fill: Fill | None = plan.fill
    if fill is None or policy not in fill.policies:
        able = ", ".join(fill.policies) if fill else "none: it has no `fill`"
        raise FlowError(
            "not_declared",
            f'"{policy}" may not stand in for a person, because that changes the treatment. '
            f"What the study file declares: {able}",
        )
    other = group.seats.exclude(occupant="person").order_by("number").first()
    group.is_filled = True
    group.save(update_fields=["is_filled"])
    return Seat.objects.create(
        group=group,
        number=group.seats.order_by("-number").values_list("number", flat=True)[0] + 1,
        role=seat.role,
        kind=Seat.Kind.AI,
        occupant="policy",
        partner=fill.label_as,
        policy=policy,
        label=_label(study, group, seat, fill),
        knows=seat.knows,
        settings=_like(other) | _knowing(seat),
        dealt=seat.dealt,
        is_stand_in=True,
    )


def _label(study: StudyFile, group: Group, seat: Seat, fill: Fill) -> str:
    """What the seat was called; where that was drawn for each match, what the stand-in's own entry says."""
    levels, partner = levels_of(group.condition), study.partners.get(seat.partner)
    is_drawn = partner is not None and definition.label_for(partner, levels) is None
    return (definition.label_for(study.partners[fill.label_as], levels) or "") if is_drawn else seat.label


def _like(other: Seat | None) -> dict[str, object]:
    """A stand-in takes as long as the group's other automated seats do, and says things as they do."""
    alike = ("delay", "delivery", "asked_if_ai")
    return {key: value for key, value in (other.settings if other else {}).items() if key in alike}


def _knowing(seat: Seat) -> dict[str, object]:
    """A stand-in is dealt what the person was, and is told as much of what others know."""
    return {KNOWN: seat.settings[KNOWN]} if KNOWN in seat.settings else {}


def end(code: str, *, exit_name: str, reason: str) -> None:
    """End somebody's participation by a declared exit, with what it pays.

    Raises:
        FlowError: "no_reason", "not_here".
    """
    _need(reason)

    def work() -> None:
        session = lock_newest(session_named(code).participant_id)
        if not is_between(session):
            session = _active(code)
        _need_exit(session, exit_name)
        sessions.leave(session.pk, exit_name=exit_name)
        _keep(END, session, reason, exit=exit_name)

    retry_lock(work)


def excuse(code: str, *, number: int, reason: str) -> None:
    """Let a visit be that is next, or was missed: it counts neither as attended nor as missed.

    Args:
        number: Of the visit, among those after the first wave, from 1.

    Raises:
        FlowError: "no_reason"; "not_here" when there is no such visit, or as many as may be are excused already.
    """
    _need(reason)

    def work() -> None:
        session = lock_newest(session_named(code).participant_id)
        locked_pair_of(session.participant)  # before the visits, as whoever plans for both does
        rows = list(session.participant.scheduled.select_for_update(of=("self",)).order_by("number"))
        row = next((one for one in rows if one.number == number), None)
        is_next = row is not None and row == next((one for one in rows if one.state not in OVER), None)
        if not is_between(session) or row is None or not (is_next or row.state == State.MISSED):
            raise FlowError("not_here", f"{code} has no visit {number} that is next or was missed, between two visits")
        rule = definition.definition(session.participant.version).attendance
        excused = sum(one.state == State.EXCUSED and one.reason == BY_RESEARCHER for one in rows)
        if rule is None or excused >= rule.max_excused:
            most = rule.max_excused if rule is not None else 0
            raise FlowError("not_here", f"no more visits of {code} may be excused: attendance.max_excused is {most}")
        row.participant = session.participant
        scheduling.move(row, State.EXCUSED, reason=BY_RESEARCHER, ended_at=row.ended_at or clock.now())
        if is_next:
            let_be_for_partner(row)
            visits.go_on_after(session)
        visits.turn_page(session)
        _keep(EXCUSE, session, reason, number=number)

    retry_lock(work)


def withdraw(code: str, *, reason: str, came_at: datetime | None = None) -> str:
    """Do what somebody asked for by mail: have their data deleted, and end their visit if it goes on; return the exit.

    Asking once more, as after an erasure that failed, is harmless.

    Args:
        came_at: When the mail came: from then on it must be done within a month; None: now.

    Raises:
        FlowError: "no_reason"; "not_here" when their data are deleted already.
        ParticipantError: "letter_day".
    """
    _need(reason)

    def work() -> str:
        session = lock_newest(session_named(code).participant_id)
        person = session.participant
        if person.erased_at is not None:
            raise FlowError("not_here", f"the data of {code} are deleted already")
        is_new = person.status != Participant.Status.WITHDRAWN
        if session.status == Session.Status.ACTIVE or is_between(session):
            sessions.leave(session.pk, withdraw=True)
        elif is_new:
            visits.withdraw_after(session)
        if is_new:
            note_letter(person, came_at=came_at)
        _keep(WITHDRAW, session, reason)
        return Participant.objects.values_list("exit", flat=True).get(pk=person.pk)

    return retry_lock(work)


@transaction.atomic
def link(code: str, *, reason: str) -> str:
    """Make every earlier link of somebody useless, and return the token of a new one.

    Raises:
        FlowError: "no_reason", "not_here".
    """
    _need(reason)
    session = session_named(code)
    person: Participant = session.participant
    revoke_links(person)
    token = make_link(person.study, origin=person.origin, participant=person)
    _keep(LINK, session, reason)
    return token


@transaction.atomic
def end_group(code: str, *, reason: str) -> None:
    """Stop a group's game; its people go on with what follows it.

    Raises:
        FlowError: "no_reason", "not_here".
    """
    _need(reason)
    group = group_named(code)
    games.end_group(group.pk, "researcher")
    log.record(END_GROUP, study=group.version.study_id, subject=("group", group.pk), facts={"reason": reason.strip()})


def _active(code: str) -> Session:
    """The session under the locks that `lock` takes. The verb is refused if its person has left meanwhile."""
    session = lock_newest(session_named(code).participant_id)
    if is_between(session):
        raise FlowError(
            "not_here", f"{code} is between two visits: there is nothing to help with until the next begins"
        )
    if session.status != Session.Status.ACTIVE:
        raise FlowError("not_here", f"{code} has left already, by {session.participant.exit}")
    return session


def _need_exit(session: Session, exit_name: str) -> None:
    exits = definition.definition(session.participant.version).exits
    if exit_name not in exits:
        raise FlowError("not_here", f'the study file declares no exit "{exit_name}"; it has: {", ".join(exits)}')


def _need(reason: str) -> None:
    if not reason.strip():
        raise FlowError("no_reason", "say why: --reason TEXT; it is kept with what was done")


def _keep(kind: str, session: Session, reason: str, *, match: Match | None = None, **facts: object) -> None:
    """Record the verb, and wake the person's page; with a match also the pages of the others in it."""
    log.record(
        kind,
        study=session.participant.study_id,
        subject=("participant", session.participant_id),
        facts={**facts, "reason": reason.strip()},
        wake={stream_of(session): session.rev} | (rounds.streams_of(match) if match else {}),
    )
