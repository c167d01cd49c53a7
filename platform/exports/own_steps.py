"""The page that shows somebody their own record: each step of their newest round beside the rows that it made."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from exports.cells import cells
from exports.columns import Column, Table
from exports.own_rows import NEVER_HERE, OwnTable, is_over_for, newest_placing, rows_of
from exports.scope import Scope
from exports.tables.participants import PARTICIPANTS, PAYMENTS
from exports.tables.talk import ANSWERS
from flow.drawing import plain_card, plain_line
from flow.models import Exposure, Match
from flow.queries import page_text, slots_of
from flow.state import MatchState
from paradigm import Card, Line, View
from scheduling.models import Session
from studies.markdown import Rendered, render_page
from studies.problems import StudyError

SAID_ABOVE = frozenset({"round", "step"})
"""Columns that the heading of the step says already."""
UNTIL_OVER = frozenset({"condition"})
"""Columns of the person's own row that would tell what the study compares."""


@dataclass(frozen=True)
class Turned:
    """A table read downwards: a line per column, with the column's cells in all rows."""

    name: str
    title: str
    lines: Sequence[tuple[Column, Sequence[str]]]


@dataclass
class OwnStep:
    """A step: what the page said, whom and what it showed, and the rows that were kept."""

    path: str
    title: str = ""
    html: str = ""
    cards: Sequence[Card] = ()
    lines: Sequence[Line] = ()
    tables: list[Turned] = field(default_factory=list)


@dataclass(frozen=True)
class OwnRecord:
    """What the page shows: the newest round step by step, and what belongs to no step."""

    round: int
    steps: Sequence[OwnStep]
    tables: Sequence[Turned]


def record_of(session: Session) -> OwnRecord:
    """The session's own record so far.

    Raises:
        ExportError: "not_for_this_session" unless the participant came by a demo's or a preview's link.
    """
    tables = rows_of(session)
    placing = newest_placing(session)
    steps = _steps(placing.match, placing.seat_id) if placing else {}
    whole = []
    for table in tables:
        if any(column.name == "step" for column in table.columns):
            _share_out(table, steps)
        else:
            whole.append(_turned(table))
    return OwnRecord(placing.match.round if placing else 0, list(steps.values()), [*whole, *_own_person(session)])


def _steps(match: Match, seat: int) -> dict[str, OwnStep]:
    shown = Exposure.objects.filter(match=match, seat=seat).order_by("pk")
    return {one.path: _shown(match, one) for one in shown}


def _shown(match: Match, exposure: Exposure) -> OwnStep:
    said = exposure.view
    view = View(page=said.get("page", ""), blocks=said.get("blocks", ()), facts=said.get("facts", {}))
    text = _words(match, view)
    cards = [plain_card(Card(**card)) for card in said.get("cards", ())]
    lines = [plain_line(Line(**line)) for line in said.get("lines", ())]
    return OwnStep(exposure.path, text.title or exposure.path, text.html, cards, lines)


def _words(match: Match, view: View) -> Rendered:
    """The page's words with the numbers of then; none where the page is not the study's own."""
    try:
        return render_page(page_text(match, view), slots_of(MatchState(match), view) | {"calculator": ""})
    except StudyError:
        return Rendered("", SafeString(""))


def _share_out(table: OwnTable, steps: dict[str, OwnStep]) -> None:
    """Give each step its rows of the table."""
    at = [column.name for column in table.columns].index("step")
    for path in dict.fromkeys(row[at] for row in table.rows):
        own = OwnTable(table.name, table.title, table.columns, [row for row in table.rows if row[at] == path])
        steps.setdefault(path, OwnStep(path, path)).tables.append(_turned(own, SAID_ABOVE))


def _own_person(session: Session) -> list[Turned]:
    left_out = NEVER_HERE if is_over_for(session) else NEVER_HERE | UNTIL_OVER
    titles = ((PARTICIPANTS, "You"), (ANSWERS, "Your answers so far"), (PAYMENTS, "Your pay"))
    tables = (_of_person(table, title, session) for table, title in titles)
    return [_turned(table, left_out) for table in tables if table.rows]


def _of_person(table: Table, title: str, session: Session) -> OwnTable:
    participant = session.participant
    here = table.of(participant.study)
    rows = [row for row in here.rows(Scope(participant.study)) if row["participant"] == participant.code]
    return OwnTable(table.name, title, here.columns, [cells(here.columns, row) for row in rows])


def _turned(table: OwnTable, left_out: frozenset[str] = frozenset()) -> Turned:
    columns = zip(*table.rows, strict=True)
    lines = [line for line in zip(table.columns, columns, strict=True) if line[0].name not in left_out]
    return Turned(table.name, table.title, lines)
