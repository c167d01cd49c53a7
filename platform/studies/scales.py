"""Scales as questions of the language: a scale's file read, and each of its items as a field."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil
from string import ascii_lowercase
from typing import Any

from paradigm import Circles, Field, Rating
from studies import definition, yaml_file
from studies.items import Item
from studies.markdown import fill
from studies.models import Version
from studies.problems import StudyError
from studies.schema_scales import ScaleFile, ScaleItem

RECALL = "recall"
"""The slot that a scale gives its own texts: what it asks about."""


@lru_cache(maxsize=256)
def parse(text: str) -> ScaleFile:
    """The scale that a file declares.

    Raises:
        StudyError: "scale", when the text is none; `studies.check` says what is wrong with it.
    """
    document = yaml_file.parse(text, name="scale")
    if document.problems:
        raise StudyError("scale", str(document.problems[0]), problems=document.problems)
    try:
        return ScaleFile.model_validate(document.data)
    except ValueError as error:
        raise StudyError("scale", f"not a scale: {error}") from error


def scale_of(version: Version, name: str) -> ScaleFile:
    """A scale of a frozen version. Raises StudyError: "file_unknown"; after a successful check, nothing else."""
    return parse(definition.text(version, definition.definition(version).scales[name].file))


def names_in(scale: ScaleFile, slots: Mapping[str, object]) -> dict[str, object]:
    """What the texts of a scale may name."""
    return dict(slots) | {RECALL: scale.recall}


def scale_items(name: str, scale: ScaleFile, slots: Mapping[str, object], *, at: int, may_skip: bool) -> list[Item]:
    """The items of a scale in the order of its file.

    Args:
        at: Its place among the scales of the stage, from 0. Pages name fields after places, never after scales.

    Raises:
        StudyError: as `studies.markdown.fill`.
    """
    known = names_in(scale, slots)
    return [
        Item(
            field=_field(scale, item, known, key=f"{ascii_lowercase[at]}.{number}", required=not may_skip),
            correct=item.correct,
            scale=name,
            own_name=item.id,
        )
        for number, item in enumerate(scale.items, start=1)
    ]


def labels_of(scale: ScaleFile, item: ScaleItem) -> dict[int, str]:
    """What the points of an item are called, in order."""
    said = item.labels or scale.anchors.labels
    return {int(point): said[point] for point in sorted(said, key=int)}


def scored(scale: ScaleFile, subscale: str = "") -> Sequence[ScaleItem]:
    """The items that count for a score: those of a subscale, or all of the scale, attention items aside."""
    return [one for one in scale.items if not one.attention and subscale in ("", one.subscale)]


def most_asked(scale: ScaleFile) -> int:
    """How many items somebody is asked in one session at most."""
    planned = scale.planned_missing
    if planned is None:
        return len(scale.items)
    sizes = sorted(len(items) for items in planned.blocks.values())
    return len(scale.items) - sum(sizes[: len(sizes) - planned.shown])


def scores_in(scale: ScaleFile) -> list[str]:
    """The scores of a scale: its subscales in the order of the file, and "" where there is one over all items."""
    return [*scale.subscales, *([""] if scale.scoring.total else [])]


def least_of(scale: ScaleFile, *, items: int) -> int | None:
    """How many answers a score over so many items needs; None where all that were asked."""
    said = scale.scoring.least_answered
    if said == "all":
        return None
    return said if isinstance(said, int) else ceil(items * int(said[:-1]) / 100)


def _field(scale: ScaleFile, item: ScaleItem, names: Mapping[str, object], *, key: str, required: bool) -> Field:
    low, high = scale.anchors.low, scale.anchors.high
    labels = {point: fill(words, names) for point, words in labels_of(scale, item).items()}
    shared: dict[str, Any] = {"name": key, "label": fill(item.text, names), "required": required}
    if item.type == "circles":
        return Circles(**shared, other=fill(item.other or "", names))
    return Rating(
        **shared,
        low=low,
        high=high,
        low_label=labels.get(low, ""),
        high_label=labels.get(high, ""),
        labels=tuple(labels.items()) if set(labels) - {low, high} else (),
    )
