"""What the screening of conversations found, and what followed from it. It has no word of anybody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chat.models import SafetyStep, Trigger
from exports import keys
from exports.cells import listed
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from exports.society import Society, societies

What = SafetyStep.What
NO_BREAK = "it is a reminder of a break"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    Column("what", "What was looked at or shown.", allowed="message|reply|break"),
    Column(
        "seq", "Number of the message; of a reply that was held that of the newest by then.", "integer",
        missing=NO_BREAK,
    ),
    Column("tier", "How grave it may be, by fixed rules.", allowed="note|offer|stop", missing=NO_BREAK),
    Column(
        "source", "What said so; `failed`: the screening itself failed, and the card was shown.",
        allowed="rules|classifier|failed", missing=NO_BREAK,
    ),
    Column("rules", "Names of the rules that were met, the gravest first.", missing=NO_BREAK),
    Column(
        "edition", "Which edition of the rules it was: the beginning of a sha256 of them.",
        missing=f"{NO_BREAK}, or older than editions are kept",
    ),
    Column("n", "Which reminder of a break it was.", "integer", missing="it is none"),
    keys.since_group("found_s", "When it was found, or the reminder first shown"),
    keys.since_group("card_s", "When the first page with the card was shown to the seat's person", missing="none was"),
    keys.since_group("paused_s", "When the writer's conversation was paused", missing="it was not"),
    keys.since_group("resumed_s", "When the writer went on", missing="they did not, or it was not paused"),
    keys.since_group("stopped_s", "When the writer stopped for the day, with full pay", missing="they did not"),
    Column("held_ms", "How long a reply was held before it was replaced.", "integer", "ms", missing="it is no reply"),
    keys.since_group("alerted_s", "When whoever is on call was told", missing="nobody was, or it is no `stop`"),
    keys.since_group("answered_s", "When the study team had looked at it", missing="nobody has said so"),
    Column("verdict", "What the study team says of it.", allowed="risk|no_risk|unclear", missing="nobody has said so"),
]  # fmt: skip


def _safety(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        yield from _of_society(society)


def _of_society(society: Society) -> Iterator[Row]:
    of = {"conversation__match__group": society.group}
    steps: dict[int, list[SafetyStep]] = {}
    breaks = []
    for step in SafetyStep.objects.filter(**of).select_related("conversation").order_by("pk"):
        if step.trigger_id is None:
            breaks.append(step)
        else:
            steps.setdefault(step.trigger_id, []).append(step)
    found = Trigger.objects.filter(**of).exclude(seat__in=society.withdrawn).select_related("conversation")
    for one in found.order_by("pk").iterator(chunk_size=CHUNK):
        yield _base(society, one) | {
            "what": "reply" if one.is_reply else "message",
            "seq": one.seq,
            "tier": one.tier,
            "source": one.source,
            "rules": listed(one.rules),
            "edition": one.edition,
            "n": None,
            "found_s": seconds(one.at, society.group.formed_at),
            **_followed(steps.get(one.pk, ()), society.group.formed_at),
        }
    for step in breaks:
        if step.seat_id not in society.withdrawn:
            at = seconds(step.at, society.group.formed_at)
            nothing: dict[str, object] = dict.fromkeys(("seq", "tier", "source", "rules", "edition"))
            yield _base(society, step) | nothing | {
                "what": "break", "n": step.number, "found_s": at, **_followed((), society.group.formed_at),
            }  # fmt: skip


def _base(society: Society, one: Trigger | SafetyStep) -> dict[str, object]:
    return society.place(society.matches[one.conversation.match_id], one.conversation.path, one.seat_id)


def _followed(steps: Sequence[SafetyStep], began: datetime) -> Mapping[str, object]:
    """The first of each thing that followed."""
    first: dict[str, SafetyStep] = {}
    for step in steps:
        first.setdefault(step.what, step)
    at = {what: seconds(step.at, began) for what, step in first.items()}
    answered, held = first.get(What.ANSWERED), first.get(What.REPLACED)
    return {
        "card_s": at.get(What.CARD, ""),
        "paused_s": at.get(What.PAUSED, ""),
        "resumed_s": at.get(What.RESUMED, ""),
        "stopped_s": at.get(What.STOPPED, ""),
        "held_ms": held.number if held else None,
        "alerted_s": at.get(What.ALERTED, ""),
        "answered_s": at.get(What.ANSWERED, ""),
        "verdict": answered.verdict if answered else None,
    }


SAFETY = Table("safety", "What was found in conversations that may be danger, and what followed", COLUMNS, _safety)
