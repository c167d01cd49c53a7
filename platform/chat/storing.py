"""The one way by which entries come into the tables: numbered, recorded, and told after the commit.

Whoever stores an entry, for a form, a program or a socket, holds the match and then the conversation, and has decided
that it may be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from chat.channels import Draft
from chat.models import Conversation, Entry
from chat.writing import Writing
from events import announce
from events.log import record
from events.prepared import Given, Question, inserting, prepared, updating
from flow.models import Match, Placing
from matching.lasting import NAMED
from matching.models import Seat
from participants.tokens import stream_name

ENTRY = "chat.entry"
PROGRAMS = "programs"
"""Whom the reaction to an entry concerns (`config/reactions.py`)."""
BY_SOCKET = "by_socket"
"""The fact in the event of an entry for which no form arrived."""
CHAT = "chat"


@dataclass(frozen=True)
class Incoming:
    """An entry on its way in."""

    seat: int
    key: str
    draft: Draft
    writing: Writing


class Seated(NamedTuple):
    """A seat of a match as it is now, with the person in it, if there is one."""

    seat: int
    number: int
    position: str
    occupant: str
    status: str
    session: str | None
    token_sha256: str | None
    strikes: int | None
    grace_until: datetime | None
    name: str | None

    @property
    def stream(self) -> str:
        """Where the person's browser hears of news; empty where there is none."""
        return stream_name(self.token_sha256) if self.token_sha256 else ""

    @property
    def called(self) -> str:
        """What others call whoever sits here, as `chat.notices.called`."""
        return self.name or self.position


@prepared
def _seated(match: Given) -> QuerySet[Placing, tuple[object, ...]]:
    person = "seat__session__participant"
    return Placing.objects.filter(match=match).values_list(
        "seat_id", "seat__number", "position", "seat__occupant", "seat__status",
        "seat__session__status", f"{person}__token_sha256", f"{person}__strikes",
        "seat__session__scheduled__grace_until", f"seat__settings__{NAMED}",
    )  # fmt: skip


def seated_in(match: int) -> Question[Seated]:
    """Ask who sits in a match."""
    asked = _seated.given(match=match)
    return Question(asked.sql, asked.values, lambda row: Seated(*asked.hydrate(row)))


def store(
    conversation: Conversation,
    match: Match,
    new: Incoming,
    *,
    study: int,
    seated: Sequence[Seated],
    programs_hear: bool,
    shows_typing: bool,
    by_socket: bool = False,
) -> Entry:
    """Append an entry to a conversation that the caller holds, and tell those in the match after the commit.

    In a `Chat` they are told by a line: at once, and the same whoever wrote it. Elsewhere what an entry changes is the
    page, and a pointer says that it is another one.

    Args:
        programs_hear: Whether programs are told. Not who sits here decides that, but who may sit in groups of the
            study: what an entry costs says nothing of those who hear it.
    """
    conversation.last_seq += 1
    entry = Entry(
        conversation=conversation, seq=conversation.last_seq, seat_id=new.seat, key=new.key,
        kind=new.draft.kind, text=new.draft.text, facts=dict(new.draft.facts),
        **new.writing.within(conversation.last_seq - 1),
    )  # fmt: skip
    streams = [one.stream for one in seated if one.stream and one.status == Seat.Status.SITTING]
    is_chat = conversation.channel == CHAT
    facts = {"match": match.pk, "path": conversation.path, "rev": match.rev}
    facts |= {"seat": new.seat, "seq": entry.seq, "kind": entry.kind} | ({BY_SOCKET: True} if by_socket else {})
    record(
        ENTRY,
        study=study,
        subject=("conversation", conversation.pk),
        facts=facts,
        wake={} if is_chat else dict.fromkeys(streams, entry.seq),
        without=() if programs_hear else (PROGRAMS,),
        beside=[updating(conversation, "last_seq"), inserting(entry)],
    )
    who = ""
    if shows_typing:
        who = next(one.called for one in seated if one.seat == new.seat)
    if is_chat:
        # in one message however many they are: in the process that stores it nothing is done longer for two people
        told = partial(announce.line, streams=streams, talk=conversation.pk, seq=entry.seq, who=who)
        transaction.on_commit(told, robust=True)
    return entry
