"""Scales: every item as it was asked or left out, and the scores."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import islice

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from measures.models import ScaleDrawn
from measures.scaling import Taken, taken
from measures.scoring import TOO_FEW, VERSION, WHYS, points_of
from studies.definition import definition, text_sha256
from studies.schema_scales import ScaleItem

DECIMALS = Decimal("0.000001")
NO_ANSWER = "not answered, see `why_missing`"
UNTIMED = "not known: never seen, or the browser did not say"
STAGE = Column("stage", "The survey, as named in the study file.")
SCALE = Column("scale", "The scale, as named in the study file.")
SUBSCALE = Column("subscale", "The subscale, as named in the scale's file.", missing="none")
WHY = (
    "not_asked: left out as planned. dropout: the page was never sent. skipped_optional: left unanswered on a page "
    "that was sent."
)

TIMES = [
    Column(
        "shown_ms", "From the page's being shown to the item's coming into view, as the browser counted.", "integer",
        "ms", "0 or more", UNTIMED,
    ),
    Column("first_ms", "From the same to its first answer.", "integer", "ms", "0 or more", UNTIMED),
    Column("last_ms", "From the same to its last change.", "integer", "ms", "0 or more", UNTIMED),
]  # fmt: skip

ITEM_COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    STAGE,
    SCALE,
    Column("item", "The item, as named in the scale's file; its wording is in the codebook as scale.item."),
    SUBSCALE,
    Column("is_reversed", "1 if agreeing means less of what is measured.", "boolean"),
    Column("is_attention", "1 if it asks whether people read, and counts in no score.", "boolean"),
    Column("position", "Place among the items that the person is asked of the scale, from 1.", "integer",
           missing="left out as planned"),
    Column("value", "The point that was picked.", "integer", "scale point", missing=NO_ANSWER),
    Column("scored_value", "What it counts for: of a reversed item its mirror image on the line.", "integer",
           "scale point", missing=f"{NO_ANSWER}, or it counts in no score"),
    Column("why_missing", WHY, allowed="|".join(WHYS), missing="there is an answer"),
    *TIMES,
    keys.since_session("answer_s", "When its page was stored", missing="its page was never sent"),
]  # fmt: skip

SCORE_COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    STAGE,
    SCALE,
    Column("subscale", "The subscale, as named in the scale's file.", missing="all items of the scale"),
    Column("score", "The score; its method and range are in the codebook.", "number", "points of the scale",
           missing="see `why_missing`"),
    Column("n_answered", "Its items with an answer.", "integer", "items"),
    Column("n_items", "Its items in the file, those that were left out as planned among them.", "integer", "items"),
    Column("is_prorated", "1 if the score stands on fewer answers than it has items.", "boolean",
           missing="there is no score"),
    Column("why_missing", f"Why there is no score. {WHY} {TOO_FEW}: fewer answers than the scale's file asks for.",
           allowed="|".join((*WHYS, TOO_FEW)), missing="there is a score"),
    Column("scoring", "Rules by which it was reckoned, and the first figures of the SHA-256 of the scale's file."),
]  # fmt: skip


def _taken(scope: Scope) -> Iterator[Taken]:
    drawn = ScaleDrawn.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    drawn = drawn.select_related("session__participant")
    ordered = drawn.order_by(by_code("session__participant__code"), "session__wave", "session__repeat", "pk")
    rows = ordered.iterator(chunk_size=CHUNK)
    while batch := list(islice(rows, CHUNK)):
        yield from taken(batch)


def _about(one: Taken) -> dict[str, object]:
    return {
        "participant": one.session.participant.code,
        "wave": one.session.wave,
        "repeat": one.session.repeat,
        "stage": one.drawn.stage,
        "scale": one.drawn.scale,
    }


def _items(scope: Scope) -> Iterator[Row]:
    for one in _taken(scope):
        for item in one.scale.items:
            yield _about(one) | _item(one, item)


def _item(one: Taken, item: ScaleItem) -> dict[str, object]:
    answer, why = one.answers.get(item.id), one.why(item.id)
    value = None if answer is None or answer.value is None else int(answer.value)
    return {
        "item": item.id,
        "subscale": item.subscale,
        "is_reversed": item.reverse,
        "is_attention": item.attention,
        "position": one.drawn.shown.index(item.id) + 1 if item.id in one.drawn.shown else None,
        "value": value,
        "scored_value": None if value is None or item.attention else points_of(one.scale, item, value),
        "why_missing": why,
        "shown_ms": answer.shown_ms if answer else None,
        "first_ms": answer.first_ms if answer else None,
        "last_ms": answer.last_ms if answer else None,
        "answer_s": seconds(answer.at if answer else None, one.session.started_at),
    }


def _scores(scope: Scope) -> Iterator[Row]:
    for one in _taken(scope):
        version = scope.versions[one.session.participant.version_id]
        file = definition(version).scales[one.drawn.scale].file
        rules = f"{VERSION}:{text_sha256(version, file)[:12]}"
        for score in one.scores:
            yield _about(one) | {
                "subscale": score.subscale or None,
                "score": _written(score.value),
                "n_answered": score.answered,
                "n_items": score.items,
                "is_prorated": None if score.value is None else score.is_prorated,
                "why_missing": score.why or None,
                "scoring": rules,
            }


def _written(value: Fraction | None) -> Decimal | None:
    if value is None:
        return None
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(DECIMALS)


SCALE_ITEMS = Table("scale_items", "An item of a scale and a visit, asked or left out", ITEM_COLUMNS, _items)
SCORES = Table("scores", "A score of a scale and a visit, or why there is none", SCORE_COLUMNS, _scores)
