"""The one queue table: schedule, claim, renew, settle, release, cancel. Every verb is one short transaction."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from events import announce, clock
from events.claim import Claim
from events.models import Due, Event
from events.prepared import Question, run
from events.reaction import queue_of

LEASE_SECONDS = 10.0
MAX_ATTEMPTS = 5
# A row due later than this gets no hint: the bots' loop and the sweeper read it in time.
HINT_WITHIN = timedelta(seconds=1)
FAILED = "due.failed"

log = logging.getLogger("rapport.task")


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Ids of free rows with the instants they are planned for, and the clock when they were read."""

    reading: clock.Reading
    run_after: dict[int, datetime]


class LostClaim(Exception):  # noqa: N818  named for what happened to the holder
    """The row went to another holder, was cancelled or was settled before. Roll back whatever was done under it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


_INSERT = """
INSERT INTO events_due (reaction, queue, key, event_id, facts, run_after, fence, attempts, outcome, error_code)
VALUES (%(reaction)s, %(queue)s, %(key)s,
        coalesce(%(event)s, CASE WHEN %(newest)s THEN currval(pg_get_serial_sequence('events_event', 'id')) END),
        %(facts)s,
        coalesce(%(run_after)s, rapport_now() + make_interval(secs => %(after)s)), 0, 0, '', '')
ON CONFLICT (reaction, key) WHERE outcome = '' DO UPDATE SET
    again_after = CASE WHEN events_due.lease_until IS NULL THEN events_due.again_after
                       ELSE least(events_due.again_after, excluded.run_after) END,
    run_after = CASE WHEN events_due.lease_until IS NULL AND events_due.attempts = 0
                     THEN least(events_due.run_after, excluded.run_after) ELSE events_due.run_after END
RETURNING id, run_after, rapport_now()
"""


def schedule(
    reaction: str,
    key: str,
    run_after: datetime | None,
    *,
    facts: dict[str, Any] | None = None,
    event: Event | None = None,
    after_seconds: float = 0.0,
) -> int:
    """Make `reaction` due at `run_after` (None: in `after_seconds`), in the caller's transaction; return the row's id.

    An open row with the same key is kept and only moved earlier. If it is in hand, its holder may have looked before
    this change, so the row opens once more when it is settled. To move a row later, `cancel` it first.

    Raises:
        RuntimeError: outside a transaction, where the work could outlive its cause.
    """
    pk = event.pk if event else None
    asked = scheduling(reaction, key, run_after, facts=facts, event=pk, after_seconds=after_seconds)
    return asked.answer()[0]


NEWEST = -1
"""In place of an event's key: the event that was stored last in this session, by a statement sent just before."""


def scheduling(
    reaction: str,
    key: str,
    run_after: datetime | None,
    *,
    facts: dict[str, Any] | None = None,
    event: int | None = None,
    after_seconds: float = 0.0,
) -> Question[int]:
    """As `schedule`, to be asked `together` with what it follows from.

    Args:
        event: The key of the event that causes it; `NEWEST` where that is not known yet.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"schedule({reaction!r}) must run in the transaction that caused it")
    queue = queue_of(reaction)
    values = {
        "reaction": reaction,
        "queue": queue,
        "key": key,
        "event": None if event == NEWEST else event,
        "newest": event == NEWEST,
        "facts": json.dumps(facts or {}),
        "run_after": run_after,
        "after": after_seconds,
    }

    def stored(row: tuple[Any, ...]) -> int:
        due_id, planned, now = row
        # What the caller does itself needs no hint, though the row that it joined may be due by now.
        if not after_seconds and planned - now <= HINT_WITHIN:
            transaction.on_commit(lambda: announce.hint(queue=queue, due_id=due_id), robust=True)
        return int(due_id)

    # Two writers of one coarse key meet here on the unique index: the second waits, then joins or opens a new row.
    return Question(_INSERT, values, stored)


_CLAIM = """
UPDATE events_due
SET lease_until = rapport_now() + make_interval(secs => %(lease)s), again_after = NULL,
    fence = fence + 1, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM events_due
    WHERE outcome = '' AND attempts < %(most)s AND {which}
        AND (lease_until IS NULL OR lease_until < (SELECT rapport_now()))
    ORDER BY run_after LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, reaction, queue, key, facts, event_id, fence, attempts, run_after, rapport_now(), {stands}
