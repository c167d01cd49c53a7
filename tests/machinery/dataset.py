"""An installation's dataset and database, as tests read them."""

import csv
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from config.places import places_of
from tests.machinery.running import Running

Rows = list[dict[str, str]]


def export(running: Running, study: str) -> Path:
    """Write the dataset of a study with the command that researchers use."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-dataset-", dir=running.home)) / "out"
    running.manage("export", study, "--out", str(folder))
    return folder


def table(folder: Path, name: str) -> Rows:
    """The rows of one table."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ask(running: Running, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows straight from the installation's database."""
    with psycopg.connect(places_of(running.home).database_url, autocommit=True) as connection:
        return connection.execute(query, values).fetchall()
