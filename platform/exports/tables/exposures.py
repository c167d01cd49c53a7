"""What each seat was told at each step, so that with the version's texts the page can be made again."""

from collections.abc import Iterator, Mapping
from typing import Any

from exports import keys
from exports.cells import listed
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.scope import Scope, seconds
from exports.society import Society, societies
from exports.texts import slots_shown
from flow.models import Exposure, Match
from flow.queries import slots_of, view_from
from flow.state import MatchState

QUOTES = "somebody this seat had met asked that their data be deleted, and the view may quote them"
UNHASHED = "no person looked at the page, or it shows a talk, which grows"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.KNOWS_LABELS,
    Column("version", "Number of the study version whose texts the page shows: `texts.vN.json`.", "integer"),
    Column("texts", "Files of its text in order, in `files` of `texts.vN.json`.", allowed="joined by |"),
    Column("slots", "What the texts' slots were filled with: expression and words.", "json", missing=QUOTES),
    Column(
        "fields", "What was asked, in order, by `key`; `options`: values and labels of a choice in order.", "json",
        missing=QUOTES,
    ),
    Column("acts", "1 if the page had something to press.", "boolean", missing="played before this was kept"),
    Column("labels_shown", "Partners in display order with label.", allowed="A=AI|B=Person", missing="none displayed"),
    Column(
        "kinds_shown", "The same partners with what they really were.", allowed="A=human|B=ai", missing="none displayed"
    ),
    Column(
        "history_shown", "Tables of past rounds on the page, with their number of rows.",
        allowed="caption (rows), joined by |", missing=f"none displayed, or {QUOTES}",
    ),
    Column("view_sha256", "SHA-256 of the view: two seats with the same hash were told the same.", missing=QUOTES),
    Column("view", "All that the seat was told: page, facts, cards, lines, tables.", "json", missing=QUOTES),
    Column(
        "text_sha256",
        "SHA-256 of the page's words, one space between any two, as it was opened. "
        "`tests/exports/rebuild_screens.py` makes the words again.",
        missing=f"{UNHASHED}, or {QUOTES}",
    ),
    keys.since_group("shown_s", "When the step was opened for the seat"),
    Column("is_withdrawn", f"1 if the view is empty because {QUOTES}.", "boolean"),
    keys.MISSING_REASON,
]  # fmt: skip


def exposures_in(society: Society, *, match: Match | None = None, seat: int | None = None) -> Iterator[Row]:
    """What the seats of a group were told, or one seat in one match, by round."""
    shown = Exposure.objects.filter(match=match) if match else Exposure.objects.filter(match__group=society.group)
    shown = shown.filter(seat=seat) if seat else shown.exclude(seat__in=society.withdrawn)
    for exposure in shown.order_by("match__round", "match__number", "pk").iterator(chunk_size=500):
        yield _row(society, exposure)


def _exposures(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        yield from exposures_in(society)


def _row(society: Society, exposure: Exposure) -> Row:
    match = society.matches[exposure.match_id]
    told_from = society.told_of_withdrawn_from.get(exposure.seat_id)
    is_gone = told_from is not None and match.round >= told_from
    view: Mapping[str, Any] = exposure.view
    texts = _texts(society, view)
    return {
        **society.place(match, exposure.path, exposure.seat_id),
        "knows_labels": society.seats[exposure.seat_id].knows,
        "version": society.group.version.number,
        "texts": listed(texts),
        "slots": None if is_gone else _slots(society, match, view, texts),
        "fields": None if is_gone else _fields(view),
        "acts": view.get("acts"),
        "labels_shown": labels_shown(view),
        "kinds_shown": _kinds_shown(society, match, view),
        "history_shown": None if is_gone else _history(view),
        "view_sha256": None if is_gone else exposure.sha256,
        "view": None if is_gone else view,
        "text_sha256": None if is_gone else view.get("text_sha256"),
        "shown_s": seconds(exposure.at, society.group.formed_at),
        "is_withdrawn": is_gone,
        "missing_reason": BY_PARTNER if is_gone else None,
    }


def _texts(society: Society, view: Mapping[str, Any]) -> list[str]:
    folder = society.config.pages
    return [f"{folder}/{name}.md" for name in (view["page"], *view.get("blocks", ()))]


def _slots(society: Society, match: Match, view: Mapping[str, Any], texts: list[str]) -> dict[str, str]:
    """As the page filled them; the match's own group is there already, so nothing is asked of the database."""
    match.group = society.group
    names = slots_of(MatchState(match), view_from(dict(view)))
    return {name: words for path in texts for name, words in slots_shown(society.group.version, path, names).items()}


def _fields(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    options: Mapping[str, Any] = view.get("options", {})
    return [{"key": key} | ({"options": options[key]} if key in options else {}) for key in view.get("asked", ())]


def _history(view: Mapping[str, Any]) -> str:
    return listed(f"{table['caption']} ({len(table['rows'])})" for table in view.get("tables", ()))


def labels_shown(view: Mapping[str, Any]) -> str:
    """ "A=AI|B=Person", in display order."""
    return listed(f"{card['position']}={card.get('label', '')}" for card in view.get("cards", []))


def _kinds_shown(society: Society, match: Match, view: Mapping[str, Any]) -> str:
    """ "A=human|B=ai", of those cards that stand for somebody in the match."""
    placings = society.placings[match.pk]
    shown = [card["position"] for card in view.get("cards", []) if card["position"] in placings]
    return listed(f"{position}={society.seats[placings[position].seat_id].kind}" for position in shown)


EXPOSURES = Table("exposures", "What each seat was told at each step", COLUMNS, _exposures)
