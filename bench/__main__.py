"""How fast pages and conversations are here, ours and oTree's with the same game, and our replies of models.

python -m bench                              both sides, all of it, the quick size
python -m bench --size full                  medians of three
python -m bench chat                         conversations alone; --size smoke: to see that it works
python -m bench replies                      replies of language models alone, which oTree has none of
python -m bench pages --only ours --people 100     one cell of ours; with --think 5 and --profile
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from bench import plan, profiled, replies, reply_figures, table, talk_cells, talk_figures
from bench.driver import Crowd
from bench.figures import Figures
from bench.otree_side import NotInstalledError, OtreeSide
from bench.plan import FULL, QUICK, SMOKE, Plan
from bench.rapport_side import RapportSide
from bench.talk_cells import TalkingSide
from config.places import ROOT

MAKERS: dict[str, Callable[[], AbstractContextManager[TalkingSide]]] = {"ours": RapportSide, "otree": OtreeSide}


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


def main() -> None:
    """Read the arguments, measure, print, keep."""
    said = _arguments()
    chosen = _plan(said)
    began = time.monotonic()
    result = {"size": chosen.name if said.people else said.size, **plan.about_machine()}
    with contextlib.ExitStack() as running:
        sides = _started(running, _wanted(said))
        if said.profile:
            ours = next(side for side in sides if isinstance(side, RapportSide))
            say("\n".join(profiled.report(ours, crowd) for crowd in chosen.crowds))
            return
        if said.what in {"all", "pages"}:
            result |= plan.run(chosen, sides, say)
        if said.what in {"all", "chat"} and not said.people:
            result["talk"] = talk_cells.run(talk_cells.SIZES[said.size], sides, say)
    # With nothing else running: what the idle sides use is not to be shared with the worker.
    if said.what in {"all", "replies"} and not said.people and said.only != "otree":
        result["replies"] = replies.run(replies.SIZES[said.size], say)
    result["minutes"] = round((time.monotonic() - began) / 60, 1)
    say("\n".join(_table(result)))
    stamp = datetime.fromisoformat(result["at"]).strftime("%Y-%m-%dT%H-%M-%S")
    file = ROOT / "var" / "bench" / f"{stamp}-{result['size']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")
    say(f"\n{result['minutes']} minutes; everything is in {file}")


def _table(result: Figures) -> Iterator[str]:
    if "medians" in result:
        yield from table.lines(result)
    if "talk" in result:
        yield from talk_figures.lines(result["talk"])
    if "replies" in result:
        yield from reply_figures.lines(result["replies"])


def _wanted(said: argparse.Namespace) -> list[str]:
    """The sides that are compared; none where only replies of models are measured."""
    if said.what == "replies":
        return []
    return [said.only] if said.only else list(MAKERS)


def _started(running: contextlib.ExitStack, names: list[str]) -> list[TalkingSide]:
    sides: list[TalkingSide] = []
    for name in names:
        try:
            sides.append(running.enter_context(MAKERS[name]()))
        except NotInstalledError as error:
            say(f"oTree could not be made ready, so ours is measured alone: {error}")
    return sides


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["all", "pages", "chat", "replies"], default="all")
    parser.add_argument("--size", choices=list(talk_cells.SIZES), default="quick")
    parser.add_argument("--only", choices=list(MAKERS), help="one side alone")
    parser.add_argument("--people", type=int, nargs="*", default=[], help="cells of one's own: how many at once")
    parser.add_argument("--total", type=int, default=0, help="how many in all; even (default: twice as many)")
    parser.add_argument("--think", type=float, default=0.0, help="seconds that each page is looked at")
    parser.add_argument("--arrive", type=float, help="seconds over which people come (default: six times --think)")
    parser.add_argument("--repeat", type=int, default=1, help="repetitions of cells of one's own")
    parser.add_argument("--profile", action="store_true", help="what a process of our pages computes (cProfile)")
    return parser.parse_args()


def _plan(said: argparse.Namespace) -> Plan:
    if not said.people:
        return {"full": FULL, "smoke": SMOKE}.get(said.size, QUICK)
    arrive = 6 * said.think if said.arrive is None else said.arrive
    crowds = [Crowd(people, said.total or 2 * people, said.think, arrive_seconds=arrive) for people in said.people]
    return Plan("own", crowds, said.repeat)


if __name__ == "__main__":
    main()
