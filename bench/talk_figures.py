"""One cell of conversations in figures, each with its unit in its name, and the table with its goals."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.figures import Figures, percentile
from bench.machine import Meter
from bench.table import Goal, block
from bench.talk import WORD, Talk, TalkTape

KNEE_MS = 1000.0
LEAST_SHARE = 0.95  # of the planned rate that must have been reached for a rate to count as borne
ROWS = {
    "messages_per_s": "messages taken per second",
    "to_partner_ms_p50": "message to partner p50, ms",
    "to_partner_ms_p95": "message to partner p95, ms",
    "to_partner_ms_p99": "message to partner p99, ms",
    "taken_ms_p50": "message to its sender's page p50, ms",
    "taken_ms_p99": "message to its sender's page p99, ms",
    "lost": "lost",
    "doubled": "doubled",
    "reordered": "reordered",
    "by_form": "said by form, not by socket",
    "cpu_ms_per_message": "CPU per message, ms",
    "cpu_ms_sockets": "  sockets, ms",
    "cpu_ms_pages": "  pages, ms",
    "cpu_ms_workers": "  workers and sweeper, ms",
    "cpu_ms_postgres": "  PostgreSQL, ms",
    "cpu_ms_redis": "  Redis, ms",
    "cpu_ms_otree": "  oTree's server, ms",
    "cpu_ms_driver": "the driver, per message, ms",
    "errors": "errors",
    "driver_cores_busy": "driver, cores busy",
    "other_cores_busy": "others, cores busy",
    "calib_ms": "calibration loop, ms",
}
KINDS = {
    "sockets": "sockets", "pages": "pages", "bots": "workers", "jobs": "workers", "sweeper": "workers",
    "supervisor": "workers", "postgres": "postgres", "redis": "redis", "otree": "otree",
}  # fmt: skip
"""Part of an installation → the kind of process under which its processor time is told."""
SOUND = [Goal(what, "ours", 0) for what in ("lost", "doubled", "reordered")]
ALONE = [Goal("to_partner_ms_p50", "ours", 15), Goal("to_partner_ms_p99", "ours", 150), *SOUND]
"""Of the rate at which it begins; of higher ones only that nothing is lost, doubled or reordered."""
WITH_PAGES = [Goal("to_partner_ms_p99", "ratio", 1 / 3), *SOUND]
KNEE = Goal("messages_per_s", "ours", 400, is_least=True)
Stored = Mapping[str, Sequence[str]]
"""Conversation → the texts that are stored of it, in their order."""


def cell(talk: Talk, tape: TalkTape, seconds: float, stored: Stored, meter: Meter) -> Figures:
    """What became of the messages of a cell."""
    to_partner = [at - tape.due[word] for word, at in tape.shown.items()]
    taken = [at - tape.due[word] for word, at in tape.taken.items()]
    in_table = [found[1] for texts in stored.values() for text in texts if (found := WORD.search(text))]
    words = [word for word in in_table if word in tape.due]
    by_part = {part: round(1000 * spent / max(len(tape.taken), 1), 2) for part, spent in meter.cpu_s.items()}
    return {
        "cell": talk.name,
        "planned": len(tape.due),
        "taken": len(tape.taken),
        "shown": len(tape.shown),
        "stored": len(set(words)),
        "messages_per_s": round(len(tape.taken) / max(seconds, 0.001), 1),
        **_quantiles("to_partner_ms", to_partner),
        **_quantiles("taken_ms", taken),
        # said to be taken, and not in the table, or never on the partner's page
        "lost": len(set(tape.taken) - set(words)) + len(set(tape.taken) - set(tape.shown)),
        "doubled": len(words) - len(set(words)) + tape.repeated,
        "reordered": _reordered(tape, stored),
        "cpu_ms_per_message": round(sum(by_part.values()), 2),
        "cpu_ms_by_part": by_part,
        **_by_kind(by_part),
        "cpu_ms_driver": round(1000 * meter.driver_cpu_s / max(len(tape.taken), 1), 2),
        "by_form": tape.by_form,
        "requests": tape.requests,
        "errors": len(tape.errors),
        "first_errors": tape.errors[:3],
        "seconds": round(seconds, 1),
        "driver_cores_busy": round(meter.driver_cpu_s / meter.seconds, 2),
        "other_cores_busy": round(meter.other_cores_busy, 2),
    }


def _by_kind(by_part: Mapping[str, float]) -> Figures:
    """Processor time per message by kind of process; of kinds that a side does not have there is nothing."""
    found: Figures = {}
    for part, spent in by_part.items():
        name = f"cpu_ms_{KINDS[part]}"
        found[name] = round(found.get(name, 0.0) + spent, 2)
    return found


def _quantiles(name: str, values: Sequence[float]) -> Figures:
    return {f"{name}_p{round(100 * at)}": round(percentile(values, at), 1) for at in (0.50, 0.95, 0.99)}


def _reordered(tape: TalkTape, stored: Stored) -> int:
    """Pages that showed a conversation in another order than the table has it."""
    places: dict[str, int] = {}
    for texts in stored.values():
        places |= {found[1]: place for place, text in enumerate(texts) if (found := WORD.search(text))}
    shown = ([places[word] for word in words if word in places] for words in tape.order.values())
    return sum(order != sorted(order) for order in shown)


def medians(repeated: Sequence[Figures]) -> Figures:
    """One cell out of its repetitions: the median of every number; of what must not happen, all together."""
    merged = dict(repeated[0])
    for name, value in merged.items():
        if isinstance(value, int | float):
            merged[name] = statistics.median(one[name] for one in repeated)
    for name in ("lost", "doubled", "reordered", "errors"):
        merged[name] = sum(one[name] for one in repeated)
    merged["repetitions"] = len(repeated)
    return merged


def knee(cells: Sequence[Figures]) -> Figures:
    """The highest rate that was borne: it was reached, and one in a hundred took at most a second."""
    borne = [one for one in cells if one["to_partner_ms_p99"] <= KNEE_MS and not one["lost"] and _is_reached(one)]
    return max(borne, key=lambda one: one["messages_per_s"], default={"messages_per_s": 0.0})


def _is_reached(one: Figures) -> bool:
    return bool(one["taken"] >= one["planned"] and one["messages_per_s"] >= LEAST_SHARE * one["planned_per_s"])


def one_line(one: Figures) -> str:
    """What a cell says while the others are still to come."""
    return (
        f"{one['side']:6} {one['cell']:40} {one['messages_per_s']:7.1f} /s  to partner p50 "
        f"{one['to_partner_ms_p50']:.0f}  p99 {one['to_partner_ms_p99']:.0f} ms  lost {one['lost']}"
        f"  CPU {one['cpu_ms_per_message']:.1f} ms  by form {one['by_form']}  errors {one['errors']}"
    )


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The table of conversations."""
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in result["medians"]:
        cells.setdefault(one["cell"], {})[one["side"]] = one
    for number, (name, by_side) in enumerate(cells.items()):
        has_pages = any(one["people"] for one in by_side.values())
        goals = WITH_PAGES if has_pages else SOUND if number else ALONE
        yield from block(name, ROWS, by_side, {goal.figure: goal for goal in goals})
    borne = {side: {"messages_per_s": one["messages_per_s"]} for side, one in result["knee"].items()}
    title = "most messages a second, p99 within 1 s"
    yield from block(title, {"messages_per_s": "messages taken per second"}, borne, {"messages_per_s": KNEE})
