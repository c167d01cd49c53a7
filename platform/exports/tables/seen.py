"""What of conversations was shown to whom, and when first: messages of others, and that somebody was writing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.models import Conversation, Entry, Shown, TypingShown
from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import Scope, seconds
from exports.society import Society, societies

MESSAGE, TYPING = "message", "typing"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column(
        "seat",
        "The seat that was shown it: group code and seat number. An automated seat is shown what it has when it is "
        "asked for its next message.",
    ),
    keys.OCCUPANT_PARTICIPANT,
    Column("what", "What was shown: a message of another, or that another was writing.", allowed="message|typing"),
    Column("seq", "`seq` of the message in `entries`.", "integer", missing="no message"),
    Column("by", "Seat of whose message it was, or of who was writing."),
    keys.since_group("begun_s", "Since when the other was writing", missing="a message"),
    keys.since_group(
        "shown_s", "When a page with it was first made for the seat, or its browser was first told that another wrote"
    ),
]


@dataclass(frozen=True)
class _Sight:
    """One thing that was shown: to which seat, of which, when first; the message, or since when was written."""

    seat: int
    by: int
    at: datetime
    seq: int | None = None
    begun_at: datetime | None = None


@dataclass(frozen=True)
class _Talk:
    """One conversation of a group, with what was shown in it."""

    row: Conversation
    entries: Sequence[Entry]
    shown: Mapping[int, Sequence[Shown]]  # by seat, in the order of their numbers
    typing: Sequence[TypingShown]


def _seen(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        for talk in _talks(society):
            match = society.matches[talk.row.match_id]
            for one in sorted(_of(talk), key=lambda one: (one.at, one.seat, one.by, one.seq or 0)):
                if {one.seat, one.by} & society.withdrawn:
                    continue
                yield {
                    "match": society.match(match),
                    "group": society.group.code,
                    "round": match.round,
                    "step": talk.row.path,
                    "seat": society.seat(one.seat),
                    "participant": society.participant(one.seat),
                    "what": TYPING if one.begun_at else MESSAGE,
                    "seq": one.seq,
                    "by": society.seat(one.by),
                    "begun_s": seconds(one.begun_at, society.group.formed_at),
                    "shown_s": seconds(one.at, society.group.formed_at),
                }


def _of(talk: _Talk) -> Iterator[_Sight]:
    for seat, pages in talk.shown.items():
        for entry in talk.entries:
            at = next((page.at for page in pages if page.seq >= entry.seq), None)
            if at is not None and entry.seat_id != seat:
                yield _Sight(seat, entry.seat_id, at, seq=entry.seq)
    for told in talk.typing:
        yield _Sight(told.seat_id, told.writer_id, told.at, begun_at=told.begun_at)


def _talks(society: Society) -> Iterator[_Talk]:
    of = {"conversation__match__group": society.group}
    entries: dict[int, list[Entry]] = defaultdict(list)
    for entry in Entry.objects.filter(**of).only("conversation_id", "seq", "seat_id").order_by("conversation", "seq"):
        entries[entry.conversation_id].append(entry)
    shown: dict[int, dict[int, list[Shown]]] = defaultdict(lambda: defaultdict(list))
    for page in Shown.objects.filter(**of).order_by("conversation", "seat", "seq"):
        shown[page.conversation_id][page.seat_id].append(page)
    typing: dict[int, list[TypingShown]] = defaultdict(list)
    for told in TypingShown.objects.filter(**of).order_by("conversation", "at", "pk"):
        typing[told.conversation_id].append(told)
    talks = Conversation.objects.filter(match__group=society.group).order_by("match__round", "match__number", "pk")
    for row in talks:
        yield _Talk(row, entries[row.pk], shown[row.pk], typing[row.pk])


SEEN = Table("seen", "What of conversations was shown to whom, and when first", COLUMNS, _seen)
