"""A simulated dataset says so in its name, in its first words, and in every row that names anybody or anything."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from bots.run import run_groups
from exports.errors import ExportError
from exports.services.bundle import export, export_zip
from participants.models import Participant
from studies.models import Study
from tests.exports import rows
from tests.machinery.people import MakeVersion, at_stage, make_version, sharing_is_installed  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)
CODES = ("participant", "group", "seat", "match", "unit_code", "subject")


def played(make: MakeVersion) -> Study:
    """Somebody who waits, and a group that played."""
    version = make(is_simulated=True)
    at_stage(version, "lobby", origin=Participant.Origin.SIMULATED)
    run_groups(version, 1, lambda _: None)
    return version.study


def test_every_code_of_a_simulated_dataset_says_so(make_version: MakeVersion, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "SIMULATED-data"
    export(played(make_version), out)
    stamped: dict[str, int] = {}
    for file in out.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as opened:
            codes = [row[name] for row in csv.DictReader(opened) for name in CODES if row.get(name)]
        assert [code for code in codes if not code.startswith("SIM")] == [], file.name
        stamped[file.stem] = len(codes)
    assert [
        name for name in ("participants", "sessions", "waits", "seats", "decisions", "events") if not stamped[name]
    ] == []
    assert json.loads((out / "manifest.json").read_text())["is_simulated"] is True


def test_folder_of_a_simulated_dataset_must_say_so(tmp_path: Path) -> None:
    study = rows.make_study(is_simulated=True)
    with pytest.raises(ExportError, match="call the folder SIMULATED-data") as refused:
        export(study, tmp_path / "data")
    assert refused.value.code == "not_stamped"
    assert list(tmp_path.iterdir()) == []
    export(rows.make_study("real"), tmp_path / "data")


def test_zip_of_a_simulated_dataset_and_all_in_it_say_so(tmp_path: Path) -> None:
    path = export_zip(rows.make_study(is_simulated=True), tmp_path)
    assert path.name == "SIMULATED-choosing.zip"
    with zipfile.ZipFile(path) as bundle:
        assert {name.split("/")[0] for name in bundle.namelist()} == {"SIMULATED-choosing"}
