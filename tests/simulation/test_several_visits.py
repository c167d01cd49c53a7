"""Weeks of several visits, played in seconds by people who come late, stay away, or leave for good."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from participants.models import Participant
from scheduling.models import ScheduledSession
from simulation.mind import Mind
from simulation.pages import Shown, read
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import read as table
from tests.machinery.people import MakeVersion, make_version, sharing_is_installed  # noqa: F401
from tests.scheduling.test_visits import FILE
from tests.simulation.elsewhere import as_another_installation
from tests.sizes import sized

HOME = (
    '<div id="page" data-kind="home">'
    '<div id="visit" data-opens-seconds="7200" data-closes-seconds="180000"></div></div>'
)


@pytest.mark.sized
@pytest.mark.django_db(transaction=True)
def test_weeks_are_played_to_their_end(
    make_version: MakeVersion,  # noqa: F811
    live_server: LiveServer,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    settings.ORIGIN = live_server.url
    version = make_version(**FILE)
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{version.study.slug}/7")
    people = sized(test=8, long=120)
    profile = Profile(arrivals_per_minute=2, missing_visits=0.25, dropping_out=0.1, declining=0)
    report = run(
        Plan.model_validate({**said, "participants": people, "seed": "7", "profile": profile, "out": tmp_path})
    )
    assert (report.run.differences, report.not_clean_because) == ([], [])
    assert report.run.simulated_seconds > 10 * 24 * 3600
    assert {one.status for one in Participant.objects.all()} <= {"finished", "withdrawn"}
    rows = table(tmp_path / DATASET, "planned_sessions")
    kept = ScheduledSession.objects.exclude(participant__status="withdrawn")
    assert len(rows) == 4 * kept.values("participant").distinct().count() > 12
    assert {"completed", "missed"} <= {row["state"] for row in rows}
    assert len({row.zone for row in ScheduledSession.objects.all()}) > 3


def mind(**said: float) -> Mind:
    return Mind(0, seed="7", profile=Profile.flawless().with_(**said), answers={})


def test_mind_comes_back_when_the_visit_is_open_or_missed() -> None:
    page: Shown = read(HOME)
    prompt = mind().next_move(page)
    assert (prompt.do, prompt.is_offline) == ("reload", True)
    assert 7200 <= prompt.after_seconds < 7201
    late = mind(visit_delay_hours=1000).next_move(page)
    assert 7200 < late.after_seconds <= 180000
    assert mind(missing_visits=1).next_move(page).after_seconds > 180000
    assert mind(dropping_out=1).next_move(page).do == "vanish"


def test_page_with_a_list_to_pick_from_is_read() -> None:
    page = read('<select name="zone"><option value="">Pick</option><option value="UTC">UTC</option></select>')
    assert (page.asked["zone"].kind, page.asked["zone"].values) == ("select", ["UTC"])
