"""The page about the dataset names every file that there is."""

import re
from pathlib import Path

from exports.tables import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dataset.md"


def test_page_lists_every_table_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)\.csv`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {table.name for table in TABLES} | {"codebook"}
