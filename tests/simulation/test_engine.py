"""Whole plays on a clock that stands, in the test's own database and through pages served from it."""

import filecmp
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from events import clock
from participants.models import Participant
from simulation.play import DATASET, START, Plan, run
from simulation.profile import Profile
from simulation.report import Report
from studies import queries
from tests.exports.recompute_pay import differences
from tests.machinery.people import MakeVersion
from tests.simulation.elsewhere import as_another_installation

pytestmark = pytest.mark.django_db(transaction=True)

Play = Callable[..., tuple[Report, Path]]
PEOPLE = 3
SEVERAL = Profile(arrivals_per_minute=30, two_tabs=0.5, late_acts=0.1, misreading=0.4, reloading=0.1)


@pytest.fixture
def play(make_version: MakeVersion, live_server: LiveServer, settings: LazySettings, tmp_path: Path) -> Play:
    """`play("ordered", seed="1")`: the test study in an empty database; again: as in another one."""
    settings.ORIGIN = live_server.url
    roles = {"giver": {"humans": 1}, "taker": {"humans": 1, "ai": 1}}
    version = make_version(roles=roles, lobby={"max_wait_seconds": 60}, game={"parameters": {"rounds": 2}})
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}

    def played(mode: str, *, seed: str = "1", people: int = PEOPLE, **more: object) -> tuple[Report, Path]:
        as_another_installation(f"{version.study.slug}/{seed}")
        out = tmp_path / f"{mode}-{seed}-{len(list(tmp_path.iterdir()))}"
        plan = Plan.model_validate(
            {**said, "participants": people, "seed": seed, "mode": mode, "profile": SEVERAL, "out": out, **more}
        )
        return run(plan), out / DATASET

    return played


def test_one_seed_gives_byte_identical_tables_and_another_seed_others(play: Play) -> None:
    first, again, other = play("ordered"), play("ordered"), play("ordered", seed="2")
    assert [report.run.differences for report, _ in (first, again, other)] == [[], [], []]
    assert [report.not_clean_because for report, _ in (first, again, other)] == [[], [], []]
    names = sorted(file.name for file in first[1].iterdir())
    assert len(names) > 15
    assert filecmp.cmpfiles(first[1], again[1], names, shallow=False) == (names, [], [])
    differing = filecmp.cmpfiles(first[1], other[1], names, shallow=False)[1]
    assert {"participants.csv", "seats.csv", "decisions.csv", "events.csv"} <= set(differing)


def test_everybody_ends_by_one_exit_at_full_speed(play: Play) -> None:
    report, dataset = play("full_speed", people=6)
    assert report.not_clean_because == []
    people = Participant.objects.all()
    assert people.count() == report.people_entered == 6
    assert {(one.origin, one.status != "active", bool(one.exit)) for one in people} == {("simulated", True, True)}
    assert differences(dataset) == []
    assert clock.now() > START
