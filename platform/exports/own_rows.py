"""A person's own rows of the round just played, beside the pages that made them. For demos and previews only.

Nothing stands here that the person has not been told: what partners are, and what those stated who were not picked,
stays out until the game is over.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exports.cells import cells
from exports.columns import Column, Row
from exports.errors import ExportError
from exports.society import Society, society_of
from exports.tables.choice_sets import COLUMNS as CHOICE_COLUMNS
from exports.tables.choice_sets import offers_in, rows_of_offer
from exports.tables.decisions import (
    BELIEF_COLUMNS,
    DECISION_COLUMNS,
    Stated,
    belief_row,
    decision_row,
    stated_in,
)
from exports.tables.exposures import COLUMNS as EXPOSURE_COLUMNS
from exports.tables.exposures import exposures_in
from exports.tables.groups import PLACING_COLUMNS, placing_row
from flow.models import Match, Placing
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session

ORIGINS = (Participant.Origin.DEMO, Participant.Origin.PREVIEW)
UNTIL_OVER = frozenset(
    {"kind", "kinds_shown", "is_stand_in", "candidate", "about_seat", "target", "own_levels", "match_label"}
)
"""Columns that tell what a partner is, or by which one could be recognised from round to round."""
ALWAYS_THE_SAME = frozenset(
    {"match", "group", "participant", "role", "repetition", "selector", "holder", "is_withdrawn"}
)
"""Columns that the first table has told already."""
NEVER_HERE = frozenset({"missing_reason"})
"""A column about people whose data are deleted, which no demo needs."""


@dataclass(frozen=True)
class OwnTable:
    """Some rows of one table of the dataset, as cells."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def rows_of(session: Session) -> list[OwnTable]:
    """The rows that the session's newest match with an act of theirs has made so far; empty before the first.

    Raises:
        ExportError: "not_for_this_session" unless the participant came by a demo's or a preview's link.
    """
    if session.participant.origin not in ORIGINS:
        raise ExportError("not_for_this_session", "recorded rows are shown in demos and previews only")
    placing = newest_placing(session)
    if placing is None:
        return []
    group = Group.objects.select_related("version__study").get(pk=placing.match.group_id)
    own = _Own(society_of(group), placing.match, placing.seat_id, _is_over(session, group, placing.seat))
    return [table for table in own.tables() if table.rows]


def newest_placing(session: Session) -> Placing | None:
    """Where the session sat in its newest match with an act of theirs."""
    acted = Placing.objects.filter(seat__session=session, match__acts__seat__session=session)
    return acted.select_related("match", "seat").order_by("-match__round", "-match__pk").first()


def is_over_for(session: Session) -> bool:
    """Whether nothing that the game still hides could be told by the session's own rows."""
    seats = Seat.objects.filter(session=session).select_related("group")
    return bool(seats) and all(_is_over(session, seat.group, seat) for seat in seats)


def _is_over(session: Session, group: Group, seat: Seat) -> bool:
    is_ended = group.status != Group.Status.ACTIVE or seat.status == Seat.Status.LEFT
    return is_ended or session.status == Session.Status.FINISHED


@dataclass(frozen=True)
class _Own:
    society: Society
    match: Match
    seat: int
    is_over: bool

    def tables(self) -> Iterator[OwnTable]:
        """In the order in which a round is understood."""
        yield self._table("placings", "Your place in this round", PLACING_COLUMNS, [self._placing()])
        yield self._table("choice_sets", "Who you could pick from, in display order", CHOICE_COLUMNS, self._choices())
        yield self._table("decisions", "What you decided", DECISION_COLUMNS, map(decision_row, self._stated()))
        beliefs = [belief_row(one) for one in self._stated() if one.field is not None and one.field.belief is not None]
        yield self._table("beliefs", "What you expected", BELIEF_COLUMNS, beliefs)
        shown = exposures_in(self.society, match=self.match, seat=self.seat)
        yield self._table("exposures", "What you were shown", EXPOSURE_COLUMNS, shown)

    def _table(self, name: str, title: str, columns: Sequence[Column], rows: Iterable[Row]) -> OwnTable:
        left_out = NEVER_HERE | (ALWAYS_THE_SAME if name != "placings" else frozenset())
        left_out |= frozenset() if self.is_over else UNTIL_OVER
        told = [column for column in columns if column.name not in left_out]
        return OwnTable(name, title, told, [cells(told, {one.name: row[one.name] for one in told}) for row in rows])

    def _placing(self) -> Row:
        return placing_row(self.society, self.match, self.society.position(self.match.pk, self.seat))

    def _stated(self) -> Iterator[Stated]:
        return (one for one in stated_in(self.society, match=self.match) if one.act.seat_id == self.seat)

    def _choices(self) -> Iterator[Row]:
        for offer in offers_in(self.society, match=self.match):
            if offer.selector == self.seat:
                yield from (self._told(row) for row in rows_of_offer(offer))

    def _told(self, row: Row) -> Row:
        """What a partner stated who was not picked is never told while the game runs."""
        return row if self.is_over or row["executed"] else {**row, "returned": None}
