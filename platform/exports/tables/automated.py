"""The turns of seats in which nobody sits: planned, delivered, failed; and replies that were not said as they came."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bots.gate import RULES
from bots.judging import ASKED_IF_AI
from bots.models import BotTurn, FailedTurn, ReplyCheck
from exports import keys
from exports.columns import Column, Row, Table
from exports.saying import SOURCE
from exports.scope import CHUNK, Scope, seconds
from exports.society import Society, societies
from measures.identity import ANSWERS

TURN_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    Column("occupant", "Who fills the seat.", allowed="policy|model|…"),
    keys.ASKED_IF_AI,
    keys.since_group("asked_s", "When the turn was asked for"),
    keys.since_group(
        "planned_s",
        "When the act was planned to arrive; in a talk, where a row has many messages, the newest plan alone: "
        "that of each is in entries",
        missing="a planned miss, not planned yet, or in a talk given up",
    ),
    keys.since_group(
        "delivered_s", "When the act arrived; in a talk the newest message: each is in entries", missing="it did not"
    ),
    Column("outcome", "What came of it.", allowed="|".join(BotTurn.Outcome.values)),
    Column("error_code", "Why it failed.", missing="it did not fail"),
    Column("regenerated", "How often a reply was made anew because a person had written meanwhile.", "integer"),
    Column("dropped", "How often a reply was given up because a person had written meanwhile.", "integer"),
    Column("silent", "How often it chose to say nothing.", "integer"),
    Column("yielded", "How often it had something to say, and another seat spoke in its place.", "integer"),
    Column("unsaid", "How many further messages of a reply in several were never said.", "integer"),
    Column(
        "n_failed",
        "How many turns of this row gave nothing usable at first; in a talk a row has many turns. Each is a "
        "row of failed_turns.",
        "integer",
    ),
    Column(
        "policy_step",
        "What the study file's policy did about the last of them.",
        allowed="|".join(FailedTurn.Did.values),
        missing="none failed",
    ),
]
COUNTS = ("regenerated", "dropped", "silent", "yielded", "unsaid")
PLACE = [keys.MATCH, keys.GROUP, keys.ROUND, keys.STEP, keys.SEAT]
N_MADE = Column("n_made", "How many entries the seat had made in the talk; 0 at a decision.", "integer", "entries")
HEARD = Column(
    "heard_seq",
    "Place in the talk of the newest entry of somebody else that the seat was to answer, in failed_turns, reply_checks "
    "and wizard_replies alike.",
    "integer",
    missing="nobody had written, or it was at a decision",
)
FAILED_COLUMNS = [
    *PLACE,
    N_MADE,
    HEARD,
    Column("error_code", "Why the last try gave nothing usable."),
    Column("tries", "How often the model was asked, each time with all its attempts in calls.", "integer"),
    Column(
        "policy_step",
        "The step of `on_failure` in the study file that was taken last. retry: asked anew; fallback: another model "
        "was asked; line: a line was said; pause: asked again later; silence: nothing was said; deadline: nothing was "
        "chosen, so that the step's deadline decided; end: the talk was over, or the match void.",
        allowed="|".join(FailedTurn.Did.values),
    ),
    Column("is_answered", "1 if the seat said or did something in the end.", "boolean"),
    keys.since_group("failed_s", "When it first failed"),
]
CHECK_COLUMNS = [
    *PLACE,
    N_MADE,
    HEARD,
    keys.ASKED_IF_AI,
    Column(
        "rule",
        "What the reply was looked at for. asked_if_ai: somebody had asked what the seat is. Any other: it was "
        "blocked, for the mark of its instructions (canary), eight of their words in a row (overlap), a forbidden word "
        "(forbidden), a factor or level by its name (name), or characters that nobody sees (invisible).",
        allowed="|".join(["asked_if_ai", *RULES]),
    ),
    Column(
        "asked_kind", "Which kind was asked about.", allowed="human|ai|either", missing="nobody asked", source=SOURCE,
    ),
    Column(
        "first_claim", "What the first reply claimed.", allowed="|".join(ANSWERS),
        missing="nobody asked, or it was blocked, refused or of the wrong form", source=SOURCE,
    ),
    Column(
        "claim", "What was claimed by what was to be said in the end.", allowed="|".join(ANSWERS),
        missing="nobody asked, or nothing was said", source=SOURCE,
    ),
    Column(
        "by",
        "Who gave the words in the end: the model's first reply, its second, a line of the study file or of ours, the "
        "line that stands for a reply held for safety, or a person of the study team; nobody: the turn failed, or it "
        "was a draft and nothing was said.",
        allowed="|".join(ReplyCheck.By.values),
    ),
    keys.since_group("checked_s", "When it was looked at"),
]  # fmt: skip


def _turns(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        turns = BotTurn.objects.filter(match__group=society.group).order_by("match__round", "match__number", "pk")
        failed = _failed_in(society)
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
                "n_failed": len(failed.get(turn.pk, ())),
                "policy_step": failed[turn.pk][-1].did if turn.pk in failed else None,
            } | {name: getattr(turn, name) for name in COUNTS}


def _failed_in(society: Society) -> Mapping[int, Sequence[FailedTurn]]:
    """Turn → its failures, in order."""
    found: dict[int, list[FailedTurn]] = defaultdict(list)
    for one in FailedTurn.objects.filter(turn__match__group=society.group).order_by("pk"):
        found[one.turn_id].append(one)
    return found


def _place(society: Society, turn: BotTurn) -> dict[str, object]:
    match = society.matches[turn.match_id]
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "step": turn.path,
        "seat": society.seat(turn.seat_id),
    }


IN_ORDER = ("turn__match__round", "turn__match__number", "turn", "pk")


def _failures(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        rows = FailedTurn.objects.filter(turn__match__group=society.group).select_related("turn").order_by(*IN_ORDER)
        for one in rows.iterator(chunk_size=CHUNK):
            yield _place(society, one.turn) | {
                "n_made": one.made,
                "heard_seq": one.heard or None,
                "error_code": one.error_code,
                "tries": one.tries,
                "policy_step": one.did,
                "is_answered": one.is_answered,
                "failed_s": seconds(one.at, society.group.formed_at),
            }


def _checks(scope: Scope) -> Iterator[Row]:
    """Of a match somebody in which withdrew there is none that tells what was asked."""
    for society in societies(scope):
        rows = ReplyCheck.objects.filter(turn__match__group=society.group).select_related("turn").order_by(*IN_ORDER)
        for one in rows.iterator(chunk_size=CHUNK):
            if one.rule == ASKED_IF_AI and society.has_withdrawn(one.turn.match_id):
                continue
            yield _place(society, one.turn) | {
                "n_made": one.made,
                "heard_seq": one.heard or None,
                "asked_if_ai": society.asked_if_ai(one.turn.seat_id),
                "rule": one.rule,
                "asked_kind": one.asked_kind or None,
                "first_claim": one.first or None,
                "claim": one.claims or None,
                "by": one.by,
                "checked_s": seconds(one.at, society.group.formed_at),
            }


BOT_TURNS = Table("bot_turns", "Each turn of an automated seat: planned and delivered", TURN_COLUMNS, _turns)
FAILED_TURNS = Table(
    "failed_turns", "A turn in which a model gave nothing usable, and what followed", FAILED_COLUMNS, _failures
)
REPLY_CHECKS = Table(
    "reply_checks", "A model's reply that was blocked, or that answered whether it is a person", CHECK_COLUMNS, _checks
)