"""
_COLUMNS = ("id", "reaction", "queue", "key", "facts", "event_id", "fence", "attempts", "run_after", "at", "stands")
_BY_ID = "id = ANY(%(ids)s) AND run_after <= (SELECT rapport_now()) + make_interval(secs => %(ahead)s)"
# A hinted row is late only after a moment in which its hint may arrive; one planned for later, or retried, had no hint.
_BY_QUEUE = """queue = %(queue)s AND run_after <= (SELECT rapport_now())
    AND (run_after > created_at + interval '1 second'
         OR run_after <= (SELECT rapport_now()) - make_interval(secs => %(hint)s))"""


def claim(queue: str, *, limit: int, hint_seconds: float = 0.0) -> list[Claim]:
    """Claim up to `limit` rows of `queue` that are due, the oldest first; any number of callers may race.

    Args:
        hint_seconds: Leave rows alone that became due with a hint less than this ago: a worker is about to take them.
    """
    return _claimed(_BY_QUEUE, {"queue": queue, "limit": limit, "hint": hint_seconds})


def claim_ids(ids: Sequence[int], *, ahead_seconds: float = 0.0) -> list[Claim]:
    """Claim those of `ids` that are open, free and due within `ahead_seconds`."""
    return _claimed(_BY_ID, {"ids": list(ids), "limit": len(ids), "ahead": ahead_seconds}) if ids else []


def _claimed(which: str, values: dict[str, Any]) -> list[Claim]:
    with connection.cursor() as cursor:
        asked = time.monotonic()
        # SKIP LOCKED and the lease test in one statement: of two racing claimers one takes the row, the other passes.
        cursor.execute(
            _CLAIM.format(which=which, stands=clock.STANDS), {**values, "lease": LEASE_SECONDS, "most": MAX_ATTEMPTS}
        )
        rows = cursor.fetchall()
        answered = (asked + time.monotonic()) / 2
    found = []
    for row in rows:
        values = dict(zip(_COLUMNS, row, strict=True))
        reading = clock.Reading(at=values.pop("at"), monotonic=answered, stands=values.pop("stands"))
        found.append(Claim(**values | {"facts": json.loads(values["facts"])}, reading=reading))
    return sorted(found, key=lambda claim: (claim.run_after, claim.id))


def take_along(claim: Claim, keys: str) -> int:
    """Close what else is open and free of a claim's reaction, by the beginning of its keys: the claim's work will do.

    Call it before that work reads anything: the causes of these rows are committed by now, so that it sees them. What
    has no event was planned for a time of its own, and stays.

    Returns:
        How many rows were closed.
    """
    return len(run(_TAKE_ALONG, [claim.reaction, keys]))


_TAKE_ALONG = """
UPDATE events_due SET outcome = 'done', done_at = rapport_now()
WHERE id IN (
    SELECT id FROM events_due
    WHERE reaction = %s AND starts_with(key, %s) AND outcome = '' AND lease_until IS NULL AND event_id IS NOT NULL
    FOR UPDATE SKIP LOCKED)
RETURNING 1
"""


def upcoming(queue: str, *, within_seconds: float, limit: int, late_by_seconds: float = 0.0) -> Upcoming:
    """Read, without claiming, which free rows of `queue` fall due within `within_seconds`, and the clock."""
    reading = clock.read()
    until = reading.at + timedelta(seconds=within_seconds - late_by_seconds)
    rows = Due.objects.filter(queue=queue, outcome="", attempts__lt=MAX_ATTEMPTS, run_after__lte=until)
    free = rows.filter(Q(lease_until=None) | Q(lease_until__lt=reading.at)).order_by("run_after")
    return Upcoming(reading=reading, run_after=dict(free.values_list("id", "run_after")[:limit]))


def renew(claims: Iterable[Claim]) -> set[int]:
    """Lengthen the leases of what is in hand and return the ids that are still ours (or busy being settled)."""
    held = {claim.id: claim.fence for claim in claims}
    if not held:
        return set()
    with connection.cursor() as cursor:
        # SKIP LOCKED: a row that its holder is just settling needs no lease, and must not hold up the others.
        cursor.execute(
            """UPDATE events_due SET lease_until = rapport_now() + make_interval(secs => %s) WHERE id IN (
                   SELECT due.id FROM events_due due
                   JOIN unnest(%s::bigint[], %s::int[]) AS held (id, fence) USING (id, fence)
                   WHERE outcome = '' ORDER BY due.id FOR UPDATE OF due SKIP LOCKED)""",
            [LEASE_SECONDS, list(held), list(held.values())],
        )
        cursor.execute("SELECT id, fence FROM events_due WHERE outcome = '' AND id = ANY(%s)", [list(held)])
        return {due_id for due_id, fence in cursor.fetchall() if held[due_id] == fence}


def settle(claim: Claim, outcome: str = "done") -> None:
    """Close the row, inside the caller's transaction, so that effect and settlement commit together or not at all.

    Call it last: it locks the row until the commit.

    Raises:
        LostClaim: "lost" when a newer holder has the row, or it was cancelled or settled.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Compare-and-set on the fence: a holder that was taken for dead cannot add its effect to its successor's.
        cursor.execute(
            """UPDATE events_due SET outcome = %s, done_at = rapport_now(), lease_until = NULL
               WHERE id = %s AND fence = %s AND outcome = '' RETURNING again_after""",
            [(outcome or "done")[:40], claim.id, claim.fence],
        )
        row = cursor.fetchone()
        if row is None:
            raise LostClaim("lost", f"due {claim.id} ({claim.reaction}) is no longer held under fence {claim.fence}")
        if row[0] is not None:
            event = Event(pk=claim.event_id) if claim.event_id else None
            schedule(claim.reaction, claim.key, row[0], facts=claim.facts, event=event)


