"""Forming groups from those who wait. Anybody may call it at any time; one caller at a time does the work."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from events import clock
from events.prepared import Given, prepared, run, update
from flow.consenting import owed_answer
from flow.deadlines import GRACE, stage_deadline, stream_of
from flow.services import games, partners, sessions, visits
from flow.services.consents import ask_those_who_wait
from matching import apart, queries, rules, services
from matching.company import ALONE
from matching.errors import MatchingError
from matching.models import Group, Ticket
from matching.seating import game_after
from scheduling.models import Session
from studies import definition
from studies.models import Version
from studies.schema_stages import WaitingRoomStage

MOST_GROUPS = 200  # in one call; the rest is formed by the next
MOST_TRIES = 5
SOON = timedelta(seconds=3)  # longer than the rows of who joins and who is ready wait (config/reactions.py)

log = logging.getLogger("rapport.task")


class _ChangedError(Exception):
    """Somebody left between our look and our lock: undo, and look again."""


class _MustAnswerError(_ChangedError):
    """A text about taking part has changed, and somebody who would be seated has not answered it."""


def form_groups(version_id: int, stage_id: str, *, waits: bool = True) -> int:
    """Seat whoever is ready, ask whoever may be, send away whoever did not answer; return how many groups were formed.

    Args:
        stage_id: Of the waiting room.
        waits: Whether to wait for another caller who is at it; without, that one's work will do.
    """
    version = definition.version_of(version_id)
    room = definition.stage_named(version, stage_id)
    assert isinstance(room, WaitingRoomStage)
    formed = tries = 0
    while True:
        try:
            may_seat = formed < MOST_GROUPS and tries < MOST_TRIES
            gone = _next(version, room, waits=waits, may_seat=may_seat)
        except _ChangedError as error:
            tries += 1
            if isinstance(error, _MustAnswerError):
                ask_those_who_wait(version.study_id)
            continue
        if gone is not None:
            break
        formed += 1
    for session_id, stage in gone:
        sessions.stage_overdue(session_id, stage)
    return formed


def try_after_commit(version_id: int, stage_id: str) -> None:
    """Try as soon as the caller's transaction is committed; the `Due` row of its event makes up for a failure."""
    transaction.on_commit(partial(_try, version_id, stage_id), robust=True)


def _try(version_id: int, stage_id: str) -> None:
    try:
        form_groups(version_id, stage_id, waits=False)
    except OperationalError as error:  # a lock held for too long: the due row comes back to it
        log.warning("forming put off", extra={"facts": {"stage": stage_id, "error": type(error).__name__}})


def run_groups(version: Version, game_stage: str, *, n: int) -> list[Group]:
    """Make `n` groups without people and begin their games.

    Raises:
        MatchingError: "no_group", "no_occupant".
    """
    return [_run_group(version, game_stage) for _ in range(n)]


@transaction.atomic
def _run_group(version: Version, game_stage: str) -> Group:
    group = services.run_group(version, game_stage)
    games.begin(group.pk)
    return group


@transaction.atomic
@clock.one_instant()
def _next(version: Version, room: WaitingRoomStage, *, waits: bool, may_seat: bool) -> list[tuple[int, int]] | None:
    """Form the first group that can be, and return None; or, when there is none, tend those who wait.

    Returns:
        (session, stage index) of those who are to leave.
    """
    now = _lock_room(version, room, waits=waits)
    if now is None:
        return []  # no exception: a rollback would cost the connection everything that it keeps prepared
    terms = _terms(version, room)
    clock.hold(now)  # all who are seated together enter their game at one instant
    pools = sorted(queries.pools(version.pk, room.id).items())
    found = [rules.tend(everybody, _terms_in(pool, terms), now) for pool, everybody in pools]
    for (pool, _everybody), one in zip(pools, found, strict=True):
        if one.groups and may_seat:
            _seat(version, room, one.groups[0], pool)
            return None
    return _tend(version, room, found, terms=terms, now=now, must_plan=waits)


def _seat(version: Version, room: WaitingRoomStage, people: Sequence[int], pool: queries.Pool) -> None:
    """Slot, group, then sessions by key: the order in which everybody locks."""
    tickets = _tickets.all(keys=list(people))
    for ticket in tickets:
        ticket.version, version.study = version, ticket.session.participant.study
    game = game_after(definition.definition(version), room.id)
    try:
        group = services.seat_group(version, game, tickets, origin=pool.origin, is_replaced=_is_alone(pool))
    except MatchingError as error:
        if error.code != "parted":
            raise
        raise _ChangedError from error  # they were one pair, or nobody wished to be kept apart, when we looked
    locked = visits.lock_sessions(ticket.session_id for ticket in tickets)
    _check_still_there(room, tickets, locked)
    if apart.are_apart_for_good([session.participant_id for session in locked]):
        raise _ChangedError  # one has wished it since `seat_group` looked
    if group.pair is not None and not partners.have_met(group.pair, locked):
        raise _ChangedError
    services.mark_seated(tickets)
    for session in locked:
        visits.move_on(session)


@prepared
def _tickets(keys: Given) -> QuerySet[Ticket]:
    return Ticket.objects.filter(pk__any=keys).select_related("session__participant__study").order_by("pk")


