"""Every attempt to ask a language model: when, how long, what came of it. Never its words: prompts quote people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from bots import scopes
from bots.budgets import MEMORY, REPLY, SAFETY, SENTINEL
from bots.models import BotTurn
from bots.scopes import read
from bots.spent import calls_of
from chat.models import Conversation
from exports import keys
from exports.codes import match_code, seat_code
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from flow.models import Match
from llm.models import Call
from matching.models import Seat
from participants.models import Participant

PURPOSES = {REPLY: "act", SAFETY: "safety", MEMORY: "notes", SENTINEL: "sentinel"}
NOT_SERVED = "no answer came"
NO_MATCH = "the call was for no turn in a match, and for no notes of a conversation"
NOT_SAID = "the provider said none"

COLUMNS = [
    Column("order", "Order in which the calls began, from 1.", "integer"),
    Column("match", keys.MATCH.label, missing=NO_MATCH),
    Column("group", keys.GROUP.label, missing=NO_MATCH),
    Column("step", keys.STEP.label, missing=NO_MATCH),
    Column("seat", keys.SEAT.label, missing=NO_MATCH),
    Column("attempt", "Which attempt at this answer.", "integer"),
    Column("model_requested", "The model that was asked for."),
    Column("model_served", "The model that answered.", missing=NOT_SERVED),
    Column("parameters", "Sampling parameters.", "json"),
    Column("seed", "The seed among them.", "integer", missing="none was given"),
    Column("prompt_sha256", "SHA-256 of the prompt.", missing="somebody in the group asked for deletion"),
    Column(
        "memory_sha256", "SHA-256 of what the prompt held of earlier conversations.",
        missing="it held nothing of them, or see `missing_reason`",
    ),
    Column("outcome", "What came of it.", allowed="|".join(Call.Outcome.values)),
    Column("finish_reason", "Why the answer ended, in the provider's word.", missing=NOT_SAID),
    Column("request_id", "What the provider calls the request.", missing=f"{NOT_SAID}, or see `missing_reason`"),
    Column("system_fingerprint", "What the provider calls the software that answered.", missing=NOT_SAID),
    Column("tokens_in", "Length of the prompt.", "integer", "tokens", missing=NOT_SERVED),
    Column("tokens_out", "Length of the answer.", "integer", "tokens", missing=NOT_SERVED),
    Column("latency_ms", "From asking to the whole answer.", "integer", "ms", missing=NOT_SERVED),
    Column("cost_usd", "Computed cost.", "number", "USD", missing="the price is not known"),
    Column("price", "Prices it was computed from, in USD per token.", "json", missing="the price is not known"),
    Column(
        "purpose", "What was wanted; safety: whether an act's words are safe to say.",
        allowed="act|safety|notes|sentinel|other",
    ),
    keys.since_group("call_s", "When the call began", missing=NO_MATCH),
    keys.MISSING_REASON,
]  # fmt: skip


def _calls(scope: Scope) -> Iterator[Row]:
    log = calls_of(scope.study).defer("prompt", "output").order_by("pk")
    found = log.iterator(chunk_size=CHUNK)
    order = 0
    while batch := list(islice(found, CHUNK)):
        places = places_of(batch)
        for call in batch:
            order += 1
            yield {"order": order} | _row(call, places.get(call.pk))


@dataclass(frozen=True)
class Place:
    """Where in a group a call belongs, and whether somebody there withdrew."""

    match: Match
    path: str
    seat: Seat
    has_withdrawn: bool


def places_of(batch: Sequence[Call]) -> dict[int, Place]:
    """Key of a call → its place; those without one are left out."""
    return _of_turns(batch) | _of_notes(batch)


def _withdrawn() -> Exists:
    gone = Q(participant=None) | Q(participant__status=Participant.Status.WITHDRAWN)
    return Exists(Seat.objects.filter(gone, group=OuterRef("match__group"), occupant="person"))


def _of_turns(batch: Sequence[Call]) -> dict[int, Place]:
    """Key of a call for an act → its place."""
    named = [(call, found.number) for call in batch if (found := read(call.scope)) and found.what == scopes.TURN]
    rows = BotTurn.objects.filter(pk__in={key for _, key in named}).select_related("match__group", "seat__group")
    turns = {turn.pk: turn for turn in rows.annotate(withdrew=_withdrawn())}
    return {
        call.pk: Place(turns[key].match, turns[key].path, turns[key].seat, turns[key].withdrew)
        for call, key in named
        if key in turns
    }


def _purpose(call: Call) -> str:
    """What was wanted; of a turn the act itself, or whether its words are safe to say, which another model is asked."""
    found = read(call.scope)
    return PURPOSES[found.line] if found is not None else "other"


def _of_notes(batch: Sequence[Call]) -> dict[int, Place]:
    """Key of a call for notes → the place of the conversation, and the seat in which its partner sat."""
    asked = {call.pk: found for call in batch if (found := read(call.scope)) and found.what == scopes.NOTES}
    named = {call: (found.number, found.seat) for call, found in asked.items()}
    rows = Conversation.objects.filter(pk__in={talk for talk, _ in named.values()}).select_related("match__group")
    talks = {talk.pk: talk for talk in rows.annotate(withdrew=_withdrawn())}
    seats = Seat.objects.select_related("group").in_bulk({seat for _, seat in named.values()})
    return {
        call: Place(talks[talk].match, talks[talk].path, seats[seat], talks[talk].withdrew)
        for call, (talk, seat) in named.items()
        if talk in talks and seat in seats
    }


def _row(call: Call, place: Place | None) -> dict[str, object]:
    has_withdrawn = place is not None and place.has_withdrawn
    group = place.match.group if place else None
    return {
        "match": match_code(group.code, place.match.round, place.match.number) if place and group else None,
        "group": group.code if group else None,
        "step": place.path if place else None,
        "seat": seat_code(place.seat.group.code, place.seat.number) if place else None,
        "attempt": call.attempt,
        "model_requested": call.model_requested,
        "model_served": call.model_served,
        "parameters": call.parameters,
        "seed": call.seed,
        "prompt_sha256": None if has_withdrawn else call.prompt_sha256,
        "memory_sha256": None if has_withdrawn else call.memory_sha256 or None,
        "outcome": call.outcome,
        "finish_reason": call.finish_reason or None,
        "request_id": None if has_withdrawn else call.request_id or None,
        "system_fingerprint": call.system_fingerprint or None,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "latency_ms": call.latency_ms,
        "cost_usd": call.cost_usd,
        "price": call.price,
        "purpose": _purpose(call),
        "call_s": seconds(call.at, group.formed_at if group else None),
        "missing_reason": BY_PARTNER if has_withdrawn else None,
    }


CALLS = Table("calls", "Each attempt to ask a language model", COLUMNS, _calls)
