"""Whole plays on a clock that stands, in the test's own database and through pages served from it."""

import filecmp
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from measures.models import Answer
from participants.models import Participant
from simulation.mind import Mind
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import differences, read
from tests.machinery.people import MakeVersion
from tests.simulation.elsewhere import as_another_installation
from tests.sizes import sized

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sized]

MakePlan = Callable[..., Plan]
VARIED = Profile(arrivals_per_minute=30, two_tabs=0.5, late_acts=0.1, misreading=0.4, reloading=0.1)
SURVEY = "A few questions"  # the heading of the test study's survey
HALF = "5"  # of the default endowment: what the experiment's only policy gives


@pytest.fixture
def plan_for(make_version: MakeVersion, own_pages: None, tmp_path: Path) -> MakePlan:
    """`plan_for("ordered", people=3)`: the test study, to be played in a database that was emptied for it."""
    roles = {"giver": {"humans": 1}, "taker": {"humans": 1, "ai": 1}}
    version = make_version(roles=roles, lobby={"max_wait_seconds": 60}, game={"parameters": {"rounds": 2}})
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}

    def make(mode: str, *, people: int, seed: str = "7") -> Plan:
        as_another_installation(f"{version.study.slug}/{seed}")
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        return Plan.model_validate(
            {**said, "participants": people, "seed": seed, "mode": mode, "profile": VARIED, "out": out}
        )

    return make


def dataset_of(plan: Plan) -> Path:
    """Play a plan, and see that nothing went wrong."""
    report = run(plan)
    assert report.run.differences == []
    assert report.not_clean_because == []
    return plan.out / DATASET


def test_one_seed_gives_byte_identical_tables_and_another_seed_others(plan_for: MakePlan) -> None:
    people = sized(test=2, long=16)
    first, again = (dataset_of(plan_for("ordered", people=people)) for _ in range(2))
    other = dataset_of(plan_for("ordered", people=people, seed="9"))
    names = sorted(file.name for file in first.iterdir())
    assert len(names) > 15
    assert filecmp.cmpfiles(first, again, names, shallow=False) == (names, [], [])
    assert {"participants.csv", "seats.csv", "decisions.csv", "events.csv"} <= set(
        filecmp.cmpfiles(first, other, names, shallow=False)[1]
    )


def test_everybody_ends_by_one_exit_at_full_speed(plan_for: MakePlan) -> None:
    dataset = dataset_of(plan_for("full_speed", people=6))
    people = Participant.objects.all()
    assert people.count() == 6
    assert {(one.origin, one.status != "active", bool(one.exit)) for one in people} == {("simulated", True, True)}
    assert differences(dataset) == []
    given = {
        row["value"] for row in read(dataset, "decisions") if row["field"] == "given" and row["source"] == "person"
    }
    assert given == {HALF}, "people decide by the experiment's policy, and send it through their page"
    assert set(Answer.objects.filter(item="told").values_list("is_correct", flat=True)) == {True}


def test_somebody_who_can_never_move_again_is_reported(plan_for: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.play.Mind", partial(Mind, stops={"consent": "silent"}))
    report = run(plan_for("full_speed", people=1))
    assert [told.partition(", ")[0] for told in report.run.failures] == ["person 0 was still at 'Taking part'"]
    assert "1 person who could not go on" in report.not_clean_because
    assert "1 person without an exit" in report.not_clean_because


def test_who_closes_the_browser_where_no_limit_waits_has_an_exit_too(
    plan_for: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.play.Mind", partial(Mind, stops={SURVEY: "vanish"}))
    dataset = dataset_of(plan_for("full_speed", people=2))
    assert [row["exit"] for row in read(dataset, "participants")] == ["left", "left"]
    assert differences(dataset) == []


def test_play_that_is_stopped_keeps_what_was_reached(plan_for: MakePlan) -> None:
    stop, plan = threading.Event(), plan_for("full_speed", people=2)
    reached: list[Any] = []

    def tell(progress: Any) -> None:
        reached.append(progress)
        if progress.forms:
            stop.set()

    report = run(plan, tell=tell, stop=stop)
    assert reached[-1].done == 0
    assert report.run.is_interrupted
    assert report.run.failures == []
    assert len((plan.out / "ledger.jsonl").read_text().splitlines()) == reached[-1].forms > 0
