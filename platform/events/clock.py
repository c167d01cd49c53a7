"""The one clock: what the database says. In a simulation it may be ahead, or stand until it is moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import DateTimeField
from django.db.models.expressions import Func

from events.prepared import run


class ClockError(Exception):
    """The clock was asked for something it must not do. `code` is for programs, the text names the remedy."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RapportNow(Func):
    """`rapport_now()` as an expression: for `db_default` and for comparisons inside queries.

    A migration that uses it in `db_default` must depend on `("events", "0001_clock_events_and_due")`.
    """

    function = "rapport_now"
    output_field = DateTimeField()


class _Held(threading.local):
    """The instant at which this thread's use case takes place, once it has one."""

    is_wanted = False
    at: datetime | None = None


_held = _Held()


def now() -> datetime:
    """The present instant, aware and in UTC. Costs one query, unless it is held; read it once per use case."""
    if _held.at is not None:
        return _held.at
    instant: datetime = run("SELECT rapport_now()")[0][0]
    return instant.astimezone(UTC)


@contextmanager
def one_instant() -> Iterator[None]:
    """Let a use case take place at one instant: that which it gives to `hold` when it has its lock."""
    before = _held.is_wanted, _held.at
    _held.is_wanted, _held.at = True, None
    try:
        yield
    finally:
        _held.is_wanted, _held.at = before


def hold(at: datetime) -> None:
    """Let `now` give this instant to the end of `one_instant`; outside of one it does nothing."""
    if _held.is_wanted:
        _held.at = at


def shift(delta: timedelta) -> datetime:
    """Move the simulated clock forward and return the new now.

    Raises:
        ClockError: "backwards" for a negative delta, "not_simulated" when the database was not made for simulation.
    """
    if delta < timedelta(0):
        raise ClockError("backwards", f"the clock cannot go back by {-delta}: make a new simulation database instead")
    _set("ahead_by = ahead_by + %(delta)s, stands_at = stands_at + %(delta)s", delta=delta)
    return now()


def stand(at: datetime) -> None:
    """Let the simulated clock stand at an instant; called again, it jumps to the next and stands there.

    Raises:
        ClockError: "backwards" for an instant that has passed, once something has happened; "not_simulated".
    """
    try:
        with transaction.atomic():
            _set("stands_at = %(at)s", at=at)
    except IntegrityError as error:
        raise ClockError("backwards", f"the clock cannot go back to {at}: make a new simulation database") from error


def _set(assignments: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE events_clock SET {assignments} WHERE made_for_simulation", values)  # noqa: S608  our own words
        if cursor.rowcount != 1:
            raise ClockError(
                "not_simulated",
                "this database was not made for simulation: on an empty one, run `manage.py clock --simulate` first",
            )


def simulate() -> None:
    """Make this database one for simulation, for good. Only while nothing has been recorded in it.

    Raises:
        ClockError: "not_empty" when events exist already.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO events_clock (id, ahead_by, made_for_simulation) VALUES (1, interval '0', true)
                   ON CONFLICT (id) DO UPDATE SET made_for_simulation = true"""
            )
    except IntegrityError as error:
        raise ClockError("not_empty", "this database holds events already: make an empty one for simulation") from error


def is_simulated() -> bool:
    """Whether this database was made for simulation; every page of one says so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM events_clock WHERE made_for_simulation)")
        row = cursor.fetchone()
    return bool(row[0])


@dataclass(frozen=True, slots=True)
class Reading:
    """The clock as read at one moment of this process's monotonic clock, to know the time in between without asking."""

    at: datetime
    monotonic: float
    stands: bool = False

    def now(self) -> datetime:
        """The instant it is by this reading, good to a few milliseconds for as long as nobody moves the clock."""
        return self.at if self.stands else self.at + timedelta(seconds=time.monotonic() - self.monotonic)


STANDS = "(SELECT max(stands_at) IS NOT NULL FROM events_clock)"
"""Whether the clock stands, as a value in SQL; without a row it does not."""


def read() -> Reading:
    """Ask the database once and note the middle of the question as the moment of its answer."""
    before = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rapport_now(), {STANDS}")
        at, stands = cursor.fetchone()
    return Reading(at=at.astimezone(UTC), monotonic=(before + time.monotonic()) / 2, stands=stands)
