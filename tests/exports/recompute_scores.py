"""Every score of a scale, from a dataset's files alone: nothing of the platform is imported.

    python tests/exports/recompute_scores.py FOLDER

Reads `scale_items.csv` and the scales in `texts.vN.json`, scores again, and compares with `scores.csv`. Prints what
differs and ends with status 1; prints nothing and ends with 0 where all agree.
"""

import csv
import json
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

Row = dict[str, str]
VISIT = ("participant", "wave", "repeat", "stage", "scale")
ANSWERS = ("score", "n_answered", "n_items", "is_prorated")


def read(folder: Path, table: str) -> list[Row]:
    """A table of the dataset."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scales(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(Version, name) → the scale as it was frozen."""
    texts = [json.loads(file.read_text("utf-8")) for file in folder.glob("texts.v*.json")]
    return {(str(said["version"]), name): scale for said in texts for name, scale in said["scales"].items()}


def score(scale: dict[str, Any], subscale: str, replies: dict[str, Row]) -> tuple[str, ...]:
    """A score, on how many answers it stands of how many, and whether that is fewer: as the dataset writes them."""
    low, high, rule = scale["anchors"]["low"], scale["anchors"]["high"], scale["scoring"]
    items = [one for one in scale["items"] if not one["attention"] and subscale in ("", one["subscale"])]
    points = []
    for item in items:
        value = replies[item["id"]]["value"]
        if value:
            points.append(low + high - int(value) if item["reverse"] else int(value))
    asked = [one for one in items if replies[one["id"]]["why_missing"] != "not_asked"]
    counts = (str(len(points)), str(len(items)))
    if len(points) < max(1, needed(rule["least_answered"], asked=len(asked), items=len(items))):
        return ("", *counts, "")
    mean = Fraction(sum(points), len(points))
    found = mean * len(items) if rule["method"] == "sum" else mean
    return (f"{float(found):.6f}", *counts, str(int(len(points) < len(items))))


def needed(rule: str | int, *, asked: int, items: int) -> int:
    """How many answers a score needs."""
    if rule == "all":
        return asked
    return rule if isinstance(rule, int) else -(-items * int(rule.rstrip("%")) // 100)


def differences(folder: Path) -> list[str]:
    """Everything that does not agree, a sentence each."""
    version = {row["participant"]: row["version"] for row in read(folder, "participants")}
    known, replies = scales(folder), defaultdict[tuple[str, ...], dict[str, Row]](dict)
    for row in read(folder, "scale_items"):
        replies[tuple(row[name] for name in VISIT)][row["item"]] = row
    told = {(*(row[name] for name in VISIT), row["subscale"]): row for row in read(folder, "scores")}
    found = []
    mine = set()
    for visit, given in replies.items():
        scale = known[version[visit[0]], visit[-1]]
        for subscale in [*scale["subscales"], *([""] if scale["scoring"]["total"] else [])]:
            mine.add((*visit, subscale))
            again, row = score(scale, subscale, given), told.get((*visit, subscale), {})
            if again != (said := tuple(row.get(name, "no row") for name in ANSWERS)):
                found.append(f"{' '.join(visit)} {subscale}: {again} from the items, {said} in scores.csv")
    return found + [f"{' '.join(key)}: a score of items that are not there" for key in sorted(set(told) - mine)]


if __name__ == "__main__":
    wrong = differences(Path(sys.argv[1]))
    print(*wrong, sep="\n", end="\n" if wrong else "")  # noqa: T201  its only way to speak
    sys.exit(1 if wrong else 0)
