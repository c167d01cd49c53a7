"""Every attempt to ask a language model: when, how long, what came of it. Never its words: prompts quote people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from bots.models import BotTurn
from exports import keys
from exports.codes import match_code, seat_code
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from llm.models import Call
from matching.models import Seat
from participants.models import Participant

TURN = re.compile(r"^study:\d+(?:~\w+)?/turn:(\d+):")
NOT_SERVED = "no answer came"

COLUMNS = [
    Column("order", "Order in which the calls began, from 1.", "integer"),
    Column("match", keys.MATCH.label, missing="the call was for no turn in a match"),
    Column("group", keys.GROUP.label, missing="the call was for no turn in a match"),
    Column("step", keys.STEP.label, missing="the call was for no turn in a match"),
    Column("seat", keys.SEAT.label, missing="the call was for no turn in a match"),
    Column("attempt", "Which attempt at this answer.", "integer"),
    Column("model_requested", "The model that was asked for."),
    Column("model_served", "The model that answered.", missing=NOT_SERVED),
    Column("parameters", "Sampling parameters.", "json"),
    Column("prompt_sha256", "SHA-256 of the prompt.", missing="somebody in the group asked for deletion"),
    Column(
        "memory_sha256", "SHA-256 of what the prompt held of earlier conversations.",
        missing="it held nothing of them, or see `missing_reason`",
    ),
    Column("outcome", "What came of it.", allowed="|".join(Call.Outcome.values)),
    Column("tokens_in", "Length of the prompt.", "integer", "tokens", missing=NOT_SERVED),
    Column("tokens_out", "Length of the answer.", "integer", "tokens", missing=NOT_SERVED),
    Column("latency_ms", "From asking to the whole answer.", "integer", "ms", missing=NOT_SERVED),
    Column("cost_usd", "Computed cost.", "number", "USD", missing="the price is not known"),
    keys.since_group("call_s", "When the call began", missing="the call was for no turn in a match"),
    keys.MISSING_REASON,
]  # fmt: skip


def _calls(scope: Scope) -> Iterator[Row]:
    own, tried = (Q(scope__startswith=f"study:{scope.study.pk}{mark}") for mark in "/~")  # as `bots.by_model.scope_of`
    log = Call.objects.filter(own | tried).defer("prompt", "output").order_by("pk")
    found = log.iterator(chunk_size=CHUNK)
    order = 0
    while batch := list(islice(found, CHUNK)):
        turns = _turns(batch)
        for call in batch:
            order += 1
            yield {"order": order} | _row(call, turns.get(_turn_of(call)))


def _turn_of(call: Call) -> int:
    named = TURN.match(call.scope)
    return int(named[1]) if named else 0


def _turns(batch: Sequence[Call]) -> Mapping[int, tuple[BotTurn, bool]]:
    """Turn -> itself, and whether somebody in its group withdrew."""
    gone = Q(participant=None) | Q(participant__status=Participant.Status.WITHDRAWN)
    withdrawn = Seat.objects.filter(gone, group=OuterRef("match__group"), occupant="person")
    turns = BotTurn.objects.filter(pk__in={_turn_of(call) for call in batch}).select_related("match__group", "seat")
    return {turn.pk: (turn, turn.withdrew) for turn in turns.annotate(withdrew=Exists(withdrawn))}


def _row(call: Call, found: tuple[BotTurn, bool] | None) -> dict[str, object]:
    turn, has_withdrawn = found or (None, False)
    group = turn.match.group if turn else None
    return {
        "match": match_code(group.code, turn.match.round, turn.match.number) if turn and group else None,
        "group": group.code if group else None,
        "step": turn.path if turn else None,
        "seat": seat_code(group.code, turn.seat.number) if turn and group else None,
        "attempt": call.attempt,
        "model_requested": call.model_requested,
        "model_served": call.model_served,
        "parameters": call.parameters,
        "prompt_sha256": None if has_withdrawn else call.prompt_sha256,
        "memory_sha256": None if has_withdrawn else call.memory_sha256 or None,
        "outcome": call.outcome,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "latency_ms": call.latency_ms,
        "cost_usd": call.cost_usd,
        "call_s": seconds(call.at, group.formed_at if group else None),
        "missing_reason": BY_PARTNER if has_withdrawn else None,
    }


CALLS = Table("calls", "Each attempt to ask a language model", COLUMNS, _calls)
