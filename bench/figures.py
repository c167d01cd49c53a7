"""From what was met to what is told: one cell's figures, medians over repetitions, and the table beside the goals."""

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.driver import Crowd
from bench.machine import Meter
from bench.tape import Tape

Figures = dict[str, Any]
FORMS_EACH = 6  # a person sends so many, on either side


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))] if ordered else 0.0


def cell(crowd: Crowd, tape: Tape, seconds: float, meter: Meter) -> Figures:
    """One cell's figures, each with its unit in its name."""
    done = len(tape.completed_ms)
    played = tape.submitted / FORMS_EACH  # people, also where a cell was broken off in the middle of their games
    by_part = {part: round(1000 * spent / max(played, 1), 2) for part, spent in meter.cpu_s.items()}
    return {
        "cell": crowd.name,
        "think_seconds": crowd.think_seconds,
        "people": crowd.total,
        "completed": done,
        "participants_per_s": round(played / seconds, 2),
        "page_ms_p50": round(percentile(tape.pages_ms, 0.50), 1),
        "page_ms_p95": round(percentile(tape.pages_ms, 0.95), 1),
        "page_ms_p99": round(percentile(tape.pages_ms, 0.99), 1),
        "release_ms_p50": round(percentile(tape.releases_ms, 0.50), 1),
        "release_ms_p99": round(percentile(tape.releases_ms, 0.99), 1),
        "cpu_ms_per_participant": round(sum(by_part.values()), 1),
        "cpu_ms_by_part": by_part,
        "peak_mib": round(meter.peak_mib),
        "pages": len(tape.pages_ms),
        "releases": len(tape.releases_ms),
        "requests": tape.requests,
        "submitted": tape.submitted,
        "stale": tape.stale,
        "sockets": tape.sockets,
        "errors": len(tape.errors),
        "first_errors": tape.errors[:3],
        "note": f"broken off after {seconds:.0f} s: {done} of {crowd.total} were through" if done < crowd.total else "",
        "seconds": round(seconds, 1),
        "driver_cores_busy": round(meter.driver_cpu_s / meter.seconds, 2),
        "other_cores_busy": round(meter.other_cores_busy, 2),
    }


def medians(cells: Iterable[Figures]) -> Figures:
    """One cell out of its repetitions: the median of every number, all errors together."""
    repeated = list(cells)
    merged = dict(repeated[0])
    for name, value in merged.items():
        if isinstance(value, int | float):
            merged[name] = statistics.median(one[name] for one in repeated)
    merged["errors"] = sum(one["errors"] for one in repeated)
    merged["note"] = "; ".join(sorted({one["note"] for one in repeated if one["note"]}))
    merged["repetitions"] = len(repeated)
    return merged


def by_cell(cells: Iterable[Figures]) -> list[Figures]:
    """The medians of each cell on each side, in the order of their first appearance."""
    grouped: dict[tuple[str, str], list[Figures]] = {}
    for one in cells:
        grouped.setdefault((one["cell"], one["side"]), []).append(one)
    return [medians(repeated) for repeated in grouped.values()]


def one_line(one: Figures) -> str:
    """What a cell says while the others are still to come."""
    return (
        f"{one['side']:6} {one['cell']:32} {one['participants_per_s']:7.1f} /s  p50 {one['page_ms_p50']:.0f}"
        f"  p99 {one['page_ms_p99']:.0f} ms  release {one['release_ms_p50']:.0f} ms"
        f"  CPU {one['cpu_ms_per_participant']:.0f} ms  errors {one['errors']}"
    )


def write(file: Path, content: Any) -> None:
    """Keep everything as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n")
