"""The turns of seats in which nobody sits."""

from collections.abc import Iterator

from bots.models import BotTurn
from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from exports.society import societies

TURN_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    Column("occupant", "Who fills the seat.", allowed="policy|model|…"),
    keys.ASKED_IF_AI,
    keys.since_group("asked_s", "When the turn was asked for"),
    keys.since_group("planned_s", "When the act was planned to arrive", missing="a planned miss, or not planned yet"),
    keys.since_group("delivered_s", "When the act arrived", missing="it did not"),
    Column("outcome", "What came of it.", allowed="|".join(BotTurn.Outcome.values)),
    Column("error_code", "Why it failed.", missing="it did not fail"),
    Column("regenerated", "How often a reply was made anew because a person had written meanwhile.", "integer"),
    Column("dropped", "How often a reply was given up because a person had written meanwhile.", "integer"),
    Column("silent", "How often it chose to say nothing.", "integer"),
    Column("yielded", "How often it had something to say, and another seat spoke in its place.", "integer"),
    Column("unsaid", "How many further messages of a reply in several were never said.", "integer"),
]
COUNTS = ("regenerated", "dropped", "silent", "yielded", "unsaid")


def _turns(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        turns = BotTurn.objects.filter(match__group=society.group).order_by("match__round", "match__number", "pk")
        for turn in turns.iterator(chunk_size=CHUNK):
            match, began = society.matches[turn.match_id], society.group.formed_at
            yield {
                "match": society.match(match),
                "group": society.group.code,
                "round": match.round,
                "step": turn.path,
                "seat": society.seat(turn.seat_id),
                "occupant": society.seats[turn.seat_id].occupant,
                "asked_if_ai": society.asked_if_ai(turn.seat_id),
                "asked_s": seconds(turn.created_at, began),
                "planned_s": seconds(turn.planned_at, began),
                "delivered_s": seconds(turn.delivered_at, began),
                "outcome": turn.outcome,
                "error_code": turn.error_code,
            } | {name: getattr(turn, name) for name in COUNTS}


BOT_TURNS = Table("bot_turns", "Each turn of an automated seat: planned and delivered", TURN_COLUMNS, _turns)
