"""The balance table: planned against allocated, begun and completed, by condition and stratum. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studies.allocation import TRIAL
from studies.allocation_plan import Entry
from studies.latin import orders

WITHIN = ("pair", "session", "round", "item")
"""Units whose sequences are named by the group or person within which they are balanced, and by no stratum."""


@dataclass(frozen=True)
class Fate:
    """What became of one slot that somebody holds.

    Args:
        entry: Number of its entry, from 0.
        sequence: Of which it was taken.
        has_begun: Whether who holds it reached what it is for.
    """

    entry: int
    condition: str
    sequence: str
    has_begun: bool
    is_complete: bool


@dataclass(frozen=True)
class Line:
    """One condition of one entry in one stratum.

    Args:
        planned: Its share by the plan, from 0 to 1; 0 for a condition that the plan does not have.
        allocated: How many slots of it are held; of them begun, and completed.
    """

    entry: Entry
    condition: str
    stratum: str
    planned: float
    allocated: int
    begun: int
    completed: int


def balance_table(entries: Sequence[Entry], fates: Iterable[Fate]) -> list[Line]:
    """Every condition of every entry, in the order of the plan; those that occur and are not planned after them."""
    by_entry: dict[int, list[Fate]] = {entry.number: [] for entry in entries}
    for fate in fates:
        if fate.entry in by_entry:
            by_entry[fate.entry].append(fate)
    return [line for entry in entries for line in _lines(entry, by_entry[entry.number])]


def _lines(entry: Entry, fates: Sequence[Fate]) -> list[Line]:
    shares = _shares(entry)
    strata = sorted({stratum_in(entry, fate.sequence) for fate in fates}) or [""]
    found = []
    for stratum in strata:
        here = [fate for fate in fates if stratum_in(entry, fate.sequence) == stratum]
        allocated = Counter(fate.condition for fate in here)
        begun = Counter(fate.condition for fate in here if fate.has_begun)
        completed = Counter(fate.condition for fate in here if fate.is_complete)
        for condition in [*shares, *sorted(set(allocated) - set(shares))]:
            counts = (allocated[condition], begun[condition], completed[condition])
            found.append(Line(entry, condition, stratum, shares.get(condition, 0.0), *counts))
    return found


def _shares(entry: Entry) -> dict[str, float]:
    if not entry.is_order:
        return entry.shares()
    rows = orders(entry.conditions)
    return {row: 1 / len(rows) for row in rows}


def stratum_in(entry: Entry, sequence: str) -> str:
    """The stratum that a sequence is of, whoever drew from it: "site=north" of "~preview,site=north"."""
    if entry.rule.unit in WITHIN:
        return ""
    return sequence.partition(",")[2] if sequence.startswith(TRIAL) else sequence


def most_apart(entry: Entry) -> int | None:
    """By how many a condition may be ahead of another of its weight in one sequence, while a block is open.

    None where nothing bounds it. A slot that was returned and not yet taken again adds one.
    """
    if entry.rule.method != "permuted_block":
        return None
    return max(entry.rule.block_sizes) // sum(entry.weights().values()) * max(entry.weights().values())
