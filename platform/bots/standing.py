"""Reads about groups that are played again: which turns are open, and how far their conversations have come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from bots import queries
from bots.recording import Talk
from chat.models import Conversation, Entry
from events.models import Due
from flow.models import Act, Match
from matching.models import Seat


@dataclass(frozen=True)
class OpenTurn:
    """A turn that nobody has in hand: the key of its row, where it is, its seat, and how many entries that has made."""

    due: int
    talk: Talk
    seat: int
    made: int


@dataclass(frozen=True)
class Standing:
    """How far a conversation is: its entries, and the seats that have said to be ready."""

    count: int = 0
    ready: frozenset[int] = frozenset()


def open_turns(groups: Collection[int]) -> list[OpenTurn]:
    """The open turns of some groups, oldest first."""
    rows = Due.objects.filter(pk__in=queries.open_turns(list(groups)), lease_until=None).order_by("pk")
    turns = [(row.pk, row.facts["match"], row.facts["path"], int(row.key.rpartition(":")[2])) for row in rows]
    matches = Match.objects.select_related("group").in_bulk({match for _, match, _, _ in turns})
    seats = Seat.objects.in_bulk({seat for _, _, _, seat in turns})
    entries = Entry.objects.filter(conversation__match__in=list(matches), seat__in=list(seats))
    made = Counter(entries.values_list("conversation__match", "conversation__path", "seat"))
    return [
        OpenTurn(pk, _talk(matches[match], path), seats[seat].number, made[match, path, seat])
        for pk, match, path, seat in turns
    ]


def standings(groups: Collection[int]) -> dict[Talk, Standing]:
    """How far each conversation of some groups is."""
    ready: dict[tuple[int, str], set[int]] = defaultdict(set)
    for match, path, seat in Act.objects.filter(match__group__in=groups).values_list("match", "path", "seat__number"):
        ready[match, path].add(seat)
    talks = Conversation.objects.filter(match__group__in=groups).select_related("match__group")
    return {
        _talk(talk.match, talk.path): Standing(talk.last_seq, frozenset(ready[talk.match_id, talk.path]))
        for talk in talks
    }


def _talk(match: Match, path: str) -> Talk:
    return match.group.code, match.round, match.number, path
