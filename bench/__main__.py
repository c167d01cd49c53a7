"""How fast pages answer while whole groups play, on this machine.

    python -m bench [--people 18]

Starts an installation of its own, lets simulated people play partner selection with each other without pausing to
think, and prints what they met. Figures of one machine say little about another.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from tests.machinery.player import Player, play_all
from tests.machinery.quick import entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running


def people_only(said: dict[str, Any]) -> None:
    """Two Choosers and four Responders, all of them people, so that no planned delay is measured."""
    said["groups"]["society"]["roles"]["candidate"] = {"humans": 4, "ai": 0}
    stage(said, "game")["parameters"] |= {"rounds": 4, "expect_every": 0, "ask_types": False}


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return values[min(len(values) - 1, int(share * len(values)))]


def measure(people: int) -> dict[str, float]:
    """Let `people` play and return what was measured: seconds, milliseconds and rates by name."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, Running() as running:
        ready_s = time.monotonic() - began
        home = quick_study(Path(scratch), name="bench", change=people_only)
        running.manage("study", "load", str(home), "--open")
        link, answers = entry_link(running, "bench"), right_answers(home)
        players = [
            Player(link, seed=seed, answers=answers, think_seconds=0, limit_seconds=600) for seed in range(people)
        ]
        began = time.monotonic()
        play_all(players, seconds=600)
        played_s = time.monotonic() - began
    took = sorted(ms for player in players for ms in player.took_ms)
    return {
        "ready_s": round(ready_s, 1),
        "people": people,
        "played_s": round(played_s, 1),
        "people_per_s": round(people / played_s, 2),
        "requests": len(took),
        "requests_per_s": round(len(took) / played_s, 1),
        "answer_ms_p50": round(statistics.median(took), 1),
        "answer_ms_p95": round(percentile(took, 0.95), 1),
        "answer_ms_p99": round(percentile(took, 0.99), 1),
        "server_errors": sum(len(player.server_errors) for player in players),
    }


def main() -> None:
    """Measure once and print one figure per line, then all of them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Let people play and time the pages.")
    parser.add_argument("--people", type=int, default=18, help="a multiple of 6, the size of a group")
    figures = measure(parser.parse_args().people)
    for name, value in figures.items():
        print(f"{name:16} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
