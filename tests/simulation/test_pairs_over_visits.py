"""Two people who last, played through their pages over HTTP: they meet in three visits, and weeks take seconds."""

import json
from pathlib import Path

import pytest

from matching.models import Group
from scheduling.models import Pair, PairVisit
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import read as table
from tests.machinery.people import MakeVersion, make_version, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import couple_file
from tests.simulation.elsewhere import as_another_installation
from tests.sizes import sized


@pytest.mark.sized
@pytest.mark.django_db(transaction=True)
def test_two_people_meet_in_three_visits(
    make_version: MakeVersion,  # noqa: F811
    own_pages: None,
    tmp_path: Path,
) -> None:
    said = json.loads(json.dumps(couple_file()))  # nothing twice: no aliases in the file
    said["timezone"] = {"source": "fixed", "zone": "Europe/Berlin"}
    version = make_version(roles=dict(said["groups"]["pair"]["roles"]), **said)
    plan = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{version.study.slug}/7")
    people = sized(test=4, long=40)
    profile = Profile.flawless()
    report = run(
        Plan.model_validate({**plan, "participants": people, "seed": "7", "profile": profile, "out": tmp_path})
    )
    assert (report.run.differences, report.not_clean_because) == ([], [])
    pairs = table(tmp_path / DATASET, "pairs")
    assert len(pairs) == people // 2 == Pair.objects.count()
    assert {row["visits_met"] for row in pairs} == {"3"}
    assert {row["first_visit"] + row["last_visit"] for row in pairs} == {"13"}
    assert {visit.outcome for visit in PairVisit.objects.all()} == {"met"}
    assert Group.objects.filter(pair__isnull=False).count() == 3 * (people // 2)
    same = [row["is_same_partner"] for row in table(tmp_path / DATASET, "sessions")]
    assert same.count("1") == 2 * people
    assert same.count("0") == 0
    assert {row["exit"] for row in table(tmp_path / DATASET, "participants")} == {"completed"}
