"""Every write to a conversation. Nothing here closes a step: that is decided with the match, in flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count

from chat.channels import Draft
from chat.errors import ChatError
from chat.models import Conversation, Entry
from chat.queries import as_said
from chat.terms import Terms, terms_of
from events import clock
from events.log import record
from flow.deadlines import GRACE, stream_of
from flow.models import Act, Match
from matching.models import Seat

ENTRY = "chat.entry"
FULL = "talk.full"
CLOSED = "talk.closed"
READY = "talk.ready"
MOST_KEY_CHARS = 60


@transaction.atomic
def open_conversation(match: Match, *, path: str, channel: str) -> Conversation:
    """The conversation of a talk; made at the first call, the same row at every other."""
    conversation, _ = Conversation.objects.get_or_create(match=match, path=path, defaults={"channel": channel})
    return conversation


@transaction.atomic
def close_conversation(match: Match, *, path: str) -> None:
    """Note when a talk was over; from the commit on nothing more can be said. Calling twice is harmless."""
    # The match first, as in `post_entry`: an entry and the end of its talk must not each hold what the other needs.
    Match.objects.select_for_update(of=("self",), no_key=True).get(pk=match.pk)
    if Conversation.objects.filter(match=match, path=path, closed_at=None).update(closed_at=clock.RapportNow()):
        conversation = Conversation.objects.get(match=match, path=path)
        conversation.match = match
        _record(CLOSED, conversation, match, {})


@transaction.atomic
def post_entry(
    *, conversation_id: int, seat_id: int, kind: str, text: str, facts: Mapping[str, Any] | None = None, key: str
) -> Entry:
    """Store one entry and tell those in the match. The same key again returns the stored row.

    Args:
        kind: One of what the channel accepts.
        text: In any form; stored stripped, never cut.
        facts: {"to": seq} of a comment or vote, {"section": name} of an edit, {"thing": name} of a point.
        key: Idempotency key of the intent, 1 to 60 characters, unique per seat and conversation.

    Raises:
        ChatError: refused, nothing stored; see its codes.
    """
    conversation = Conversation.objects.select_related("match__group__version").filter(pk=conversation_id).first()
    if conversation is None:
        raise ChatError("no_conversation", f"there is no conversation {conversation_id}")
    if not 0 < len(key) <= MOST_KEY_CHARS:
        raise ChatError("key", f"an idempotency key has 1 to {MOST_KEY_CHARS} characters")
    terms = terms_of(conversation)
    draft = terms.channel.draft(kind, text, facts or {})
    known = _stored(conversation, seat_id, key, draft)
    return known or _append(conversation, seat_id, key, draft, terms)


@transaction.atomic
def say_ready(conversation: Conversation, match: Match) -> None:
    """Let the seats without a person know that somebody has said to be ready: some wait for nothing else."""
    _record(READY, conversation, match, {})


def _append(conversation: Conversation, seat_id: int, key: str, draft: Draft, terms: Terms) -> Entry:
    # The match first: a step that is closing at this moment (flow updates its row) must not get an entry afterwards.
    match = Match.objects.select_for_update(of=("self",), no_key=True).get(pk=conversation.match_id)
    # Then the conversation: two writers must not take the same seq, nor one intent two seqs.
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    known = _stored(locked, seat_id, key, draft)
    if known:
        return known
    _check_open(locked, match)
    used = _check_speaker(locked, seat_id, terms)
    target = locked.entries.select_related("seat").filter(seq=draft.to).first() if draft.to else None
    terms.channel.target(draft, as_said(target) if target else None)
    locked.last_seq += 1
    locked.save(update_fields=["last_seq"])
    entry = Entry.objects.create(
        conversation=locked, seq=locked.last_seq, seat_id=seat_id, key=key,
        kind=draft.kind, text=draft.text, facts=dict(draft.facts),
    )  # fmt: skip
    _tell(conversation, match, entry)
    if terms.quota and used + 1 == terms.quota and _is_full(locked, terms):
        _record(FULL, conversation, match, {})
    return entry


def _stored(conversation: Conversation, seat_id: int, key: str, draft: Draft) -> Entry | None:
    entry = conversation.entries.filter(seat_id=seat_id, key=key).first()
    if entry and (entry.kind, entry.text, entry.facts) != (draft.kind, draft.text, dict(draft.facts)):
        raise ChatError("conflict", f"entry {entry.seq} was stored under this key with another body: take a new key")
    return entry


def _check_open(conversation: Conversation, match: Match) -> None:
    is_at_it = match.status == Match.Status.OPEN and match.path == conversation.path and not conversation.closed_at
    if not is_at_it or (match.deadline_at and clock.now() > match.deadline_at + GRACE):
        raise ChatError("closed", f"the talk {conversation.path} of match {match.pk} is over: nothing more can be said")


def _check_speaker(conversation: Conversation, seat_id: int, terms: Terms) -> int:
    """How many entries the seat has made. Raises ChatError when it may make no more."""
    is_here = seat_id in {seat.pk for seat in terms.speakers}
    if not is_here or not Seat.objects.filter(pk=seat_id, status=Seat.Status.SITTING).exists():
        raise ChatError("not_here", f"seat {seat_id} cannot speak at {conversation.path}: another role, or it left")
    used = conversation.entries.filter(seat_id=seat_id).count()
    if terms.quota and used >= terms.quota:
        raise ChatError("quota", f"seat {seat_id} has made its {terms.quota} entries at {conversation.path}")
    return used


def _is_full(conversation: Conversation, terms: Terms) -> bool:
    made = dict(conversation.entries.values_list("seat_id").annotate(n=Count("pk")))
    acts = Act.objects.filter(match_id=conversation.match_id, path=conversation.path)
    ready = set(acts.values_list("seat_id", flat=True))
    return all(made.get(seat.pk, 0) >= terms.quota or seat.pk in ready for seat in terms.speakers)


def _tell(conversation: Conversation, match: Match, entry: Entry) -> None:
    people = Seat.objects.filter(placings__match=match, session__isnull=False).select_related("session__participant")
    wake = {stream_of(seat.session): entry.seq for seat in people if seat.session}
    _record(ENTRY, conversation, match, {"seat": entry.seat_id, "seq": entry.seq, "kind": entry.kind}, wake)


def _record(
    kind: str, conversation: Conversation, match: Match, facts: Mapping[str, Any], wake: Mapping[str, int] | None = None
) -> None:
    where = {"match": match.pk, "path": conversation.path, "rev": match.rev}
    study = conversation.match.group.version.study_id
    record(kind, study=study, subject=("conversation", conversation.pk), facts={**where, **facts}, wake=wake)
