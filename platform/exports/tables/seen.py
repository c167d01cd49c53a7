"""What of conversations was shown to whom, and when first: messages, that somebody wrote, earlier conversations."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.models import Conversation, EarlierShown, Entry, Shown, TypingShown
from exports import keys
from exports.codes import match_code
from exports.columns import Column, Row, Table
from exports.scope import Scope, seconds
from exports.society import Society, societies

MESSAGE, TYPING, EARLIER = "message", "typing", "earlier"

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
    Column(
        "what",
        "What was shown: a message of another, that another was writing, or an earlier conversation, which the person "
        "opened beside the one of this row.",
        allowed="message|typing|earlier",
    ),
    Column("seq", "`seq` of the message in `entries`.", "integer", missing="no message"),
    Column("by", "Seat of whose message it was, or of who was writing.", missing="an earlier conversation"),
    Column("of_match", "Match of the earlier conversation.", missing="no earlier conversation"),
    Column("of_step", "Step of the earlier conversation.", missing="no earlier conversation"),
    keys.since_group("begun_s", "Since when the other was writing", missing="nobody was writing"),
    keys.since_group(
        "shown_s",
        "When a line or a page with it was first made for the seat, or its browser was first told that another wrote",
    ),
]


@dataclass(frozen=True)
class _Sight:
    """One thing that was shown: to which seat, when first; which message of whom, whose writing, or what talk."""

    seat: int
    at: datetime
    by: int | None = None
    seq: int | None = None
    begun_at: datetime | None = None
    earlier: Conversation | None = None

    @property
    def what(self) -> str:
        """The word for it."""
        if self.earlier is not None:
            return EARLIER
        return TYPING if self.begun_at else MESSAGE

    @property
    def order(self) -> tuple[object, ...]:
        """A repeatable place among the others of its talk."""
        return self.at, self.seat, self.by or 0, self.seq or 0, self.earlier.pk if self.earlier else 0


@dataclass(frozen=True)
class _Talk:
    """One conversation of a group, with what was shown in it."""

    row: Conversation
    entries: Sequence[Entry]
    shown: Mapping[int, Sequence[Shown]]  # by seat, in the order of their numbers
    typing: Sequence[TypingShown]
    earlier: Sequence[EarlierShown]


def _seen(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        for talk in _talks(society):
            match = society.matches[talk.row.match_id]
            for one in sorted(_of(talk), key=lambda one: one.order):
                if {one.seat, one.by} & society.withdrawn:
                    continue
                yield {
                    **society.place(match, talk.row.path, one.seat),
                    "what": one.what,
                    "seq": one.seq,
                    "by": society.seat(one.by) if one.by else None,
                    "of_match": _match(one.earlier) if one.earlier else None,
                    "of_step": one.earlier.path if one.earlier else None,
                    "begun_s": seconds(one.begun_at, society.group.formed_at),
                    "shown_s": seconds(one.at, society.group.formed_at),
                }


def _of(talk: _Talk) -> Iterator[_Sight]:
    for seat, pages in talk.shown.items():
        for entry in talk.entries:
            at = next((page.at for page in pages if page.seq >= entry.seq), None)
            if at is not None and entry.seat_id != seat:
                yield _Sight(seat, at, by=entry.seat_id, seq=entry.seq)
    for told in talk.typing:
        yield _Sight(told.seat_id, told.at, by=told.writer_id, begun_at=told.begun_at)
    for opened in talk.earlier:
        yield _Sight(opened.seat_id, opened.at, earlier=opened.earlier)


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
    earlier: dict[int, list[EarlierShown]] = defaultdict(list)
    for opened in EarlierShown.objects.filter(**of).select_related("earlier__match__group").order_by("at", "pk"):
        earlier[opened.conversation_id].append(opened)
    talks = Conversation.objects.filter(match__group=society.group).order_by("match__round", "match__number", "pk")
    for row in talks:
        yield _Talk(row, entries[row.pk], shown[row.pk], typing[row.pk], earlier[row.pk])


def _match(talk: Conversation) -> str:
    return match_code(talk.match.group.code, talk.match.round, talk.match.number)


SEEN = Table("seen", "What of conversations was shown to whom, and when first", COLUMNS, _seen)
