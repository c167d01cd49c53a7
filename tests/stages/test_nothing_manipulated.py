"""A study without factors says nothing of allocation: groups form and play, no slot is made, and everything is true."""

import csv
import shutil
from pathlib import Path

import pytest

from console.board import board_of
from exports.services.bundle import export
from matching.models import Group
from studies.definition import definition
from studies.models import Allocation, Slot
from studies.services import load
from tests.machinery.people import FOLDER
from tests.machinery.study_files import read_study, write_study
from tests.verification.played import Played, play
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


def plain_study(home: Path) -> Played:
    """The test study with one condition, and no word of factors, conditions or allocation."""
    folder = home / "plain"
    shutil.copytree(FOLDER, folder)
    said = read_study(folder)
    said["id"] = folder.name
    for key in ("factors", "conditions", "allocation"):
        del said[key]
    said["partners"]["person"]["label"] = {"all": "Person"}
    said["partners"]["computer"]["label"] = {"all": "Program"}
    said["partners"]["computer"]["delay"] = {"min_s": 0, "max_s": 0, "think_s": [0, 0]}
    said["groups"]["pair"].pop("fill")
    for stage in said["waves"][0]["stages"]:
        if stage["id"] == "briefing":
            del stage["by"]
            stage["pages"] = {"all": "pages/briefing_marked.md"}
            stage["check"][0]["correct"] = {"all": "told_yes"}
    write_study(folder, said)
    return Played(load(folder, seed="plain", is_open=True))


def test_study_without_factors_is_played_from_end_to_end(tmp_path: Path) -> None:
    played = plain_study(tmp_path)
    assert definition(played.version).allocation is None
    trio, group = played.seated()
    play(trio, group)
    group.refresh_from_db()
    assert (group.status, group.condition) == (Group.Status.COMPLETE, "")
    assert (Slot.objects.count(), Allocation.objects.count()) == (0, 0)
    assert board_of(played.study).arms == []
    assert [str(one) for one in check(played.study, played.ledger, late_after_seconds=3600).differences] == []
    export(played.study, tmp_path / "out")
    with (tmp_path / "out" / "allocations.csv").open() as file:
        assert list(csv.DictReader(file)) == []
