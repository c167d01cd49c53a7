"""The study `pool` of repeated dilemmas with fewer supergames and choices, for tests that play it."""

import shutil
from pathlib import Path

from tests.studies.conftest import Folder

STUDIES = Path(__file__).parents[2] / "experiments" / "repeated_dilemma" / "studies"
MIXED = "    policies: [tit_for_tat, win_stay_lose_shift, always_defect, random]\n"
"""The line of the partner `mixed` that names its policies."""


def copied(to: Path, *, rounds: int = 1, turns: int = 1) -> Folder:
    """A copy in a folder of a test's own."""
    shutil.copytree(STUDIES, to / "studies")
    folder = Folder(to / "studies" / "pool")
    folder.change("rounds: 5, transfer: 1, turns: 10", f"rounds: {rounds}, transfer: 0, turns: {turns}")
    return folder
