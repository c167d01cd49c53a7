"""How many simulated people answered the study's checks as expected, by condition."""

from measures.intervals import LEVEL
from measures.probing import Rate, everybody, rates
from simulation.sections import Cell, Column, Section
from studies.models import Study

COLUMNS = [
    Column("check", "check"), Column("condition", "condition"), Column("answered", "answered"),
    Column("passed_first_percent", "at first, %"), Column("passed_percent", "passed, %"),
    Column("low_percent", "from, %"), Column("high_percent", "to, %"),
]  # fmt: skip
NONE_YET = "(none given yet)"
APART = {"stand_ins": "with stand-ins", "nobody": "met nobody"}
NOTES = [
    "Simulated people give known answers: this shows that the checks can be passed, not that people will pass them.",
    f"Shares are of those who answered; {LEVEL:.0%} intervals are Wilson's and take people for independent.",
]


def pass_rates(study: Study) -> Section:
    """By check and condition."""
    rows: list[list[Cell]] = []
    for one in rates(everybody(study)):
        low, high = one.interval or (None, None)
        first = one.passed_first / one.answered if one.answered else None
        shares = [_percent(share) for share in (first, one.share, low, high)]
        rows.append([f"{one.kind}: {one.item}", _where(one), one.answered, *shares])
    return Section("pass_rates", "Checks passed, by condition", COLUMNS, rows, NOTES)


def _where(one: Rate) -> str:
    apart = f" ({APART[one.met]})" if one.met in APART else ""
    return (one.condition or NONE_YET) + apart


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
