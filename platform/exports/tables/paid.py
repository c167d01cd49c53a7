"""Which rounds were drawn to be paid."""

from collections.abc import Iterator, Mapping

from exports import keys
from exports.columns import FROM_BOTH, WITHDRAWN, Column, Row, Table
from exports.scope import Scope
from exports.society import Society, societies
from flow.models import Match, PaidRound, Placing

COLUMNS = [
    keys.PARTICIPANT,
    keys.GROUP,
    keys.SEAT,
    Column("block", "Block of rounds from which one is drawn, from 1; the only one where one round of all is drawn.",
           "integer"),
    Column("round", "The round that was drawn.", "integer", "rounds"),
    Column(
        "points", "What the seat earned in it.", "integer", "points",
        missing=f"the seat met nobody in it, or left before it was decided, or {WITHDRAWN} who was in the match",
    ),
    keys.MISSING_REASON,
]  # fmt: skip


def _paid_rounds(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        drawn = PaidRound.objects.filter(seat__in=society.seats).order_by("seat__number", "block")
        for one in drawn:
            if society.participant(one.seat_id):
                yield _paid_round(society, one)


def _paid_round(society: Society, one: PaidRound) -> Row:
    found = _placing(society, one)
    is_of_both = found is not None and _is_of_both(society, found.match_id)
    return {
        "participant": society.participant(one.seat_id),
        "group": society.group.code,
        "seat": society.seat(one.seat_id),
        "block": one.block,
        "round": one.round,
        "points": None if found is None or is_of_both else found.points,
        "missing_reason": FROM_BOTH if is_of_both else None,
    }


def _placing(society: Society, one: PaidRound) -> Placing | None:
    matches: Mapping[int, Match] = society.matches
    here = [placing for pk in matches if matches[pk].round == one.round for placing in society.placings[pk].values()]
    return next((placing for placing in here if placing.seat_id == one.seat_id), None)


def _is_of_both(society: Society, match: int) -> bool:
    """As in `placings`: points of a complete match with somebody who withdrew were worked out from what both did."""
    return society.matches[match].status == Match.Status.COMPLETE and society.has_withdrawn(match)


PAID_ROUNDS = Table("paid_rounds", "Each round that was drawn to be paid", COLUMNS, _paid_rounds)
