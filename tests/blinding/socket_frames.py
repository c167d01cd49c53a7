"""Numbers made of what came through the socket by itself: how much of which kind, of which form, and how far apart.

The words of lines are left out, and nothing else: who said one, its number, every field that a frame has or lacks, and
its distance from the notice that somebody writes and from whatever else came before and after it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from tests.blinding.readings import PHASES, Numbers, fingerprint
from tests.blinding.recorder import Frame

POINTER, LINES, OWN_LINES, BEGINS, ENDS = "pointer", "lines", "own lines", "writing begins", "writing ends"
"""Kinds of frames that are told apart; any other is named by its stream, or by what it says."""
WORDS = frozenset({"text"})  # what people write; how long it is counts as little as in a page


def read(text: str) -> Mapping[str, Any]:
    """A frame as its fields; none of what is no frame of ours."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def kind_of(frame: Frame) -> str:
    """What came: an answer by what was asked and its status, a frame of the socket by what it tells."""
    if frame.asked:
        return f"{frame.asked} {frame.status}"
    said = read(frame.body)
    match said.get("stream"):
        case "page":
            return POINTER
        case "typing":
            return BEGINS if said.get("is") else ENDS
        case "talk" if said.get("lines"):
            return LINES if any(line.get("who") for line in said["lines"]) else OWN_LINES
        case "talk":
            return next((word for word in ("stored", "form") if word in said), "talk")
    return str(said.get("do") or "other")


def shape(value: Any) -> str:
    """Which fields something has, and of which kinds they are: a frame with one more has another shape."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}:{shape(value[name])}" for name in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({shape(one) for one in value})) + "]"
    return type(value).__name__


def of_socket(frames: Sequence[Frame], opened_at: float) -> Numbers:
    """All that the socket brought in a step.

    Args:
        frames: Of one step, answers included.
        opened_at: When the news of the step came.
    """
    told = [frame for frame in frames if not frame.asked]
    kinds = [kind_of(frame) for frame in told]
    numbers: Numbers = {"socket frames": float(len(told)), "socket length": float(sum(map(_length, told)))}
    numbers["socket form"] = fingerprint(*sorted({shape(read(frame.body)) for frame in told}))
    numbers["socket order"] = fingerprint(*kinds)
    for kind in dict.fromkeys(kinds):
        own = [frame for frame, one in zip(told, kinds, strict=True) if one == kind]
        numbers |= {f"socket {kind}: {name}": value for name, value in _of_kind(own, opened_at).items()}
    return numbers | dict(_between(frames))


def _of_kind(frames: Sequence[Frame], opened_at: float) -> Numbers:
    """Frames of one kind: how many, how long, of which form, when, and every number that they carry."""
    said = [read(frame.body) for frame in frames]
    times = [frame.at - opened_at for frame in frames]
    numbers: Numbers = {"count": float(len(frames)), "form": fingerprint(*map(shape, said))}
    numbers |= _spread("length", [float(_length(frame)) for frame in frames])
    numbers |= _spread("at", times) | _spread("gap", [after - before for before, after in pairwise(times)])
    for phase in PHASES:
        numbers |= {f"first phase {phase}": times[0] % phase, f"last phase {phase}": times[-1] % phase}
    for name in ("seq", "after"):
        values = [float(one[name]) for one in said if isinstance(one.get(name), int | float)]
        numbers |= _spread(name, values) | _spread(f"{name} step", [b - a for a, b in pairwise(values)])
    lines = [line for one in said for line in one.get("lines", ()) if isinstance(line, dict)]
    numbers |= _spread("lines", [float(len(one["lines"])) for one in said if "lines" in one])
    numbers |= _spread("line", [float(line["seq"]) for line in lines])
    writers = [str(line.get("who")) for line in lines] or [str(one["who"]) for one in said if "who" in one]
    return numbers | ({"who": fingerprint(*writers)} if writers else {})


def _between(frames: Sequence[Frame]) -> Iterator[tuple[str, float]]:
    """How far lines of others are from what came before and after: notices of writing, and anything at all."""
    kinds = [kind_of(frame) for frame in frames]
    gaps: dict[str, list[float]] = {}
    since: dict[str, float] = {}
    for number, (frame, kind) in enumerate(zip(frames, kinds, strict=True)):
        if kind == LINES:
            for before in (BEGINS, ENDS, LINES, OWN_LINES, POINTER):
                if before in since:
                    gaps.setdefault(f"{before} to line", []).append(frame.at - since[before])
            if number:
                gaps.setdefault(f"anything to line, {kinds[number - 1]}", []).append(frame.at - frames[number - 1].at)
                gaps.setdefault("anything to line", []).append(frame.at - frames[number - 1].at)
        elif LINES in since:
            gaps.setdefault(f"line to {kind}", []).append(frame.at - since[LINES])
            if kinds[number - 1] == LINES:
                gaps.setdefault("line to anything", []).append(frame.at - since[LINES])
        since[kind] = frame.at
    for name, values in gaps.items():
        yield from _spread(name, values).items()
    yield "notices without a line", float(kinds.count(BEGINS) - kinds.count(LINES))


def _spread(name: str, values: Sequence[float]) -> Numbers:
    if not values:
        return {}
    told = {"first": values[0], "last": values[-1], "least": min(values), "most": max(values), "mean": fmean(values)}
    return {f"{name} {which}": value for which, value in told.items()}


def _length(frame: Frame) -> int:
    """How long a frame is without the words of its lines."""
    said = read(frame.body)
    words = [str(line.get(word, "")) for line in said.get("lines", ()) if isinstance(line, dict) for word in WORDS]
    return len(frame.body) - sum(map(len, words))
