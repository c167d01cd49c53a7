"""Whom somebody could pick: a row per offered partner, in the order in which they were displayed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exports import keys
from exports.columns import BY_PARTNER, GONE, IN_PROGRESS, WITHDRAWN, Column, Row, Table
from exports.saying import SAYS_COLUMNS, said_of
from exports.scope import Scope
from exports.society import Society, societies
from flow.models import Act, Exposure, Match

NOT_HERE = f"nothing was stated, or {WITHDRAWN}"
WITHHELD = f"{NOT_HERE}, or somebody in the match did: see `missing_reason`"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column("selector", "Seat of the one who picks."),
    Column("participant", "The person who picks.", missing="no person picks"),
    Column("candidate", "Seat of the partner on offer."),
    keys.POSITION,
    Column("display_order", "Place in which the partner was displayed, from 1.", "integer"),
    keys.KIND,
    Column("label_shown", "What the partner was called on the page.", missing="no label was shown"),
    Column("is_stand_in", "1 if automated where the condition wants a person.", "boolean"),
    Column("message", "The partner's words as displayed.", "text", missing=WITHHELD),
    Column("n_chars", "Length of the message.", "integer", "characters", missing=WITHHELD),
    *SAYS_COLUMNS,
    Column("chosen", "1 if this partner was picked.", "boolean", missing="no choice came in time"),
    Column(
        "returned", "The number the partner stated at the same step, picked or not.", "integer", "points",
        missing=NOT_HERE,
    ),
    Column(
        "executed", "1 if the number was carried out: picked, and the match complete.", "boolean", missing=IN_PROGRESS
    ),
    Column("source", "Who or what picked.", allowed="|".join(Act.Source.values), missing="no choice came in time"),
    Column(
        "latency_ms", "From the opening of the step to the choice.", "integer", "ms", missing="no choice came in time"
    ),
    keys.IS_VOID,
    Column("is_withdrawn", "1 if the partner's person asked that their data be deleted; values are empty.", "boolean"),
    keys.MISSING_REASON,
]  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """One choice: who chose, at which step, what was displayed, and every act of the match at that step."""

    society: Society
    match: Match
    path: str
    selector: int
    cards: list[Mapping[str, Any]]
    acts: Mapping[int, Act]

    @property
    def picked(self) -> object | None:
        """The chosen option; None when no choice came."""
        role = self.society.seats[self.selector].role
        field = self.society.declared.picks_a_partner(self.path, role)
        act = self.acts.get(self.selector)
        return act.values.get(field.name) if act and field else None

    def stated(self, seat: int) -> object | None:
        """The number a partner stated at this step."""
        field = self.society.declared.states_a_number(self.path, self.society.seats[seat].role)
        act = self.acts.get(seat)
        return act.values.get(field.name) if act and field and seat not in self.society.withdrawn else None


def offers_in(society: Society, *, match: Match | None = None) -> Iterator[Offer]:
    """Every choice among partners that was displayed in a group (or in one match), by round."""
    shown = Exposure.objects.filter(match=match) if match else Exposure.objects.filter(match__group=society.group)
    shown = shown.exclude(seat__in=society.withdrawn).order_by("match__round", "match__number", "pk")
    acts = _acts_of([match.pk] if match else list(society.matches))
    for exposure in shown.iterator():
        role = society.seats[exposure.seat_id].role
        if society.declared.picks_a_partner(exposure.path, role) is None:
            continue
        yield Offer(
            society=society,
            match=society.matches[exposure.match_id],
            path=exposure.path,
            selector=exposure.seat_id,
            cards=exposure.view.get("cards", []),
            acts=acts.get((exposure.match_id, exposure.path), {}),
        )


def _acts_of(matches: Sequence[int]) -> Mapping[tuple[int, str], Mapping[int, Act]]:
    """Every act of some matches by match and step, then by seat, in one query."""
    found: dict[tuple[int, str], dict[int, Act]] = defaultdict(dict)
    for act in Act.objects.filter(match__in=matches):
        found[act.match_id, act.path][act.seat_id] = act
    return found


def rows_of_offer(offer: Offer) -> Iterator[dict[str, object]]:
    """One row per partner that was displayed, in display order."""
    order = 0
    for card in offer.cards:
        placing = offer.society.placings[offer.match.pk].get(card["position"])
        if placing is None or placing.seat_id == offer.selector:
            continue
        order += 1
        yield _row(offer, seat=placing.seat_id, card=card, order=order)


def _row(offer: Offer, *, seat: int, card: Mapping[str, Any], order: int) -> dict[str, object]:
    society, match = offer.society, offer.match
    is_gone, is_withheld = seat in society.withdrawn, society.is_withheld(match.pk, seat)
    is_chosen = None if offer.picked is None else offer.picked == card["position"]
    act = offer.acts.get(offer.selector)
    is_open = match.status == Match.Status.OPEN
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "step": offer.path,
        "selector": society.seat(offer.selector),
        "participant": society.participant(offer.selector),
        "candidate": society.seat(seat),
        "position": card["position"],
        "display_order": order,
        "kind": society.seats[seat].kind,
        "label_shown": card.get("label", ""),
        "is_stand_in": society.seats[seat].is_stand_in,
        "message": None if is_withheld else card.get("text", ""),
        "n_chars": None if is_withheld else len(card.get("text", "")),
        **said_of(None if is_withheld else card.get("text", "")),
        "chosen": is_chosen,
        "returned": offer.stated(seat),
        "executed": None if is_open else bool(is_chosen) and match.status == Match.Status.COMPLETE,
        "source": act.source if act else None,
        "latency_ms": act.latency_ms if act else None,
        "is_void": match.status == Match.Status.VOID,
        "is_withdrawn": is_gone,
        "missing_reason": GONE if is_gone else BY_PARTNER if is_withheld else None,
    }


def _choice_sets(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        for offer in offers_in(society):
            yield from rows_of_offer(offer)


CHOICE_SETS = Table("choice_sets", "Each partner on offer, in display order", COLUMNS, _choice_sets)
