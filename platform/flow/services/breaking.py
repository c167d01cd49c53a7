"""What becomes of an open step in which a program can do nothing: it is over at once, or lasts longer."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from events import log
from flow.deadlines import move_deadline
from flow.lookup import step_kind
from flow.models import Match
from flow.services import rounds
from flow.services.games import OVER, group_of_match, lock_group
from flow.state import MatchState
from matching.models import Group, Seat
from paradigm import Talk

CLOSED, MOVED = "closed", "moved"


@transaction.atomic
def break_step(*, match_id: int, path: str, seat_id: int, settle: Callable[[], None]) -> str:
    """End the open step at which a seat can do nothing: a talk as if its time were up, any other without that seat.

    Nobody else loses by it: after a talk they go on with what follows, and a void match gives them the declared points.

    Args:
        settle: Run in the same transaction, whether or not the step was still open.

    Returns:
        "closed", or "over" where it was so already.
    """
    match, group = _locked(match_id)
    seat = group.seats.get(pk=seat_id)
    settle()
    if match.path != path or group.status != Group.Status.ACTIVE or seat.status != Seat.Status.SITTING:
        return OVER
    state = MatchState(match)
    implementation, step = step_kind(state)
    mine = [place for place in implementation.missing(state, step) if place.seat == seat.number]
    if isinstance(step, Talk):
        rounds.close_step(match, state)
    elif not mine:
        return OVER
    elif rounds.stand_for(match, state, mine):
        rounds.settle_step(match)
    else:
        rounds.void(match, mine)
    rounds.close_round(group)
    return CLOSED


@transaction.atomic
def put_off(*, match_id: int, path: str, by: timedelta, settle: Callable[[], None]) -> str:
    """Let the open step last longer; "moved", or "over" where it is open no more."""
    match, _group = _locked(match_id)
    settle()
    if match.path != path or match.deadline_at is None:
        return OVER
    move_deadline(match, match.deadline_at + by)
    facts = {"path": path, "match": match.pk, "seconds": round(by.total_seconds())}
    study, about = match.group.version.study_id, ("match", match.pk)
    log.record("step.put_off", study=study, subject=about, facts=facts, wake=rounds.streams_of(match))
    return MOVED


def _locked(match_id: int) -> tuple[Match, Group]:
    group = lock_group(group_of_match(match_id))
    match = group.matches.get(pk=match_id)
    match.group = group
    return match, group
