"""What each seat was told at each step."""

from collections.abc import Iterator, Mapping
from typing import Any

from exports import keys
from exports.cells import listed
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.scope import Scope, seconds
from exports.society import Society, societies
from flow.models import Exposure, Match

QUOTES = "somebody this seat had met asked that their data be deleted, and the view may quote them"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.KNOWS_LABELS,
    Column("labels_shown", "Partners in display order with label.", allowed="A=AI|B=Person", missing="none displayed"),
    Column(
        "kinds_shown", "The same partners with what they really were.", allowed="A=human|B=ai", missing="none displayed"
    ),
    Column("view_sha256", "SHA-256 of the view: two seats with the same hash were told the same.", missing=QUOTES),
    Column("view", "All that the seat was told: page, facts, cards, lines, tables.", "json", missing=QUOTES),
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
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "step": exposure.path,
        "seat": society.seat(exposure.seat_id),
        "participant": society.participant(exposure.seat_id),
        "knows_labels": society.seats[exposure.seat_id].knows,
        "labels_shown": labels_shown(exposure.view),
        "kinds_shown": _kinds_shown(society, match, exposure.view),
        "view_sha256": None if is_gone else exposure.sha256,
        "view": None if is_gone else exposure.view,
        "shown_s": seconds(exposure.at, society.group.formed_at),
        "is_withdrawn": is_gone,
        "missing_reason": BY_PARTNER if is_gone else None,
    }


def labels_shown(view: Mapping[str, Any]) -> str:
    """ "A=AI|B=Person", in display order."""
    return listed(f"{card['position']}={card.get('label', '')}" for card in view.get("cards", []))


def _kinds_shown(society: Society, match: Match, view: Mapping[str, Any]) -> str:
    """ "A=human|B=ai", of those cards that stand for somebody in the match."""
    placings = society.placings[match.pk]
    shown = [card["position"] for card in view.get("cards", []) if card["position"] in placings]
    return listed(f"{position}={society.seats[placings[position].seat_id].kind}" for position in shown)


EXPOSURES = Table("exposures", "What each seat was told at each step", COLUMNS, _exposures)
