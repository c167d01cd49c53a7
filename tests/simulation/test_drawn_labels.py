"""Simulated people play a study whose labels are drawn: it ends well, and one seed draws the same labels."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import read
from tests.machinery.people import MakeVersion
from tests.simulation.elsewhere import as_another_installation
from tests.simulation.test_engine import VARIED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sized]

CALM = Profile(arrivals_per_minute=30, two_tabs=0, late_acts=0, misreading=0, reloading=0)


def drawn_study(make_version: MakeVersion) -> Any:
    """The test study, in which anybody may be called a person or a program."""
    told = {"approved_by": "ethics board", "reference": "IRB-1", "debrief": "pages/debrief.md"}
    label = {"draw": {"Person": 1, "Program": 1}}
    computer = {"occupant": "policy", "policies": ["half"], "asked_if_ai": "deflect", "label": label}
    said = {
        "deception": [{"what": what, **told} for what in ("omission", "delay", "false_label")],
        "partners": {"person": {"occupant": "person", "label": label}, "computer": computer},
    }
    roles = {"giver": {"humans": 1}, "taker": {"humans": 1, "ai": 1}}
    more = {"lobby": {"max_wait_seconds": 60}, "game": {"parameters": {"rounds": 4}}}
    return make_version(roles=roles, **more, **json.loads(json.dumps(said)))


def labels_of(dataset: Path) -> list[tuple[str, str, str, str]]:
    """Where, what, and what it was called."""
    return [(row["match"], row["seat"], row["kind"], row["match_label"]) for row in read(dataset, "placings")]


def test_drawn_labels_are_played_and_one_seed_draws_the_same(
    make_version: MakeVersion, own_pages: None, tmp_path: Path
) -> None:
    version = drawn_study(make_version)
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    found = []
    for at, (seed, profile) in enumerate([("7", CALM), ("7", CALM), ("9", VARIED)]):
        as_another_installation(f"{version.study.slug}/{seed}")
        out = tmp_path / f"run-{at}"
        plan = {**said, "participants": 4, "seed": seed, "mode": "ordered", "profile": profile, "out": out}
        report = run(Plan.model_validate(plan))
        assert report.run.differences == []
        assert report.not_clean_because == []
        found.append(labels_of(out / DATASET))
    assert found[0] == found[1] != found[2]
    assert {label for *_where, label in found[0]} == {"Person", "Program"}
    assert {row["status"] for row in read(tmp_path / "run-0" / DATASET, "groups")} == {"complete"}
