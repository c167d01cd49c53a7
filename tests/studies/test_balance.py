"""The balance table against numbers that were counted by hand."""

from typing import Any

from studies.allocation_plan import Entry
from studies.balance import Fate, balance_table, most_apart
from studies.schema_allocation import Allocation


def entry(number: int, factor: str, levels: str, **rule: Any) -> Entry:
    said = {"unit": "participant", "at": "entry", **rule}
    return Entry(number, Allocation.model_validate(said), [factor], [f"{factor}={level}" for level in levels])


def test_balance_counts_by_condition_and_stratum() -> None:
    of = entry(0, "c", "ab", block_sizes=[3, 6], weights={"a": 2, "b": 1}, strata=["site"])
    fates = [
        Fate(0, "c=a", "site=north", has_begun=True, is_complete=True),
        Fate(0, "c=a", "site=north", has_begun=True, is_complete=False),
        Fate(0, "c=b", "site=south", has_begun=False, is_complete=False),
        Fate(0, "c=gone", "~preview,site=south", has_begun=True, is_complete=False),
        Fate(7, "c=a", "site=north", has_begun=True, is_complete=True),
    ]
    found = [
        (line.stratum, line.condition, round(line.planned, 2), line.allocated, line.begun, line.completed)
        for line in balance_table([of], fates)
    ]
    assert found == [
        ("site=north", "c=a", 0.67, 2, 2, 1),
        ("site=north", "c=b", 0.33, 0, 0, 0),
        ("site=south", "c=a", 0.67, 0, 0, 0),
        ("site=south", "c=b", 0.33, 1, 0, 0),
        ("site=south", "c=gone", 0.0, 1, 1, 0),
    ]
    assert most_apart(of) == 4


def test_balance_of_orders_and_quotas_follows_the_plan() -> None:
    square = entry(0, "topic", "xy", unit="round", method="latin_square", at="formation")
    quota = entry(1, "c", "ab", method="quota", targets={"a": 30, "b": 10})
    rows = balance_table([square, quota], [Fate(0, "topic=x>topic=y", "", has_begun=True, is_complete=True)])
    assert [(line.condition, line.planned, line.allocated) for line in rows] == [
        ("topic=x>topic=y", 0.5, 1),
        ("topic=y>topic=x", 0.5, 0),
        ("c=a", 0.75, 0),
        ("c=b", 0.25, 0),
    ]
    assert most_apart(square) is most_apart(quota) is None


def test_balance_within_groups_has_no_strata() -> None:
    of = entry(0, "cap", "lh", unit="round", block_sizes=[2], at="formation")
    fates = [Fate(0, "cap=l", code, has_begun=True, is_complete=True) for code in ("gone", "~run,gtwo")]
    assert [(line.stratum, line.allocated) for line in balance_table([of], fates)] == [("", 2), ("", 0)]
