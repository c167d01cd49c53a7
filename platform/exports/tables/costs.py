"""What language models cost in each condition, and on what: sums over the log of calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from bots import scopes
from bots.budgets import REPLY
from bots.spent import calls_of
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope
from exports.tables.calls import places_of
from flow.models import Match, Placing
from llm.models import Call, Charge

NO_TURN = "the calls were for no turn in a match, and for no notes of a conversation"
COLUMNS = [
    Column(
        "condition", "Levels of what was asked for: of the match, or else of the group, with those of its one person.",
        allowed="factor=level, joined by commas", missing=f"there is no factor, or {NO_TURN}",
    ),
    Column("origin", "Whether real groups or trials.", allowed="as in `groups`", missing=NO_TURN),
    Column("partner", "The partner, as named in the study file.", missing=NO_TURN),
    Column("model_requested", "The model that was asked for."),
    Column("line", "What it was asked for: a reply, whether one is safe to say, notes, whether it answers as before.",
           allowed="reply|safety|memory|sentinel"),
    Column("n_calls", "Attempts to ask it.", "integer"),
    Column("n_answered", "Those that gave a usable answer.", "integer"),
    Column("n_unpriced", "Those whose cost nobody knows, because the price is not known.", "integer"),
    Column("tokens_in", "Length of all prompts of which it is known.", "integer", "tokens"),
    Column("tokens_out", "Length of all answers of which it is known.", "integer", "tokens"),
    Column("cost_usd", "What they cost, as far as the provider said what it used.", "number", "USD"),
    Column("assumed_usd", "What those are counted at that may have been billed, or not: the most they can have cost.",
           "number", "USD"),
]  # fmt: skip


class _Key(NamedTuple):
    condition: str
    origin: str
    partner: str
    model: str
    line: str


@dataclass
class _Sums:
    calls: int = 0
    answered: int = 0
    unpriced: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: Decimal = field(default_factory=Decimal)
    assumed: Decimal = field(default_factory=Decimal)

    def add(self, call: Call, charge: Charge | None) -> None:
        """Count one attempt."""
        self.calls += 1
        self.answered += call.outcome == Call.Outcome.OK
        self.tokens_in += call.tokens_in or 0
        self.tokens_out += call.tokens_out or 0
        if charge is not None and charge.state == Charge.State.ASSUMED and charge.usd is not None:
            self.assumed += charge.usd
            return
        known = call.cost_usd if charge is None or charge.usd is None else charge.usd
        self.unpriced += known is None
        self.usd += known or 0


def _costs(scope: Scope) -> Iterator[Row]:
    log = calls_of(scope.study).select_related("charge").defer("prompt", "output").order_by("pk")
    found = log.iterator(chunk_size=CHUNK)
    sums: dict[_Key, _Sums] = {}
    while batch := list(islice(found, CHUNK)):
        places = _keys(batch)
        for call in batch:
            charge: Charge | None = getattr(call, "charge", None)
            place = places.get(call.pk, ("", "", ""))
            key = _Key(*place, call.model_requested, charge.line if charge else _line_of(call))
            sums.setdefault(key, _Sums()).add(call, charge)
    for key in sorted(sums):
        yield _row(key, sums[key])


def _line_of(call: Call) -> str:
    """Of calls that were made before anything was counted."""
    found = scopes.read(call.scope)
    return found.line if found is not None else REPLY


def _keys(batch: Sequence[Call]) -> Mapping[int, tuple[str, str, str]]:
    """Call → condition, origin and partner of where it belongs."""
    places = places_of(batch)
    people: dict[int, list[str]] = {}
    matches = {place.match.pk for place in places.values()}
    placings = Placing.objects.filter(match__in=matches, seat__participant__isnull=False)
    for match, condition in placings.order_by("pk").values_list("match_id", "condition"):
        people.setdefault(match, []).append(condition)
    return {
        call: (_condition(one.match, people.get(one.match.pk, [])), one.match.group.origin, one.seat.partner)
        for call, one in places.items()
    }


def _condition(match: Match, people: Sequence[str]) -> str:
    shared = match.condition or match.group.condition
    own = people[0] if len(people) == 1 else ""
    levels = dict.fromkeys(part for part in [*shared.split(","), *own.split(",")] if part)
    return ",".join(levels)


def _row(key: _Key, sums: _Sums) -> Row:
    return {
        "condition": key.condition or None,
        "origin": key.origin or None,
        "partner": key.partner or None,
        "model_requested": key.model,
        "line": key.line,
        "n_calls": sums.calls,
        "n_answered": sums.answered,
        "n_unpriced": sums.unpriced,
        "tokens_in": sums.tokens_in,
        "tokens_out": sums.tokens_out,
        "cost_usd": f"{sums.usd:.8f}",
        "assumed_usd": f"{sums.assumed:.8f}",
    }


COSTS = Table("costs", "What language models cost in each condition", COLUMNS, _costs)