def is_settled(claim: Claim) -> bool:
    """Whether this claim, under this fence, has been settled (by its handler)."""
    return Due.objects.filter(pk=claim.id, fence=claim.fence).exclude(outcome="").exclude(outcome="cancelled").exists()


def release(claim: Claim, *, retry_after_seconds: float, error_code: str = "", is_counted: bool = True) -> bool:
    """Give the row back, to be tried again later; after `MAX_ATTEMPTS` it fails for good, with an event and a log line.

    Args:
        is_counted: False when the handler is not to blame, as when the process stops.

    Returns:
        Whether the row was still ours.
    """
    with transaction.atomic():
        mine = Due.objects.filter(pk=claim.id, fence=claim.fence, outcome="")
        if is_counted and claim.attempts >= MAX_ATTEMPTS:
            return bool(_fail(mine, error_code=error_code or "crashed"))
        after = clock.now() + timedelta(seconds=retry_after_seconds)
        attempts = claim.attempts if is_counted else claim.attempts - 1
        changed = mine.update(
            lease_until=None, again_after=None, run_after=after, attempts=attempts, error_code=error_code[:60]
        )
        return changed == 1


def bury() -> int:
    """Fail the rows whose every holder died without a word, so that none of them takes a sixth process with it."""
    with transaction.atomic():
        dead = Due.objects.filter(outcome="", attempts__gte=MAX_ATTEMPTS, lease_until__lt=clock.RapportNow())
        return _fail(dead, error_code="holder_died")


def _fail(rows: Any, *, error_code: str) -> int:
    failed = list(rows.select_for_update(of=("self",), skip_locked=True).select_related("event"))
    for due in failed:
        due.outcome, due.error_code, due.lease_until, due.done_at = "failed", error_code[:60], None, clock.now()
        due.save(update_fields=["outcome", "error_code", "lease_until", "done_at"])
        facts = {"reaction": due.reaction, "attempts": due.attempts, "error_code": due.error_code}
        study = due.event.study_id if due.event else None
        event = Event.objects.create(kind=FAILED, study_id=study, subject_kind="due", subject_id=due.pk, facts=facts)
        _resort(due, event)
        log.error("due work failed for good", extra={"facts": {**facts, "due": due.pk}})
        if due.again_after is not None:
            schedule(due.reaction, due.key, due.again_after, facts=due.facts, event=due.event)
    return len(failed)


def _resort(due: Due, event: Event) -> None:
    """What the table says follows a failure for good; not from a last resort's own, which could go on for ever."""
    resorts = settings.REACTIONS.get(FAILED, ())
    if due.reaction in {resort.path for resort in resorts}:
        return
    for resort in resorts:
        facts = {**due.facts, "reaction": due.reaction}
        schedule(resort.path, f"due:{due.pk}", None, facts=facts, event=event)


_CANCEL = """
UPDATE events_due SET outcome = 'cancelled', done_at = rapport_now(), lease_until = NULL, again_after = NULL
WHERE reaction = %s AND key = %s AND outcome = '' {unless}
RETURNING id
"""
_CANCEL_ANY, _CANCEL_FREE = _CANCEL.format(unless=""), _CANCEL.format(unless="AND lease_until IS NULL")


def cancel(reaction: str, key: str) -> bool:
    """Close the open row of (reaction, key), if there is one; a holder in the middle of it will find its claim lost."""
    return bool(run(_CANCEL_ANY, [reaction, key]))


def forget(reaction: str, key: str) -> None:
    """Close the open row of (reaction, key) unless it is in hand: its holder may be who calls, and settles it."""
    run(_CANCEL_FREE, [reaction, key])
