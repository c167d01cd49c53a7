"""The studies of `private_information`, with blocks that hold each mode once, for tests that play them."""

import shutil
from pathlib import Path

from tests.studies.conftest import Folder

STUDIES = Path(__file__).parents[2] / "experiments" / "private_information" / "studies"
MODES = ("script", "omniscient", "private")


def copied(to: Path, name: str) -> Folder:
    """A copy in a folder of a test's own."""
    shutil.copytree(STUDIES, to / "studies")
    folder = Folder(to / "studies" / name)
    folder.change("block_sizes: [3, 6]", "block_sizes: [3]")
    return folder
