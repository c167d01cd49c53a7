"""Reads of conversations. Every one is bounded, and through the eyes of a seat where a person or a prompt asks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from chat.channels import Document
from chat.models import Conversation
from chat.models import Entry as Row
from chat.terms import terms_of
from flow.models import Match, Placing
from matching.models import Seat
from paradigm import Entry

MOST_ENTRIES = 200


def as_said(row: Row) -> Entry:
    """A row as rules see it: by the seat's number, without keys and times."""
    return Entry(seq=row.seq, seat=row.seat.number, kind=row.kind, text=row.text, facts=row.facts)


def conversation_of(match: Match, talk: str) -> Conversation | None:
    """The conversation of a talk, by its path, or by the step's name: then that of a loop's latest turn."""
    found = match.conversations.filter(Q(path=talk) | Q(path__endswith=f"/{talk}"))
    return found.order_by("-pk").first()


def entries_of(match: Match, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
    """Entries of a talk with a seq greater than `after`, oldest first, at most 200. Implements `State.entries`."""
    conversation = conversation_of(match, talk)
    if conversation is None:
        return []
    rows = conversation.entries.filter(seq__gt=after).select_related("seat").order_by("seq")
    return [as_said(row) for row in rows[: min(max(limit, 0), MOST_ENTRIES)]]


def count_of(match: Match, path: str) -> int:
    """How many entries the talk at a path has; 0 where it is no talk. Part of what a page answers to."""
    return match.conversations.filter(path=path).values_list("last_seq", flat=True).first() or 0


def latest(conversation: Conversation, *, limit: int, kinds: Sequence[str] = ()) -> list[Entry]:
    """The newest entries, of some kinds only if any are named, oldest first."""
    rows = conversation.entries.select_related("seat").order_by("-seq")
    found = rows.filter(kind__in=kinds) if kinds else rows
    return [as_said(row) for row in reversed(found[: min(limit, MOST_ENTRIES)])]


def document_of(conversation: Conversation, sections: Sequence[str]) -> dict[str, str]:
    """The shared document as it stands: the fold of its edits, of which only each section's last is read."""
    last = conversation.entries.filter(kind="edit").order_by("facts__section", "-seq").distinct("facts__section")
    return Document.document([as_said(row) for row in last.select_related("seat")], sections)


def votes_of(conversation: Conversation, seqs: Sequence[int]) -> dict[int, int]:
    """The balance of votes on entries: of one seat's several votes on an entry only its last counts."""
    last: dict[tuple[int, int], int] = {}
    votes = conversation.entries.filter(kind="vote", facts__to__in=list(seqs)).order_by("seq")
    for seat, facts in votes.values_list("seat_id", "facts"):
        last[(seat, facts["to"])] = facts["value"]
    balance = dict.fromkeys(seqs, 0)
    for (_, to), value in last.items():
        balance[to] += value
    return balance


def visible(entry: Row, seat: Seat) -> bool:
    """Whether a seat may see an entry: it sits in the match, and the channel shows it."""
    is_in = Placing.objects.filter(match=entry.conversation.match_id, seat=seat).exists()
    return is_in and terms_of(entry.conversation).channel.visible(as_said(entry), seat.number)


def after(seat: Seat, conversation: Conversation, seq: int, *, limit: int = MOST_ENTRIES) -> list[Entry]:
    """What a seat may see of a conversation beyond `seq`, oldest first, at most 200: for sockets and polling alike."""
    if not Placing.objects.filter(match=conversation.match_id, seat=seat).exists():
        return []
    rows = conversation.entries.filter(seq__gt=seq).select_related("seat").order_by("seq")[: min(limit, MOST_ENTRIES)]
    channel = terms_of(conversation).channel
    return [entry for entry in map(as_said, rows) if channel.visible(entry, seat.number)]
