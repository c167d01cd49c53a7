"""How fast our pages are, and oTree's, with the same game, under one driver, on this machine.

python -m bench --only ours --people 100
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from bench import figures, profiled
from bench.driver import Crowd, drive
from bench.machine import Meter, calib_ms
from bench.rapport_side import RapportSide

WARM_UP = Crowd(at_once=4, total=8)


def measured(side: RapportSide, crowd: Crowd) -> figures.Figures:
    """One cell on one side."""
    calibration = calib_ms()
    side.prepare(crowd.total)
    with Meter(side.pids) as meter:
        tape, seconds = asyncio.run(drive(crowd, side.visit))
    found = figures.cell(crowd, tape, seconds, meter)
    return {"side": side.name, "calib_ms": round(calibration, 1), **found}


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=["ours"], default="ours")
    parser.add_argument("--people", type=int, nargs="*", default=[20, 100], help="how many at once; one cell for each")
    parser.add_argument("--total", type=int, default=0, help="how many in all; even (default: twice as many)")
    parser.add_argument("--think", type=float, default=0.0, help="seconds that each page is looked at")
    parser.add_argument("--profile", action="store_true", help="where one process of pages spends its time (cProfile)")
    said = parser.parse_args()
    with RapportSide() as side:
        asyncio.run(drive(WARM_UP, side.visit))
        for people in said.people:
            crowd = Crowd(people, said.total or 2 * people, said.think, arrive_seconds=6 * said.think)
            if said.profile:
                print(profiled.report(side, crowd))
                continue
            found = measured(side, crowd)
            print(*figures.lines(found), sep="\n", flush=True)


if __name__ == "__main__":
    main()
