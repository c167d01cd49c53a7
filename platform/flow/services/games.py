"""What may be done to a running game: begin it, act in it, close what is overdue, leave it, end it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from events import clock
from events.prepared import Given, Question, prepared, update
from flow.deadlines import GRACE
from flow.errors import FlowError
from flow.lookup import step_kind
from flow.machine import TECHNICAL
from flow.models import Match
from flow.services import rounds
from flow.state import MatchState
from flow.step import Incoming
from matching.models import Group, Seat
from participants.models import Participant
from studies import definition

log = logging.getLogger("rapport.task")

STORED, ALREADY, OVER, LATE = "stored", "already", "over", "late"


def lock_group(group_id: int) -> Group:
    """The group under its lock: from here to the commit, nobody else moves its rounds, matches or seats."""
    group = _under_lock.get(group=group_id)
    group.version = definition.version_of(group.version_id)
    return group


def group_of_session(session_id: int) -> Question[int]:
    """Ask for the key of the running group where a session sits, under the group's lock.

    The seat is as it was before the wait for the lock: read again which one it is.
    """
    return _of_session_under_lock.given(session=session_id, status=Seat.Status.SITTING)


@prepared
def _under_lock(group: Given) -> QuerySet[Group]:
    return Group.objects.select_for_update(of=("self",)).filter(pk=group)


@prepared
def _of_session_under_lock(session: Given, status: Given) -> QuerySet[Group, int]:
    groups = Group.objects.select_for_update(of=("self",)).filter(seats__session=session, seats__status=status)
    return groups.values_list("pk", flat=True)


def group_of_match(match_id: int) -> int:
    """The key of the group to lock before a match is read."""
    return Match.objects.values_list("group_id", flat=True).get(pk=match_id)


@transaction.atomic
def begin(group_id: int) -> None:
    """Open the first round, once all who sit here have come. Harmless when it is open already."""
    rounds.begin_when_all_are_here(lock_group(group_id))


@transaction.atomic
@clock.one_instant()
def act(
    *,
    match_id: int,
    path: str,
    seat_id: int,
    values: Mapping[str, Any],
    source: str,
    key: str = "",
    settle: Callable[[], None] | None = None,
) -> str:
    """Let one seat act at one step, once. Any number of repeats, by anybody, is harmless.

    Args:
        values: By field key, from a form or a structured reply.
        source: One of `flow.models.Act.Source`.
        key: Idempotency key of an entry in a talk.
        settle: Run in the same transaction, so that the act and its `Due` row commit together.

    Returns:
        "stored", "already" (this seat has acted here), "over" (the step is closed), "late" (a person, too late).

    Raises:
        FlowError: "refused" with the errors by field; nothing changed.
    """
    group = lock_group(group_of_match(match_id))
    match = group.matches.get(pk=match_id)
    match.group = group
    seat = group.seats.get(pk=seat_id)
    outcome = act_locked(match, seat, path=path, values=values, source=source, key=key)
    if settle is not None:
        settle()
    return outcome


def act_locked(
    match: Match,
    seat: Seat,
    *,
    path: str,
    values: Mapping[str, Any],
    source: str,
    key: str = "",
) -> str:
    """As `act`, for a caller that holds the lock of `match.group` and read `match` under it."""
    if match.path != path or not path or seat.status != Seat.Status.SITTING:
        return OVER
    now = clock.now()
    clock.hold(now)
    if match.deadline_at is not None and now > match.deadline_at + GRACE:
        return LATE if source == "person" else OVER
    state = MatchState(match)
    implementation, step = step_kind(state)
    if seat.number not in state.seats:
        raise FlowError("not_here", f"seat {seat.number} is not in this match")
    if state.place(seat) not in implementation.acting(state, step):
        return ALREADY
    latency_ms = max(0, int((now - match.step_opened_at).total_seconds() * 1000))
    stored = implementation.act(match, state, step, Incoming(seat, values, source, latency_ms, key))
    if seat.participant is not None and source == "person":
        _forgive(seat.participant)
    _settle(match, state.after(stored))
    return STORED


def _forgive(participant: Participant) -> None:
    """Acts that did not come count in a row, and this one came. The caller read the participant under the lock."""
    if participant.strikes:
        participant.strikes = 0
        update(participant, "strikes")


def _settle(match: Match, state: MatchState) -> None:
    """What follows from an act. If the experiment's own rules fail here, the act stands and the deadline decides."""
    path = match.path
    try:
        if not rounds.is_step_over(state):
            return
        with transaction.atomic():
            rounds.close_step(match, state)
            if not match.path:
                rounds.close_round(match.group)
    except DatabaseError:
        raise
    except Exception:
        log.exception("the game could not go on after an act", extra={"facts": {"match": match.pk, "path": path}})


@transaction.atomic
def close_overdue(*, match_id: int, rev: int, settle: Callable[[], None] | None = None) -> str:
    """Close a step whose time is up; "closed" for the one caller that did it, "over" for all others."""
    group = lock_group(group_of_match(match_id))
    match = group.matches.get(pk=match_id)
    match.group = group
    outcome = OVER
    if match.path and match.rev == rev and match.deadline_at and clock.now() >= match.deadline_at + GRACE:
        rounds.close_step(match)
        rounds.close_round(group)
        outcome = "closed"
    if settle is not None:
        settle()
    return outcome


@transaction.atomic
def close_unanswered(*, match_id: int, rev: int, is_stuck: Callable[[], bool]) -> str:
    """Close a step of a group without people, where no time limit does; "closed" for the one caller that did it.

    Args:
        is_stuck: Asked under the group's lock: whether nobody will act any more.
    """
    group = lock_group(group_of_match(match_id))
    match = group.matches.get(pk=match_id)
    match.group = group
    if not match.path or match.rev != rev or group.origin != Group.Origin.RUN or not is_stuck():
        return OVER
    rounds.close_step(match)
    rounds.close_round(group)
    return "closed"


@transaction.atomic
def end_group(group_id: int, reason: str) -> None:
    """Stop a game, by a researcher or because it cannot go on. Those who sit in it go on with what follows it.

    Raises:
        FlowError: "not_here" when it has ended already.
    """
    group = lock_group(group_id)
    if group.status != Group.Status.ACTIVE:
        raise FlowError("not_here", f"group {group.code} is {group.status} already")
    rounds.end(group, reason)


@transaction.atomic
def break_off(*, group_id: int, settle: Callable[[], None]) -> None:
    """End a game whose own rules fail, with a reason that says so. People go on with what follows it."""
    group = lock_group(group_id)
    if group.status == Group.Status.ACTIVE:
        rounds.end(group, TECHNICAL)
    settle()
