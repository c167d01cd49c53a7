"""What may be wrong with a scale's file by itself. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from studies.scales import least_of, scored, scores_in
from studies.schema_scales import Labels, PlannedMissing, ScaleFile, ScaleItem
from studies.yaml_file import Path


@dataclass(frozen=True)
class Found:
    """One problem of a file, at a path of it."""

    code: str
    path: Path
    what: str
    remedy: str


def licence(scale: ScaleFile) -> Iterator[Found]:
    """E810: nothing is asked that nobody may ask."""
    said = scale.licence
    if said.status == "free" and not said.name:
        yield Found("E810", ("licence", "name"), "the licence has no name.", "Name it, such as CC BY 4.0.")
    if said.status in {"permission_required", "permission_unclear"} and said.attestation is None:
        what = f"is {said.status}, and nobody says that the wording may be used."
        remedy = 'Ask the holder, then add attestation: {by: …, on: "YYYY-MM-DD", reference: …}.'
        yield Found("E810", ("licence", "attestation"), what, remedy)


def lines(scale: ScaleFile) -> Iterator[Found]:
    """E815: a line has two ends, and both have words."""
    low, high = scale.anchors.low, scale.anchors.high
    if low >= high:
        yield Found("E815", ("anchors", "high"), f"from {low} to {high} leaves nothing to choose.", "Mend the ends.")
        return
    yield from _labels(scale, ("anchors", "labels"), scale.anchors.labels)
    for at, item in enumerate(scale.items):
        if item.labels is not None:
            yield from _labels(scale, ("items", at, "labels"), item.labels)


def _labels(scale: ScaleFile, path: Path, labels: Labels) -> Iterator[Found]:
    low, high = scale.anchors.low, scale.anchors.high
    for point in (low, high):
        if str(point) not in labels:
            yield Found("E815", path, f"the end {point} has no words.", f"Add {point}: ….")
    for said in labels:
        if not low <= int(said) <= high or str(int(said)) != said:
            yield Found("E815", (*path, said), f"{said} is no point from {low} to {high}.", "Remove or mend it.")


def items(scale: ScaleFile) -> Iterator[Found]:
    """E408, E816: each item once, in a subscale that there is, counting in a score, or asking for an answer."""
    counted = Counter(item.id for item in scale.items)
    for at, item in enumerate(scale.items):
        path: Path = ("items", at)
        if counted[item.id] > 1 and item.id in {other.id for other in scale.items[:at]}:
            yield Found("E408", (*path, "id"), f'"{item.id}" stands twice.', "Give it another id.")
        if item.subscale is not None and item.subscale not in scale.subscales:
            what = f'"{item.subscale}" is not in subscales.'
            yield Found("E816", (*path, "subscale"), what, "Add it there, or mend its name.")
        if item.attention:
            yield from _attention(scale, path, item)
        elif item.correct is not None:
            yield Found("E816", (*path, "correct"), "only an attention item has a right answer.", "Remove it.")
        elif item.subscale is None and not scale.scoring.total:
            remedy = "Give it a subscale, or write scoring: {total: true, …}."
            yield Found("E816", path, "counts in no score.", remedy)
    for name in scale.subscales:
        if not scored(scale, name):
            yield Found("E816", ("subscales", name), "has no items.", "Give it some, or remove it.")


def circles(scale: ScaleFile) -> Iterator[Found]:
    """E815, E816: circles stand on a line of seven points, and it is said whose they are."""
    for at, item in enumerate(scale.items):
        path: Path = ("items", at)
        if item.type != "circles":
            if item.other is not None:
                yield Found("E816", (*path, "other"), "stands beside no circles.", "Remove it, or write type: circles.")
            continue
        if (scale.anchors.low, scale.anchors.high) != (1, 7):
            what = f"shows seven pairs of circles, and the line goes from {scale.anchors.low} to {scale.anchors.high}."
            yield Found("E815", (*path, "type"), what, "Write anchors: {low: 1, high: 7, …}.")
        if item.other is None:
            what = "does not say who the circle on the right is."
            yield Found("E816", (*path, "other"), what, "Add other: your chat partner.")
        if item.labels is not None:
            yield Found("E816", (*path, "labels"), "circles have no words of their own.", "Remove them.")


def _attention(scale: ScaleFile, path: Path, item: ScaleItem) -> Iterator[Found]:
    low, high = scale.anchors.low, scale.anchors.high
    if item.correct is None or not low <= item.correct <= high:
        what = f"asks for no answer from {low} to {high}."
        yield Found("E816", (*path, "correct"), what, "Say which answer it asks for.")
    if item.subscale is not None or item.reverse:
        yield Found("E816", path, "is in no score, so it has no subscale and no reverse.", "Remove them.")


def blocks(scale: ScaleFile) -> Iterator[Found]:
    """E817: blocks hold items that there are, each once, and somebody misses one."""
    planned = scale.planned_missing
    if planned is None:
        return
    known = {item.id: item for item in scale.items}
    counted = Counter(name for block in planned.blocks.values() for name in block)
    for block, names in planned.blocks.items():
        for at, name in enumerate(names):
            path: Path = ("planned_missing", "blocks", block, at)
            if name not in known:
                yield Found("E817", path, f'there is no item "{name}".', f"There are: {', '.join(known)}.")
            elif counted[name] > 1:
                yield Found("E817", path, f'"{name}" stands in {counted[name]} places.', "Keep one.")
            elif known[name].attention:
                yield Found("E817", path, f'"{name}" asks whether people read.', "Ask everybody: take it out.")
    if planned.shown >= len(planned.blocks):
        what = f"{planned.shown} of {len(planned.blocks)} blocks leave nothing out."
        yield Found("E817", ("planned_missing", "shown"), what, "Show fewer, or remove planned_missing.")


def scores(scale: ScaleFile) -> Iterator[Found]:
    """E818: there is a score, and everybody who answers all that they are asked has it."""
    if not scores_in(scale):
        yield Found("E818", ("scoring", "total"), "there is no score.", "Write total: true, or give subscales.")
    for name in scores_in(scale):
        ids = [item.id for item in scored(scale, name)]
        least, most = least_of(scale, items=len(ids)), _fewest_asked(scale.planned_missing, ids)
        if ids and least is not None and least > most:
            of = f'the score "{name}"' if name else "the score"
            what = f"{least} answers are needed, and {of} may be asked with {most} items."
            yield Found("E818", ("scoring", "least_answered"), what, f"Ask for at most {most}, or write all.")


def _fewest_asked(planned: PlannedMissing | None, ids: list[str]) -> int:
    """How many of some items are asked at least, whatever is drawn."""
    if planned is None or planned.shown >= len(planned.blocks):
        return len(ids)
    sizes = [len(set(block) & set(ids)) for block in planned.blocks.values()]
    drawn = combinations(sizes, planned.shown)
    return len(ids) - sum(sizes) + min(map(sum, drawn))


WRONG: list[Callable[[ScaleFile], Iterator[Found]]] = [licence, lines, items, circles, blocks, scores]
