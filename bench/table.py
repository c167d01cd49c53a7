"""The table that is printed: ours, oTree's, their ratio, the goal, and plainly whether it was reached."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OURS, THEIRS = "ours", "otree"
WIDTHS = (34, 10, 10, 11, 40)
ROWS = {
    "participants_per_s": "participants per second",
    "page_ms_p50": "page p50, ms",
    "page_ms_p95": "page p95, ms",
    "page_ms_p99": "page p99, ms",
    "release_ms_p50": "act to partner's page p50, ms",
    "release_ms_p99": "act to partner's page p99, ms",
    "cpu_ms_per_participant": "CPU per participant, ms",
    "peak_mib": "peak memory, MiB (PSS)",
    "errors": "errors",
    "driver_cores_busy": "driver, cores busy",
    "other_cores_busy": "others, cores busy",
    "calib_ms": "calibration loop, ms",
}
# Beside each cell, so that a reader sees what the figures are worth; comparing them would say nothing.
BESIDE = frozenset(
    {"errors", "by_form", "cpu_ms_driver", "driver_cores_busy", "other_cores_busy", "calib_ms", "idle_queries_per_s"}
)
STATEMENT_ROWS = {
    "queries_per_submitted_page": "queries per submitted page",
    "queries_per_request": "queries per request",
    "writing_commits_per_submitted_page": "writing commits per submitted page",
    "reading_transactions_per_submitted_page": "reading transactions per sub. page",
    "requests_per_participant": "requests per participant",
    "idle_queries_per_s": "queries per second, nobody there",
}


@dataclass(frozen=True)
class Goal:
    """What a figure should be.

    Args:
        of: "ratio" (ours / oTree's) or "ours".
        bound: The least (`is_least`) or the most it may be.
        wish: What to go for beyond it; None: nothing.
    """

    figure: str
    of: str
    bound: float
    wish: float | None = None
    is_least: bool = False
    is_thinking: bool = False

    def says(self, value: float | None) -> str:
        """The goal and what became of it."""
        sign = ">=" if self.is_least else "<="
        text = f"{sign} {self.bound:g}" + (f" (go for {self.wish:g})" if self.wish is not None else "")
        if value is None:
            return f"{text}: not measured"
        if not self._holds(value, self.bound):
            return f"{text}: MISSED"
        return f"{text}: reached" + (" both" if self.wish is not None and self._holds(value, self.wish) else "")

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.is_least else value <= bound


GOALS = [
    Goal("participants_per_s", "ratio", 4, wish=6, is_least=True),
    Goal("page_ms_p99", "ratio", 0.25, wish=0.15),
    Goal("cpu_ms_per_participant", "ratio", 0.4),
    Goal("page_ms_p99", "ours", 50, is_thinking=True),
    Goal("cpu_ms_per_participant", "ratio", 0.4, is_thinking=True),
]


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The whole table."""
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in result["medians"]:
        cells.setdefault(one["cell"], {})[one["side"]] = one
    for name, by_side in cells.items():
        is_thinking = bool(next(iter(by_side.values()))["think_seconds"])
        goals = {goal.figure: goal for goal in GOALS if goal.is_thinking == is_thinking}
        yield from block(name, ROWS, by_side, goals)
        yield from (f"  {side}: {one['note']}" for side, one in by_side.items() if one.get("note"))
    yield from block("statements", STATEMENT_ROWS, {one["side"]: one for one in result["statements"]}, {})
    creation = {side: {"s": seconds} for side, seconds in result["creation_s"].items()}
    yield from block("a study for 2,000 people", {"s": "seconds to make it"}, creation, {})


def block(
    title: str, rows: Mapping[str, str], by_side: Mapping[str, Mapping[str, Any]], goals: Mapping[str, Goal]
) -> Iterator[str]:
    """One cell: a line for each figure of both sides."""
    yield ""
    yield _row(title, OURS, THEIRS, f"{OURS}/{THEIRS}", "goal")
    for figure, words in rows.items():
        ours, theirs = (by_side.get(side, {}).get(figure) for side in (OURS, THEIRS))
        ratio = ours / theirs if ours is not None and theirs and figure not in BESIDE else None
        goal = goals.get(figure)
        said = goal.says(ratio if goal.of == "ratio" else ours) if goal else ""
        yield _row(f"  {words}", _number(ours), _number(theirs), "" if ratio is None else f"{ratio:.3f}", said)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _row(*cells: str) -> str:
    first, *rest = cells
    wide: Sequence[str] = [first.ljust(WIDTHS[0]), *(c.rjust(w) for c, w in zip(rest[:3], WIDTHS[1:4], strict=True))]
    return f"{''.join(wide)}   {rest[3]}".rstrip()
