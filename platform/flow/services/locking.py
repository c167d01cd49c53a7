"""A session under its lock, and work that is done again when somebody else was faster."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from events import clock
from events.prepared import Given, Question, prepared, together
from flow.errors import FlowError
from flow.services import games, visits
from matching.models import Seat
from scheduling.models import Session

T = TypeVar("T")
TRIES = 3
LOST_RACES = {"40P01", "40001", "55P03"}  # deadlock, serialization, lock timeout: safe to try again


class ChangedMeanwhileError(Exception):
    """A group was formed, or a visit begun, between our look and our lock: look again."""


def lock(session_id: int) -> Session:
    """The session under its lock, its live group's lock taken before it (group, then session: always in this order).

    Raises:
        ChangedMeanwhileError: the session got a seat meanwhile; roll back and try again.
    """
    return lock_and_ask(session_id)[0]


def lock_and_ask(session_id: int, *more: Question[Any]) -> tuple[Session, list[list[Any]]]:
    """As `lock`, and the answers to what else is asked under the lock."""
    group, _, read, *answers = together(games.group_of_session(session_id), *visits.locking([session_id]), *more)
    if not read:
        raise FlowError("not_here", f"session {session_id} is gone")
    session = visits.under_lock(read)[0]
    if [session.live_group] != (group or [None]):  # type: ignore[attr-defined]
        raise ChangedMeanwhileError
    clock.hold(session.read_at)  # type: ignore[attr-defined]
    return session, answers


def lock_newest(participant_id: int) -> Session:
    """A person's newest visit under its lock: what is done for a person, and not for one visit, is done there.

    Raises:
        ChangedMeanwhileError: the next visit was begun meanwhile; roll back and try again.
        FlowError: "not_here" where there is none.
    """
    newest = _newest_of.first(participant=participant_id)
    if newest is None:
        raise FlowError("not_here", f"participant {participant_id} has no visit")
    session = lock(newest)
    # A visit is begun under the lock of the one before: from here on none can be.
    if _newest_of.first(participant=participant_id) != newest:
        raise ChangedMeanwhileError
    return session


@prepared
def _newest_of(participant: Given) -> QuerySet[Session, int]:
    return Session.objects.filter(participant=participant).order_by("-pk").values_list("pk", flat=True)[:1]


def live_seat(session_id: int) -> Seat | None:
    """The seat in a running group where this session sits, if any."""
    return _live_seat.first(session=session_id, status=Seat.Status.SITTING)


@prepared
def _live_seat(session: Given, status: Given) -> QuerySet[Seat]:
    return Seat.objects.filter(session=session, status=status)


def retry_lock(work: Callable[[], T]) -> T:
    """Run a use case in a transaction, and again when somebody else was faster: all is undone and looked up anew.

    Raises:
        FlowError: "not_here" when three tries met three other moves.
        OperationalError: the third deadlock or wait for a lock in a row.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic(), clock.one_instant():
                return work()
        except ChangedMeanwhileError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOST_RACES or attempt == TRIES:
                raise
    raise FlowError("not_here", "the session's seat kept changing; try again")
