"""Who was allocated to what, from the exported files alone. Shares no code with the platform: it checks the platform.

    python tests/exports/recompute_allocation.py FOLDER

follows the log of the randomisation (allocations.csv) row by row, compares who holds what with the levels that groups
and people have in their own tables, looks into every block, and prints the balance; it ends with 1 where anything
disagrees.
"""

import csv
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Units with one slot for each holder, and the table in which that holder's levels stand.
HOLDERS = {"group": "groups", "participant": "participants"}
Key = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One condition of one entry: how many slots are held, by whom it was begun, by whom completed."""

    entry: str
    condition: str
    allocated: int
    begun: int
    completed: int


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def levels(condition: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in condition.split(",") if part)


def sequence(row: dict[str, str]) -> Key:
    return (row["version"], row["entry"], row["stratum"])


def held(folder: Path) -> tuple[dict[Key, dict[str, str]], list[str]]:
    """The slots that somebody holds at the end, by sequence and number, and what is wrong in the order of the log."""
    holding: dict[Key, dict[str, str]] = {}
    drawn: dict[Key, str] = {}
    wrong = []
    for number, row in enumerate(read(folder, "allocations"), start=1):
        slot = (*sequence(row), row["slot"])
        if row["order"] != str(number):
            wrong.append(f"row {number} of the log says it is row {row['order']}")
        if drawn.setdefault(slot, row["condition"]) != row["condition"]:
            wrong.append(f"slot {slot} was {drawn[slot]} and is {row['condition']}")
        if (row["act"] == "taken") == (slot in holding):
            wrong.append(f"slot {slot} was {row['act']} although it was {'held' if slot in holding else 'free'}")
        if row["act"] == "taken":
            holding[slot] = row
        else:
            holding.pop(slot, None)
    return holding, wrong


def holders(folder: Path, holding: dict[Key, dict[str, str]]) -> list[str]:
    """What disagrees between the log and the tables of who holds its slots; nobody holds two for one purpose."""
    wrong = []
    purposes = Counter(
        (r["version"], r["entry"], r["unit_code"], r["place"]) for r in holding.values() if r["unit_code"]
    )
    wrong += [f"{unit} holds {n} slots of entry {entry}" for (_, entry, unit, _), n in purposes.items() if n > 1]
    for unit, table in HOLDERS.items():
        said = {row[unit]: levels(row["condition"]) for row in read(folder, table)}
        for row in holding.values():
            if row["unit"] != unit or row["unit_code"] not in said or row["from"]:
                continue
            for factor, level in levels(row["condition"]).items():
                if said[row["unit_code"]].get(factor) != level:
                    found = said[row["unit_code"]].get(factor)
                    wrong.append(f"{unit} {row['unit_code']}: {factor} is {found} in {table} and {level} in the log")
    allocated = {row["unit_code"] for row in holding.values() if row["unit"] == "group"}
    if allocated:
        missing = [row["group"] for row in read(folder, "groups") if row["group"] not in allocated]
        wrong += [f"group {code} plays and was never allocated" for code in missing if not _gave_back(folder, code)]
    return wrong


def _gave_back(folder: Path, code: str) -> bool:
    acts = [row["act"] for row in read(folder, "allocations") if row["unit_code"] == code]
    return bool(acts) and acts[-1] == "returned"


def blocks(folder: Path) -> list[str]:
    """Blocks of which every slot was drawn, but which do not hold each condition as often as its weight says."""
    seen: dict[Key, dict[str, str]] = {}
    for row in read(folder, "allocations"):
        if row["method"] == "permuted_block":
            seen.setdefault((*sequence(row), row["block"]), {})[row["slot"]] = row["condition"]
    last = {key[:3]: max(int(block) for *one, block in seen if tuple(one) == key[:3]) for key in seen}
    wrong = []
    for (version, entry, stratum, block), slots in seen.items():
        said = json.loads((folder / f"study.v{version}.json").read_text())["allocation"]
        rule = (said if isinstance(said, list) else [said])[int(entry) - 1]
        counts = Counter(slots.values())
        if int(block) < last[version, entry, stratum]:  # slots are taken in order: an earlier block is a whole one
            if len(slots) not in rule["block_sizes"]:
                wrong.append(f"block {block} of entry {entry} has {len(slots)} slots, of {rule['block_sizes']}")
            if not rule.get("weights") and len(set(counts.values())) > 1:
                wrong.append(f"block {block} of entry {entry} is not balanced: {dict(counts)}")
        elif len(slots) > max(rule["block_sizes"]):
            wrong.append(f"block {block} of entry {entry} has {len(slots)} slots, of {rule['block_sizes']}")
    return wrong


def balance(folder: Path) -> list[Line]:
    """Allocated, begun and completed, by entry and condition, of what groups and people hold."""
    holding, _ = held(folder)
    groups = {row["group"]: row for row in read(folder, "groups")}
    begun = {code for code, row in groups.items() if int(row["rounds_begun"])}
    begun |= {row["participant"] for row in read(folder, "seats") if row["participant"] and row["group"] in begun}
    complete = {code for code, row in groups.items() if row["status"] == "complete"}
    complete |= {row["participant"] for row in read(folder, "participants") if row["exit"] == "completed"}
    counted: dict[tuple[str, str], list[str]] = {}
    for row in holding.values():
        if row["unit"] in HOLDERS:
            counted.setdefault((row["entry"], row["condition"]), []).append(row["unit_code"])
    return [
        Line(entry, condition, len(codes), sum(c in begun for c in codes), sum(c in complete for c in codes))
        for (entry, condition), codes in sorted(counted.items())
    ]


def differences(folder: Path) -> list[str]:
    """One line for each thing in which the files disagree."""
    holding, wrong = held(folder)
    return wrong + holders(folder, holding) + blocks(folder)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    disagreeing = differences(where)
    for line in balance(where):
        print(f"{line.entry}\t{line.condition}\t{line.allocated}\t{line.begun}\t{line.completed}")  # noqa: T201
    print("\n".join(disagreeing) or "the log and the tables agree")  # noqa: T201
    sys.exit(bool(disagreeing))
