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
from events.reaction import Reaction

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

    All of it is sent without waiting for an answer in between: a message takes no longer to be stored where something
    follows from it (docs/blinding.md).

    Args:
        kind: Dotted past fact, e.g. "step.closed"; `settings.REACTIONS` says what follows.
        study: Primary key of the study, or None for what belongs to none.
        subject: What it happened to, e.g. `("match", 17)`.
        facts: Small JSON values and ids. Texts stay in their own tables, where erasure finds them.
        wake: Stream name -> its newest seq; after the commit a pointer goes to the sockets that follow the stream.
            `REVOKED` instead of a seq closes them.
        run_after: When the reactions are due; None is at once.
        without: Whom the event cannot concern, as `Reaction.concerns` names them: what is for them alone is left out.
        beside: Statements that store what has happened, sent before the event.

    Raises:
        RuntimeError: outside a transaction, where an event could outlive its cause.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"record({kind!r}) must run in the transaction that caused it")
    event = _made(kind, study, subject, facts)
    at_once, later = _reactions(event, without)
    together(*beside, inserting(event), *(_due(event, one, run_after, due.NEWEST) for one in at_once))
    for reaction in later:
        _due(event, reaction, run_after, event.pk).answer()
    _wake(wake or {})
    return event


def recording(
    kind: str,
    *,
    study: int | None,
    subject: tuple[str, int],
    facts: Mapping[str, Any] | None = None,
    wake: Mapping[str, int] | None = None,
) -> Sequence[Question[Any]]:
    """As `record`, to be sent `together` with other events, in this order.

    Raises:
        ValueError: what follows from it is named by the event's key, which is not known before.
    """
    event = _made(kind, study, subject, facts)
    at_once, later = _reactions(event, ())
    if later:
        raise ValueError(f"what follows from {kind!r} is named by its event's key: record it by itself")
    _wake(wake or {})
    return [inserting(event), *(_due(event, one, None, due.NEWEST) for one in at_once)]


def _wake(streams: Mapping[str, int]) -> None:
    for stream, seq in streams.items():
        transaction.on_commit(partial(announce.pointer, stream=stream, seq=seq), robust=True)


def _made(kind: str, study: int | None, subject: tuple[str, int], facts: Mapping[str, Any] | None) -> Event:
    return Event(kind=kind, study_id=study, subject_kind=subject[0], subject_id=subject[1], facts=dict(facts or {}))


def _reactions(event: Event, without: Collection[str]) -> tuple[Sequence[Reaction], Sequence[Reaction]]:
    """What follows from an event: first what may be sent with it, then what needs its key to be named."""
    wanted = [one for one in settings.REACTIONS.get(event.kind, ()) if one.concerns not in without]
    # Sorted, so that two transactions which meet on two coarse keys lock them in the same order.
    ordered = sorted(wanted, key=lambda each: each.path)
    return [one for one in ordered if not one.is_of_event], [one for one in ordered if one.is_of_event]


def _due(event: Event, reaction: Reaction, run_after: datetime | None, pk: int) -> Question[int]:
    values = event.facts | {
        "event": event.pk,
        "study": event.study_id,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
    }
    key, after = reaction.key_for(values), reaction.after_seconds
    return due.scheduling(reaction.path, key, run_after, facts=event.facts, event=pk, after_seconds=after)
