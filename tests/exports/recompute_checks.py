"""How many people passed each check, from a dataset's files alone: nothing of the platform is imported.

    python tests/exports/recompute_checks.py FOLDER

Reads `checks.csv`, `participants.csv`, `answers.csv`, `events.csv`, `groups.csv` and `seats.csv`, counts again, and
compares with `check_rates.csv`. Prints what differs and ends with status 1; prints nothing and ends with 0 where all
agree.
"""

import csv
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

Row = dict[str, str]
KEY = ("origin", "kind", "stage", "item", "factor", "condition", "met")
Z = 1.959963984540054  # the 0.975 quantile of the normal distribution


def read(folder: Path, table: str) -> list[Row]:
    """A table of the dataset."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def unquoted(cell: str) -> str:
    """A text cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if re.match(r"^'+[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]", cell) else cell


def answers(folder: Path) -> dict[tuple[str, str, str], list[str]]:
    """Person, stage and item → every answer, in order of the visits and tries."""
    found: dict[tuple[str, str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for row in read(folder, "answers"):
        if row["value"] != "":
            key = (row["participant"], row["stage"], row["item"])
            found[key].append((int(row["repeat"]), int(row["attempt"]), unquoted(row["value"])))
    return {key: [value for *_, value in sorted(tries)] for key, tries in found.items()}


def check_differences(folder: Path) -> Iterator[str]:
    """Rows of `checks.csv` whose answer, tries or result do not follow from the answers and what is expected."""
    given = answers(folder)
    for row in read(folder, "checks"):
        tries = given.get((row["participant"], row["stage"], row["item"]), [])
        expected = unquoted(row["expected"]).split("|") if row["expected"] else []
        told = (row["tries"], unquoted(row["answer"]), row["passed"], row["passed_first"])
        passed = [str(int(tries[at] in expected)) if tries and expected else "" for at in (-1, 0)]
        found = (str(len(tries)), tries[-1] if tries else "", *passed)
        if found != told:
            yield f"{row['participant']} {row['kind']} {row['item']}: {found} from the answers, {told} in checks.csv"


def moved(folder: Path, kind: str) -> set[tuple[str, str]]:
    """Person and stage, of every stage that was opened or closed for somebody."""
    told = (row for row in read(folder, "events") if row["kind"] == kind)
    return {(row["participant"], json.loads(row["facts"])["stage"]) for row in told}


def crowd_differences(folder: Path) -> Iterator[str]:
    """Rows of `checks.csv` of people who never came to the stage, and people who went through it and have no row."""
    came = moved(folder, "stage.opened")
    given = {(row["participant"], row["stage"], row["item"]) for row in read(folder, "answers")}
    asked: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)  # version and stage → kinds and items
    found = set()
    for row in read(folder, "checks"):
        person, stage, check = row["participant"], row["stage"], (row["kind"], row["item"])
        asked[row["version"], stage].add(check)
        found.add((person, stage, check))
        if (person, stage) not in came and (person, stage, row["item"]) not in given:
            yield f"{person} {' '.join(check)}: in checks.csv, and {stage} was never opened for them"
    version = {row["participant"]: row["version"] for row in read(folder, "participants")}
    for person, stage in sorted(came & moved(folder, "stage.closed")):
        for check in sorted(asked.get((version.get(person, ""), stage), ())):
            if (person, stage, check) not in found:
                yield f"{person} {' '.join(check)}: not in checks.csv, and they went through {stage}"


def company_differences(folder: Path) -> Iterator[str]:
    """Rows of `checks.csv` that say otherwise than the groups whom somebody met."""
    groups = {row["group"]: row for row in read(folder, "groups")}
    met = {}
    for seat in read(folder, "seats"):
        group = groups[seat["group"]]
        has_begun = group["rounds_begun"] != "0" or group["status"] == "active"
        met[seat["participant"]] = "nobody" if not has_begun else ("planned", "stand_ins")[group["is_filled"] == "1"]
    for row in read(folder, "checks"):
        if row["met"] != met.get(row["participant"], ""):
            mine = met.get(row["participant"], "")
            yield f"{row['participant']}: met {row['met']} in checks.csv, {mine} by the groups"


def rates(folder: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Cell → asked, answered, passed, passed first, rate, low, high, written as in the dataset."""
    origin = {row["participant"]: row["origin"] for row in read(folder, "participants")}
    cells: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in read(folder, "checks"):
        cells[tuple((row | {"origin": origin[row["participant"]]})[name] for name in KEY)].append(row)
    return {key: counted(rows) for key, rows in cells.items()}


def counted(rows: list[Row]) -> tuple[str, ...]:
    """The numbers of one cell."""
    known = [row for row in rows if row["passed"] != ""]
    n, passed = len(known), sum(row["passed"] == "1" for row in known)
    first = sum(row["passed_first"] == "1" for row in known)
    return str(len(rows)), str(n), str(passed), str(first), *interval(passed, n)


def interval(passed: int, n: int) -> tuple[str, str, str]:
    """A share with Wilson's interval, as the roots of a quadratic equation: (p - share)^2 = z^2 p (1 - p) / n."""
    if n == 0:
        return "", "", ""
    share = passed / n
    a, b, c = 1 + Z * Z / n, -(2 * share + Z * Z / n), share * share
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return f"{share:.4f}", f"{max(0.0, (-b - root) / (2 * a)):.4f}", f"{min(1.0, (-b + root) / (2 * a)):.4f}"


def differences(folder: Path) -> list[str]:
    """Everything that does not agree, a sentence each."""
    found = [*check_differences(folder), *crowd_differences(folder), *company_differences(folder)]
    numbers = ("asked", "answered", "passed", "passed_first", "rate", "rate_low", "rate_high")
    told = {
        tuple(row[name] for name in KEY): tuple(row[name] for name in numbers) for row in read(folder, "check_rates")
    }
    mine = rates(folder)
    for key in sorted(told.keys() | mine.keys()):
        if told.get(key) != mine.get(key):
            found.append(f"{' '.join(key)}: {mine.get(key)} counted, {told.get(key)} in check_rates.csv")
    return found


if __name__ == "__main__":
    wrong = differences(Path(sys.argv[1]))
    print(*wrong, sep="\n", end="\n" if wrong else "")  # noqa: T201  its only way to speak
    sys.exit(1 if wrong else 0)
