"""The belief of each seat that was drawn, with all that a script needs to reckon it again, and whether it is paid."""

from collections.abc import Iterator

from exports import keys
from exports.columns import FROM_BOTH, GONE, WITHDRAWN, Column, Row, Table
from exports.declared import split_key
from exports.scope import Scope
from exports.society import Society, societies
from flow.models import Award
from flow.paid import paid_awards

OWN = f"{WITHDRAWN}: see `missing_reason`"
OF_BOTH = f"{WITHDRAWN}, or somebody in the match did: see `missing_reason`"

COLUMNS = [
    keys.GROUP,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.MATCH,
    keys.ROUND,
    keys.STEP,
    Column("field", "What was asked, as declared by the experiment."),
    Column("target_position", "Position of the partner it is about.", missing="about no single partner"),
    Column("target", "Seat of the partner it is about.", missing="about no single partner"),
    Column("what", "What the belief is about.", allowed="return|type"),
    Column("said", "What was stated.", "integer", "as the field", missing=f"nothing came in time; or {OWN}"),
    Column(
        "truth", "What came true: the number decided; of a type, the field's highest value for an AI and its lowest "
        "for a person.", "integer", "as the field", missing=OF_BOTH,
    ),
    Column("tickets", "How many tickets there were: the field's highest less its lowest value, squared.", "integer"),
    Column(
        "chances", "How many of them win: `tickets` less (`said` - `truth`) squared; 0 where nothing was said.",
        "integer", missing=OF_BOTH,
    ),
    Column("probability", "`chances` of `tickets`: how likely the prize was.", "number", "", "0 to 1", OF_BOTH),
    Column("ticket", "The ticket that was drawn, from 1; up to `chances` it wins.", "integer", missing=OF_BOTH),
    Column("prize", "What could be won.", "integer", "points"),
    Column("points", "What was won: the prize, or 0.", "integer", "points", missing=OF_BOTH),
    Column(
        "is_paid", "1 if a person is paid `points`; 0 if the round is not paid, or no person sits there.", "boolean",
        missing=OWN,
    ),
    Column(
        "replaced", "What the seat earned in that match. `points` is paid instead of it, or neither is.", "integer",
        "points", missing=OF_BOTH,
    ),
    keys.IS_WITHDRAWN,
    keys.MISSING_REASON,
]  # fmt: skip


def _awards(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        awards = Award.objects.filter(seat__group=society.group)
        paid = set(paid_awards(awards).values_list("pk", flat=True))
        for award in awards.order_by("seat__number"):
            yield _row(society, award, is_paid=award.pk in paid)


def _row(society: Society, award: Award, *, is_paid: bool) -> Row:
    match, (name, about) = society.matches[award.match_id], split_key(award.field)
    placing = society.placings[match.pk].get(about)
    own = society.placings[match.pk][society.position(match.pk, award.seat_id)]
    is_gone = award.seat_id in society.withdrawn
    is_of_both = not is_gone and society.has_withdrawn(match.pk)
    is_known = not is_gone and not is_of_both
    return {
        "group": society.group.code,
        "seat": society.seat(award.seat_id),
        "participant": society.participant(award.seat_id),
        "match": society.match(match),
        "round": match.round,
        "step": award.path,
        "field": name,
        "target_position": about,
        "target": society.seat(placing.seat_id) if placing else None,
        "what": award.what,
        "said": None if is_gone else award.said,
        "truth": award.truth if is_known else None,
        "tickets": award.tickets,
        "chances": award.chances if is_known else None,
        "probability": f"{award.chances / award.tickets:.6f}" if is_known and award.chances is not None else None,
        "ticket": award.ticket if is_known else None,
        "prize": award.prize,
        "points": award.points if is_known else None,
        "is_paid": None if is_gone else is_paid,
        "replaced": own.points if is_known else None,
        "is_withdrawn": is_gone,
        "missing_reason": GONE if is_gone else FROM_BOTH if is_of_both else None,
    }


AWARDS = Table("awards", "The belief of each seat that was drawn, and whether it is paid", COLUMNS, _awards)
