"""Weeks of several visits, played in seconds by people who come late, stay away, travel, or leave for good."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from events.models import Event
from participants.models import Participant
from scheduling.models import ScheduledSession
from simulation.mind import Mind
from simulation.pages import Shown, read
from simulation.play import DATASET, START, Plan, run, start_of
from simulation.profile import ZONES, Profile, zone_of
from simulation.report import Report
from simulation.visits import longest_stay
from studies import queries
from tests.exports.recompute_pay import read as table
from tests.machinery.people import MakeVersion, make_version, sharing_is_installed  # noqa: F401
from tests.scheduling.test_visits import FILE
from tests.simulation.elsewhere import as_another_installation
from tests.sizes import sized

HOME = (
    '<div id="page" data-kind="home">'
    '<main><div id="visit" data-opens-seconds="7200" data-closes-seconds="180000"></div>'
    '<a href="/s/zone">My clock</a></main></div>'
)
SPRING = datetime(2027, 3, 25, 9, tzinfo=UTC)  # clocks go forward in the north within the week


@pytest.mark.sized
@pytest.mark.django_db(transaction=True)
def test_weeks_are_played_to_their_end(
    make_version: MakeVersion,  # noqa: F811
    own_pages: None,
    tmp_path: Path,
) -> None:
    version = make_version(**FILE)
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{version.study.slug}/7")
    people = sized(test=8, long=120)
    profile = Profile(
        arrivals_per_minute=2, missing_visits=0.25, dropping_out=0.1, declining=0, travelling=sized(test=1, long=0) / 4
    )
    plan = {"participants": people, "seed": "7", "profile": profile, "start": SPRING, "out": tmp_path}
    report = run(Plan.model_validate({**said, **plan}))
    assert (report.run.differences, report.not_clean_because) == ([], [])
    assert report.run.simulated_seconds > 10 * 24 * 3600
    assert {one.status for one in Participant.objects.all()} <= {"finished", "withdrawn"}
    rows = table(tmp_path / DATASET, "planned_sessions")
    kept = ScheduledSession.objects.exclude(participant__status="withdrawn")
    assert len(rows) == 4 * kept.values("participant").distinct().count() > 12
    assert {"completed", "missed"} <= {row["state"] for row in rows}
    assert len({row.zone for row in ScheduledSession.objects.all()}) > sized(test=3, long=20)
    assert Event.objects.filter(kind="zone.changed").count() > 0, "some travelled"
    assert_clocks_have_changed()
    assert_report_counts(report, people)


def assert_clocks_have_changed() -> None:
    """Somebody's visits were planned at the same time of day on both sides of a change, forward or back."""
    offsets: dict[tuple[int, str], set[timedelta | None]] = defaultdict(set)
    for row in ScheduledSession.objects.filter(wave="talk", planned_open__isnull=False).exclude(zone=""):  # erased
        assert row.planned_open is not None
        local = row.planned_open.astimezone(ZoneInfo(row.zone))
        assert (local.hour, local.minute) == (8, 0)
        offsets[row.participant_id, row.zone].add(local.utcoffset())
    assert any(len(found) > 1 for found in offsets.values())


def assert_report_counts(report: Report, people: int) -> None:
    """The table of visits counts what the rows say."""
    (section,) = [one for one in report.sections if one.name == "visits"]
    first, *talks, final = section.as_json()["rows"]
    enrolled = first["completed"]
    assert (first["visit"], first["begun"], final["visit"]) == ("intake", people, "final")
    assert [row["visit"] for row in talks] == ["talk 1", "talk 2", "talk 3"]
    over = ("completed", "partial", "missed", "excused", "cancelled")
    for row in (*talks, final):
        assert row["planned"] == enrolled == sum(row[name] for name in over)
        assert row["opened"] >= row["begun"] == row["completed"] + row["partial"]
        assert row["attended_percent"] == pytest.approx(100 * row["begun"] / enrolled)
    stayed = [row["retained_percent"] for row in talks]
    assert stayed == sorted(stayed, reverse=True)
    assert sum(row["missed"] for row in talks) > 0
    assert {"zones", "travelling"} <= {one.name for one in report.run.assumptions}
    assert report.run.start == "2027-03-25 09:00"


def mind(**said: float) -> Mind:
    return Mind(0, seed="7", profile=Profile.flawless().with_(**said), answers={})


def test_mind_comes_back_when_the_visit_is_open_or_missed() -> None:
    page: Shown = read(HOME)
    prompt = mind().next_move(page)
    assert (prompt.do, prompt.is_offline) == ("reload", True)
    assert 7200 <= prompt.after_seconds < 7201
    late = [mind(visit_delay_hours=hours).next_move(page).after_seconds for hours in (1, 6, 1000)]
    assert 7200 < late[0] < late[1] < late[2] < 180000, "in the window, however late people come on average"
    assert mind(missing_visits=1).next_move(page).after_seconds > 180000
    assert mind(dropping_out=1).next_move(page).do == "vanish"


def test_people_live_in_many_zones_and_name_theirs() -> None:
    zones = {zone_of(number, seed="7") for number in range(120)}
    assert zones <= set(ZONES)
    assert len(zones) >= 20
    offered = "".join(f'<option value="{name}">{name}</option>' for name in sorted({*ZONES, "Asia/Seoul"}))
    page = read(f'<main><form><select name="zone">{offered}</select><button type="submit">Yes</button></form></main>')
    assert mind().next_move(page).data == {"zone": zone_of(0, seed="7")}


def test_who_travels_says_so_where_the_page_offers_it() -> None:
    move = mind(travelling=1).next_move(read(HOME))
    assert move.do == "travel"
    assert move.data["zone"] in ZONES
    assert mind(travelling=1).next_move(read(HOME.replace("/s/zone", "/s/other"))).do == "reload"


STRICT = {"max_missed": 0, "on_exceed": {"exit": "inactive"}}


def with_anchor(anchor: Any, **opens: str) -> dict[str, Any]:
    """A study whose second wave is counted from something."""
    wave = FILE["waves"][2] | {"opens": {"anchor": anchor, **opens}}
    others = {"attendance": STRICT, "payments": {"currency": "GBP", "base": "4.00", "minimum_hourly": "6.00"}}
    return FILE | {"waves": [FILE["waves"][0], wave], **others}


@pytest.mark.django_db
def test_clock_stands_before_the_first_day_that_a_study_names(make_version: MakeVersion) -> None:  # noqa: F811
    assert start_of(make_version(**FILE).definition) == START
    dated = make_version(**with_anchor("2027-05-01"))
    assert start_of(dated.definition) == datetime.combine(date(2027, 4, 24), START.timetz())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [(["enrolment", "2m"], "3m", 0.1), (["enrolment", "1d"], "48h", 72), (["recruitment", "90m"], "2h", 3.5)],
)
def test_longest_stay_is_told_from_the_windows(
    make_version: MakeVersion,  # noqa: F811
    opens: Sequence[str],
    closes: str,
    hours: float,
) -> None:
    said = with_anchor(opens[0], offset=opens[1])
    said["waves"][1] = said["waves"][1] | {"closes": {"after": closes}}
    assert longest_stay(make_version(**said)) / timedelta(hours=1) == pytest.approx(hours, abs=0.05)


def test_page_with_a_list_to_pick_from_is_read() -> None:
    page = read('<select name="zone"><option value="">Pick</option><option value="UTC">UTC</option></select>')
    assert (page.asked["zone"].kind, page.asked["zone"].values) == ("select", ["UTC"])
