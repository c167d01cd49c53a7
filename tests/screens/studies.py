"""Copies of studies with something planted in them, and drawing them in the test's own database."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.supervisor.screens import Source, source_of
from events import clock
from screens.plan import Plan, draw
from screens.screen import Drawn
from screens.services import undone
from tests.machinery.quick import SHIPPED, stage
from tests.machinery.study_files import read_study, write_study
from tests.sizes import LONG, SIZE

Said = dict[str, Any]


def main_source(home: Path) -> Source:
    """The shipped study; in `make test` with fewer rounds, of which later ones have the pages of earlier ones.

    Args:
        home: A scratch folder.
    """
    if SIZE == LONG:
        return source_of(str(SHIPPED / "main"), seed="1")
    shutil.copytree(SHIPPED, home / "studies")
    folder = home / "studies" / "main"
    said = read_study(folder)
    stage(said, "game")["parameters"] |= {"rounds": 4, "beliefs_rounds": 2}
    write_study(folder, said)
    return source_of(str(folder), seed="1")


def drawn_here(plan: Plan) -> Drawn:
    """Draw a plan in the test's database, made for simulation for that long, and leave nothing in it."""
    drawn: list[Drawn] = []
    with undone():
        clock.simulate()
        drawn.append(draw(plan, say=lambda _: None))
    return drawn[0]


def short_copy(home: Path, *, change: Callable[[Said], None] | None = None) -> Path:
    """The shipped study with two rounds and few people, in a folder of its own.

    Args:
        change: Last changes to the study file, in place.
    """
    shutil.copytree(SHIPPED, home / "studies")
    folder = home / "studies" / "main"
    said: Said = read_study(folder)
    said["groups"]["society"]["roles"] = {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}}
    stage(said, "game")["parameters"] |= {"rounds": 2, "beliefs_rounds": 1}
    if change:
        change(said)
    write_study(folder, said)
    return folder


def drawn_folder(folder: Path) -> tuple[Source, Drawn]:
    """The study in a folder, and its pages."""
    source = source_of(str(folder), seed="1")
    return source, drawn_here(source.plan)
