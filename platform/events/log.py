"""The event log: the only door to sockets and to background reactions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from events import announce, due
from events.models import Event
from events.prepared import Question, inserting, together

REVOKED = announce.REVOKED


def record(
    kind: str,
    *,
    study: int | None,
    subject: tuple[str, int],
    facts: Mapping[str, Any] | None = None,
    wake: Mapping[str, int] | None = None,
    run_after: datetime | None = None,
    without: Collection[str] = (),
    beside: Sequence[Question[Any]] = (),
) -> Event:
    """Append one event and what must follow from it, inside the caller's transaction.

    Args:
        kind: Dotted past fact, e.g. "step.closed"; `settings.REACTIONS` says what follows.
        study: Primary key of the study, or None for what belongs to none.
        subject: What it happened to, e.g. `("match", 17)`.
        facts: Small JSON values and ids. Texts stay in their own tables, where erasure finds them.
        wake: Stream name -> its newest seq; after the commit a pointer goes to the sockets that follow the stream.
            `REVOKED` instead of a seq closes them.
        run_after: When the reactions are due; None is at once.
        without: Whom the event cannot concern, as `Reaction.concerns` names them: what is for them alone is left out.
        beside: Statements that store what has happened, sent before the event without waiting for their answers.

    Raises:
        RuntimeError: outside a transaction, where an event could outlive its cause.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"record({kind!r}) must run in the transaction that caused it")
    event = Event(kind=kind, study_id=study, subject_kind=subject[0], subject_id=subject[1], facts=dict(facts or {}))
    together(*beside, inserting(event))
    _react(event, run_after, without)
    for stream, seq in (wake or {}).items():
        transaction.on_commit(partial(announce.pointer, stream=stream, seq=seq), robust=True)
    return event


def _react(event: Event, run_after: datetime | None, without: Collection[str]) -> None:
    reactions = [one for one in settings.REACTIONS.get(event.kind, ()) if one.concerns not in without]
    if not reactions:
        return
    values = event.facts | {
        "event": event.pk,
        "study": event.study_id,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
    }
    # Sorted, so that two transactions which meet on two coarse keys lock them in the same order.
    for reaction in sorted(reactions, key=lambda each: each.path):
        key, after = reaction.key_for(values), reaction.after_seconds
        due.schedule(reaction.path, key, run_after, facts=event.facts, event=event, after_seconds=after)
