"""A whole run by simulated people with practice as a factor, drawn pay, a longer first round and a worked example."""

from pathlib import Path

import pytest

from flow.models import PaidRound, PracticeStep
from participants.models import Participant
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import differences, read
from tests.machinery.people import FOLDER, MakeVersion
from tests.practice.practising import as_a_factor
from tests.simulation.elsewhere import as_another_installation

pytestmark = [pytest.mark.django_db(transaction=True)]
INSTRUCTIONS = (FOLDER / "pages/instructions.md").read_text() + "\n{{ points_rule }}\n\n{{ calculator }}\n"
POINTS = {"rate": "0.10", "max": "6.00", "pay": "one_per_block", "block_rounds": 2}
VARIED = Profile(arrivals_per_minute=30, two_tabs=0.3, late_acts=0.1, misreading=0.3, reloading=0.1)


def test_practice_as_a_factor_with_drawn_pay_is_clean_and_pay_can_be_recomputed(
    make_version: MakeVersion, own_pages: None, tmp_path: Path
) -> None:
    version = as_a_factor(
        make_version,
        texts={"pages/instructions.md": INSTRUCTIONS},
        roles={"giver": {"humans": 1}, "taker": {"humans": 1, "ai": 1}},
        lobby={"max_wait_seconds": 120},
        game={"parameters": {"rounds": 4, "endowment": 12}, "first_round_extra_seconds": 20},
        payments={"currency": "GBP", "base": "4.00", "points": POINTS, "minimum_hourly": "6.00"},
    )
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{version.study.slug}/7")
    out = tmp_path / "out"
    report = run(
        Plan.model_validate(
            {**said, "participants": 8, "seed": "7", "mode": "full_speed", "profile": VARIED, "out": out}
        )
    )
    assert report.run.differences == []
    assert report.not_clean_because == []
    assert differences(out / DATASET) == []
    practised = set(PracticeStep.objects.values_list("session__participant__code", flat=True))
    assert 0 < len(practised) < Participant.objects.count()
    levels = {row["participant"]: row["condition"] for row in read(out / DATASET, "participants")}
    assert {"tried=given" in levels[code] for code in practised} == {True}
    assert PaidRound.objects.exists()
    assert {row["block"] for row in read(out / DATASET, "paid_rounds")} <= {"1", "2"}
    assert {row["extra_s"] for row in read(out / DATASET, "rounds") if row["round"] == "1"} == {"20"}
    assert {row["extra_s"] for row in read(out / DATASET, "rounds") if row["round"] != "1"} == {"0"}
    assert not any(row["stage"] == "try_out" for row in read(out / DATASET, "answers"))