def _check_still_there(room: WaitingRoomStage, tickets: list[Ticket], locked: list[Session]) -> None:
    """Tickets change only under the lock of their session, so what is read now holds until the commit."""
    ready = _with_status.all(keys=[ticket.pk for ticket in tickets], status=Ticket.Status.READY)
    here = [
        session
        for session in locked
        if session.status == Session.Status.ACTIVE
        and definition.stage(session.participant.version, session.stage).id == room.id
    ]
    if any(owed_answer(session) is not None for session in here):
        raise _MustAnswerError
    if len(ready) != len(tickets) or len(here) != len(tickets):
        raise _ChangedError


@prepared
def _with_status(keys: Given, status: Given) -> QuerySet[Ticket, int]:
    return Ticket.objects.filter(pk__any=keys, status=status).values_list("pk", flat=True)


def _tend(
    version: Version,
    room: WaitingRoomStage,
    found: list[rules.Tending],
    *,
    terms: rules.Terms,
    now: datetime,
    must_plan: bool,
) -> list[tuple[int, int]]:
    """Ask, return and expire; return (session, stage index) of those who are to leave.

    Args:
        must_plan: Whether to plan the next look, though nothing is changed. Whoever joins or is ready leaves a row that
            is due soon after, and its holder plans what comes later: many who look in between need write nothing.
    """
    changed = [pk for one in found for pk in (*one.expired, *one.back, *one.asked)]
    gone = _change(version, room, changed, found, terms=terms, now=now) if changed else []
    looks = [one.look_again_at for one in found if one.look_again_at]
    looks += [now for one in found if one.groups]
    if looks and (must_plan or changed or min(looks) <= now + SOON):
        # Last: whoever presses "ready" holds the session and then wants this row.
        services.look_again(version.pk, room.id, min(looks))
    return gone


def _change(
    version: Version,
    room: WaitingRoomStage,
    changed: Sequence[int],
    found: list[rules.Tending],
    *,
    terms: rules.Terms,
    now: datetime,
) -> list[tuple[int, int]]:
    """Write what was found, under the locks of the sessions."""
    before = _sessions_of.all(keys=changed)
    locked = {session.pk: session for session in visits.lock_sessions(before)}
    # Read under the locks: who pressed "ready" or left meanwhile is left alone.
    tickets = {ticket.pk: ticket for ticket in _open.all(version=version.pk, stage=room.id)}
    for ticket in tickets.values():
        ticket.version = version
    wake = {session.pk: _turn_page(session) for session in locked.values()}
    _apply(found, tickets, wake, terms=terms, now=now)
    gone = [tickets[pk].session_id for one in found for pk in one.expired if pk in tickets]
    for session_id in gone:
        stage_deadline(locked[session_id], now - GRACE)  # they leave even if this process ends here
    return [(session_id, locked[session_id].stage) for session_id in gone]


@prepared
def _sessions_of(keys: Given) -> QuerySet[Ticket, int]:
    return Ticket.objects.filter(pk__any=keys).values_list("session_id", flat=True)


@prepared
def _open(version: Given, stage: Given) -> QuerySet[Ticket]:
    return queries.open_tickets(version, stage)


def _apply(
    found: list[rules.Tending], tickets: dict[int, Ticket], wake: services.Wake, *, terms: rules.Terms, now: datetime
) -> None:
    waiting, asked = Ticket.Status.WAITING, Ticket.Status.ASKED
    for one in found:
        back = [tickets[pk] for pk in {*one.back, *one.asked} if pk in tickets and tickets[pk].status != waiting]
        services.return_to_waiting([ticket for ticket in back if _is_over(ticket, terms, now)], wake)
        services.ask([tickets[pk] for pk in one.asked if pk in tickets and tickets[pk].status == waiting], wake)
        for pk in one.expired:
            if pk in tickets and tickets[pk].status == asked:
                services.expire(tickets[pk])


def _is_over(ticket: Ticket, terms: rules.Terms, now: datetime) -> bool:
    """Whether the question, or the answer, is still too old: it may have been renewed before we got the lock."""
    state = queries.as_waiting(ticket)
    if state.status == rules.ASKED:
        return state.asked_at is not None and state.asked_at + terms.answer_within <= now
    return state.ready_at is not None and state.ready_at + terms.ready_lasts <= now


def _turn_page(session: Session) -> dict[str, int]:
    session.rev += 1
    update(session, "rev")
    return {stream_of(session): session.rev}


def _terms(version: Version, room: WaitingRoomStage) -> rules.Terms:
    plan = definition.definition(version).groups[room.forms]
    fill = plan.fill.after_seconds if plan.fill else None
    return rules.Terms(humans=plan.humans, ready_seconds=room.ready_seconds, fill_seconds=fill, asks=room.asks_ready)


def _is_alone(pool: queries.Pool) -> bool:
    """Whether somebody waits there whose partner dropped out and is replaced by an automated one."""
    return pool.company.startswith(ALONE)


def _terms_in(pool: queries.Pool, terms: rules.Terms) -> rules.Terms:
    """Who is to sit with an automated partner waits for nobody."""
    return replace(terms, fill_seconds=0) if _is_alone(pool) else terms


def _lock_room(version: Version, room: WaitingRoomStage, *, waits: bool) -> datetime | None:
    """One caller at a time forms groups from one waiting room: otherwise two would seat the same people twice.

    Held until the transaction ends, and taken before every row's lock.

    Returns:
        The instant at which this caller has it; None when another is at it, and this one does not wait.
    """
    name = f"forming/{version.pk}/{room.id}"
    if waits:
        run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return clock.now()
    ((has_it, now),) = run("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)), rapport_now()", [name])
    return now if has_it else None
