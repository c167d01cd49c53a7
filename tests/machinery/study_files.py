"""Study files as plain data, to be changed in a test; by the parser in C, because a thousand tests do it."""

import re
from pathlib import Path
from typing import Any

import yaml


def read_study(folder: Path) -> dict[str, Any]:
    """What the study file of a folder says."""
    said: dict[str, Any] = yaml.load((folder / "study.yaml").read_text(), Loader=yaml.CSafeLoader)
    return said


def write_study(folder: Path, said: dict[str, Any]) -> None:
    """Put a study file into a folder, over the one that is there."""
    text = yaml.dump(said, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    # written without quotes, which other readers of YAML would need
    text = re.sub(r"(?m)^(\s+at: |\s*- )(\d\d:\d\d)$", r"\1'\2'", text)
    (folder / "study.yaml").write_text(text)
