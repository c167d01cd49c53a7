"""An installation's dataset and database, as tests read them."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from config.places import places_of
from simulation.ledger import Ledger
from tests.machinery.running import Running

Rows = list[dict[str, str]]


def export(running: Running, study: str) -> Path:
    """Close a study, so that nothing is masked any more, and write its dataset, with the commands of researchers."""
    running.manage("study", "close", study)
    folder = Path(tempfile.mkdtemp(prefix="rapport-dataset-", dir=running.home)) / "out"
    running.manage("export", study, "--out", str(folder))
    return folder


def verified(running: Running, study: str, ledger: Ledger) -> dict[str, Any]:
    """What `manage.py verify` says of a study in which nothing differs, by the ledger of those who played it."""
    file = Path(tempfile.mkdtemp(prefix="rapport-ledger-", dir=running.home)) / "ledger.jsonl"
    ledger.write(file)
    found: dict[str, Any] = json.loads(running.manage("verify", study, "--ledger", str(file), "--json"))
    return found


def table(folder: Path, name: str) -> Rows:
    """The rows of one table."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ask(running: Running, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows straight from the installation's database."""
    with psycopg.connect(places_of(running.home).database_url, autocommit=True) as connection:
        return connection.execute(query, values).fetchall()
