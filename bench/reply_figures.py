"""Replies of models in figures, each with its unit in its name, and the table with its goals."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.figures import Figures, percentile
from bench.machine import Meter
from bench.table import Goal, block

MB_PER_MIB = 1.048576
ROWS = {
    "replies_per_s": "replies per second, end to end",
    "failed": "failed",
    "unanswered": "messages without an answer",
    "most_at_once": "asked of the model at once",
    "worker_mb": "workers' peak memory, MB",
    "added_ms_p50": "added, from the message p50, ms",
    "added_ms_p95": "added, from the message p95, ms",
    "before_ms_p50": "  until it is asked p50, ms",
    "before_ms_p95": "  until it is asked p95, ms",
    "asking_ms_p50": "  asking it p50, ms",
    "asking_ms_p95": "  asking it p95, ms",
    "taken_ms_p50": "added, from the claim p50, ms",
    "taken_ms_p95": "added, from the claim p95, ms",
    "account_ms": "at rows of limits, per reply, ms",
    "account_waiting_ms": "  waiting for one, ms",
    "cpu_ms_per_reply": "CPU per reply, ms",
    "cpu_ms_bots": "  workers of bots, ms",
    "cpu_ms_postgres": "  PostgreSQL, ms",
    "cpu_ms_crowd": "  those who write, ms",
    "cpu_ms_model": "  the stub, ms",
    "other_cores_busy": "others, cores busy",
    "calib_ms": "calibration loop, ms",
}
"""What is added is without the time that the model itself takes."""
SOUND = [Goal(what, "ours", 0) for what in ("failed", "unanswered")]
HELD = [Goal("replies_per_s", "ours", 40, wish=60, is_least=True), Goal("worker_mb", "ours", 400), *SOUND]
"""Of one worker with all conversations."""
FEW = [Goal("added_ms_p95", "ours", 150), Goal("taken_ms_p95", "ours", 150), *SOUND]
"""Of one worker with few. The first counts what waits on purpose, too; the second is what a worker adds."""
SECOND = Goal("ratio", "ours", 1.5, is_least=True)
HELD_CELL, FEW_CELL, TWO_CELL, LIMITED_CELL = "held", "few", "two", "limited"
GOALS = {HELD_CELL: HELD, FEW_CELL: FEW, TWO_CELL: SOUND, LIMITED_CELL: SOUND}


@dataclass(frozen=True)
class Answered:
    """One reply, in ms: from the message that it answers to it, until the model was asked, and how long that took."""

    total_ms: float
    before_ms: float
    asking_ms: float


@dataclass
class Seen:
    """What was seen of a cell.

    Attributes:
        seconds: How long it was measured.
        model_ms: What the model itself takes. Where the stub is late, that counts against us.
        replies: Those that were stored in that time.
        in_all: How many there were while processors were looked at, which began before and ended after.
        taken_ms: Of turns that were delivered in it, from when a worker took them, as the workers' logs say.
        at_account: Of each look at what PostgreSQL does, how many were at the row of a limit, and waited for one.
    """

    seconds: float
    model_ms: float
    replies: Sequence[Answered] = ()
    in_all: int = 0
    taken_ms: Sequence[float] = ()
    failed: int = 0
    unanswered: int = 0
    most_at_once: int = 0
    at_account: Sequence[tuple[int, int]] = field(default_factory=list)


def cell(seen: Seen, meter: Meter, worker: Meter) -> Figures:
    """One cell's figures.

    Args:
        meter: Of everything.
        worker: Of the workers of bots alone.
    """
    by_part = {part: round(1000 * spent / max(1, seen.in_all), 2) for part, spent in meter.cpu_s.items()}
    added = [one.total_ms - seen.model_ms for one in seen.replies]
    bots = sum(spent for part, spent in by_part.items() if part.startswith("bots"))
    return {
        "replies": len(seen.replies),
        "replies_per_s": round(len(seen.replies) / seen.seconds, 1),
        "failed": seen.failed,
        "unanswered": seen.unanswered,
        "most_at_once": seen.most_at_once,
        "worker_mb": round(worker.peak_mib * MB_PER_MIB),
        **quantiles("added_ms", added),
        **quantiles("before_ms", [one.before_ms for one in seen.replies]),
        **quantiles("asking_ms", [one.asking_ms - seen.model_ms for one in seen.replies]),
        **quantiles("taken_ms", [taken - seen.model_ms for taken in seen.taken_ms]),
        **at_accounts(seen),
        "cpu_ms_per_reply": round(sum(by_part.values()), 1),
        "cpu_ms_by_part": by_part,
        "cpu_ms_bots": round(bots, 2),
        **{f"cpu_ms_{part}": by_part[part] for part in ("postgres", "crowd", "model") if part in by_part},
        "seconds": round(seen.seconds, 1),
        "other_cores_busy": round(meter.other_cores_busy, 2),
    }


def quantiles(name: str, values: Sequence[float]) -> Figures:
    """Median and the two that matter."""
    return {f"{name}_p{round(100 * at)}": round(percentile(values, at), 1) for at in (0.50, 0.95, 0.99)}


def at_accounts(seen: Seen) -> Figures:
    """How long a reply spends at the rows of limits: how many are there on average, by how many come (Little's law)."""
    looks, rate = max(1, len(seen.at_account)), len(seen.replies) / seen.seconds
    if not rate:
        return {"account_ms": 0.0, "account_waiting_ms": 0.0}
    there, waiting = (sum(one[place] for one in seen.at_account) / looks for place in (0, 1))
    return {"account_ms": round(1000 * there / rate, 2), "account_waiting_ms": round(1000 * waiting / rate, 2)}


def taken_in(log: Iterable[str], began: datetime, ended: datetime) -> list[float]:
    """How long turns took, in ms, that a worker's log says were delivered between two instants."""
    found = []
    for line in log:
        if not line.startswith("{") or '"turn"' not in line:
            continue
        said = json.loads(line)
        if said.get("event") == "turn" and said.get("outcome") == "delivered":
            at = datetime.fromisoformat(said["at"])
            found += [float(said["took_ms"])] if began <= at < ended else []
    return found


def one_line(one: Mapping[str, Any]) -> str:
    """What a cell says while the others are still to come."""
    return (
        f"ours   {one['cell']:44} {one['replies_per_s']:6.1f} /s  added p50 {one['added_ms_p50']:.0f}"
        f"  p95 {one['added_ms_p95']:.0f} ms  taken p95 {one['taken_ms_p95']:.0f} ms  {one['worker_mb']} MB"
        f"  failed {one['failed']}  CPU {one['cpu_ms_per_reply']:.0f} ms"
    )


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The table of replies."""
    cells = result["cells"]
    for one in cells:
        goals = {goal.figure: goal for goal in GOALS[one["is"]]}
        yield from block(one["cell"], ROWS, {"ours": one}, goals)
    title = {"ratio": "times one worker's replies"}
    yield from block("a second worker", title, {"ours": {"ratio": result["second"]}}, {"ratio": SECOND})
    title = {"ratio": "of the replies without it"}
    yield from block("a limit of the whole study", title, {"ours": {"ratio": result["limited"]}}, {})


def ratio(cells: Sequence[Mapping[str, Any]], one: str, other: str) -> float | None:
    """How many replies a second a cell had, of another's; None where either was not measured."""
    rates = {each["is"]: each["replies_per_s"] for each in cells}
    return round(rates[one] / rates[other], 2) if rates.get(other) and one in rates else None
