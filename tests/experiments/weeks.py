"""Studies over weeks, played by simulated people into a dataset."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from config.places import ROOT
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from simulation.report import Report
from studies import queries
from studies.services import load
from tests.exports.recompute_pay import read
from tests.machinery.study_files import read_study, write_study
from tests.simulation.elsewhere import as_another_installation

STUDIES = ROOT / "experiments" / "longitudinal_chat" / "studies"
Study = dict[str, Any]
Row = dict[str, str]


@dataclass(frozen=True)
class Weeks:
    """What came of a study: its report, and the tables of its dataset."""

    report: Report
    folder: Path

    def table(self, name: str) -> list[Row]:
        return read(self.folder, name)

    def condition_of(self) -> dict[str, str]:
        """The level of everybody who was given one, by code: of one factor."""
        given = [row for row in self.table("allocations") if row["unit"] == "participant"]
        return {row["unit_code"]: row["condition"].partition("=")[2] for row in given}


def play(
    home: Path, study: str, *, people: int, profile: Profile, policy: str = "teller", role: str = "talker",
    change: Callable[[Study], None] | None = None, start: datetime | None = None,
) -> Weeks:  # fmt: skip
    """Play a study of longitudinal_chat; whoever talks does so by a policy that plays a person."""
    shutil.copytree(STUDIES, home / "studies")
    folder = home / "studies" / study
    said: Study = read_study(folder)
    if change:
        change(said)
        write_study(folder, said)
    version = load(folder, seed=f"weeks-{study}")  # only its copy is played, by nobody who could be in danger
    frozen = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{study}/7")
    report = run(
        Plan.model_validate({
            **frozen, "participants": people, "seed": "7", "profile": profile, "policies": {role: policy}, "out": home,
            "start": start,
        })
    )  # fmt: skip
    return Weeks(report, home / DATASET)
