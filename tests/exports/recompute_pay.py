"""Each participant's pay from the exported files alone. Shares no code with the platform: it checks the platform.

    python tests/exports/recompute_pay.py FOLDER

prints the codes whose pay differs from payments.csv and ends with 1, or says how many agree.
"""

import csv
import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "TND": 3, "OMR": 3}


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minor(amount: Decimal, currency: str) -> int:
    return int((amount * 10 ** DECIMALS.get(currency, 2)).quantize(Decimal(1), ROUND_HALF_UP))


def points_paid(folder: Path) -> dict[str, int]:
    """Points of the rounds that are paid, by participant code: of all, or of those that were drawn."""
    versions = {row["participant"]: row["version"] for row in read(folder, "participants")}
    rules = {v: json.loads((folder / f"study.v{v}.json").read_text())["payments"] for v in set(versions.values())}
    drawn = {(row["seat"], row["round"]) for row in read(folder, "paid_rounds")}
    is_open = {match["match"] for match in read(folder, "rounds") if match["status"] == "open"}
    points: dict[str, int] = {}

    def pays_all(code: str) -> bool:
        return not code or (rules[versions[code]].get("points") or {}).get("pay", "all_rounds") == "all_rounds"

    for row in read(folder, "placings"):
        code = row["participant"]
        if row["match"] not in is_open and (pays_all(code) or (row["seat"], row["round"]) in drawn):
            points[code] = points.get(code, 0) + int(row["points"] or 0)
    for row in read(folder, "awards"):  # paid instead of the match in which the belief was stated, where that is paid
        code = row["participant"]
        if code and row["truth"] and (pays_all(code) or (row["seat"], row["round"]) in drawn):
            said = row["said"]  # empty where nothing came in time: then no ticket wins
            chances = int(row["tickets"]) - (int(said) - int(row["truth"])) ** 2 if said else 0
            won = int(row["prize"]) if int(row["ticket"]) <= chances else 0
            points[code] += won - int(row["replaced"])
    return points


def pay(folder: Path) -> dict[str, int]:
    """What each person who has left the study is owed, in the currency's smallest unit, by participant code."""
    points = points_paid(folder)
    ended = {group["group"]: group["status"] for group in read(folder, "groups")}
    played = {
        s["participant"]
        for s in read(folder, "seats")
        if s["status"] == "done" or (s["status"] == "sitting" and ended[s["group"]] == "complete")
    }
    owed = {}
    for person in read(folder, "participants"):
        if not person["exit"]:
            continue
        code, study = person["participant"], json.loads((folder / f"study.v{person['version']}.json").read_text())
        payments, leaving = study["payments"], study["exits"][person["exit"]]
        rule, currency = leaving["pay"], payments["currency"]
        waited = 0
        rooms = {stage["id"]: stage for wave in study["waves"] for stage in wave["stages"]}
        for wait in read(folder, "waits"):
            if wait["participant"] == code:
                minutes = -(-int(wait["waited_s"]) // 60)  # each minute begun
                waited += minor(minutes * Decimal(rooms[wait["stage"]]["pay_per_minute"]), currency)
        bonus = 0
        if payments.get("points"):
            worth = max(Decimal(0), points.get(code, 0) * Decimal(payments["points"]["rate"]))
            bonus = minor(min(worth, Decimal(payments["points"]["max"])), currency)
        base = minor(Decimal(payments["base"]), currency)
        earned = (base if code in played else 0) + bonus + waited
        fixed = minor(Decimal(leaving["amount"] or 0), currency) + waited if rule == "fixed" else 0
        total = {"none": 0, "fixed": fixed, "earned": earned, "full": base + bonus + waited}[rule]
        owed[code] = max(total, earned) if person["consented_again"] == "0" and rule in ("none", "fixed") else total
    return owed


def unknown(folder: Path) -> set[str]:
    """Whose points are blank in part, as somebody they met had their data deleted: their pay cannot be reckoned."""
    blank = (row for row in read(folder, "placings") if row["missing_reason"] == "withdrawn_consent")
    return {row["participant"] for row in blank}


def differences(folder: Path) -> list[str]:
    """One line for each person whose recorded pay is not what the tables say."""
    said = {row["participant"]: int(row["total_minor"]) for row in read(folder, "payments")}
    found = pay(folder)
    return [
        f"{code}: paid {said.get(code)}, owed {found.get(code)}"
        for code in sorted((said | found).keys() - unknown(folder))
        if said.get(code) != found.get(code)
    ]


if __name__ == "__main__":
    wrong = differences(Path(sys.argv[1]))
    checked = pay(Path(sys.argv[1])).keys() - unknown(Path(sys.argv[1]))
    print("\n".join(wrong) or f"the pay of {len(checked)} people agrees")  # noqa: T201
    sys.exit(bool(wrong))
