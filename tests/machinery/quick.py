"""The shipped study made short for tests: few rounds, little time, nobody stands in."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from config.places import ROOT
from studies import items, slots
from studies.schema import StudyFile
from tests.machinery.study_files import read_study, write_study

SHIPPED = ROOT / "experiments" / "partner_selection" / "studies"
FAST = {"min_s": 0.3, "max_s": 1.5, "chars_per_s": 200, "think_s": [0.1, 0.5], "miss": 0}
Study = dict[str, Any]


class Managed(Protocol):
    """An installation that takes management commands."""

    def manage(self, *arguments: str) -> str: ...


def quick_study(folder: Path, *, name: str = "quick", change: Callable[[Study], None] | None = None) -> Path:
    """A copy of the demo study under another id, to be loaded by `manage.py study load`.

    Args:
        folder: A scratch folder.
        change: Last changes to the study file, in place.
    """
    shutil.copytree(SHIPPED, folder / "studies", dirs_exist_ok=True)
    home = folder / "studies" / "demo"
    said: Study = read_study(home)
    said["id"] = name
    said["deception"] = [entry for entry in said["deception"] if entry["what"] != "false_label"]
    del said["groups"]["society"]["fill"]
    said["partners"]["computer"]["delay"] = dict(FAST)
    stage(said, "game")["parameters"] |= {"rounds": 3, "beliefs_rounds": 2, "feedback_seconds": 5}
    said["sample"]["target"] = 100_000  # as many as a test likes
    if change:
        change(said)
    write_study(home, said)
    return home


def entry_link(running: Managed, name: str) -> str:
    """An open entry link of a study."""
    found = re.search(r"https?://\S+/j/\S+", running.manage("study", "link", name))
    assert found, "no link was printed"
    return found[0]


def stage(said: Study, name: str) -> Study:
    """The stage with an id."""
    found: Study = next(one for one in said["waves"][0]["stages"] if one["id"] == name)
    return found


def right_answers(home: Path) -> Mapping[str, str]:
    """What to answer in the quiz of a study folder, by item."""
    said = StudyFile.model_validate(read_study(home))
    text = (home / "../pages/quiz.yaml").resolve().read_text()
    found = [items.resolve(item, slots.study_slots(said)) for item in items.parse(text)]
    return {item.id: str(item.correct) for item in found}
