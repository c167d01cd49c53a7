"""The report of a small study against numbers that were worked out on paper."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from events.models import Due
from matching.models import Group
from participants.models import Participant
from simulation.figures import median, quantile
from simulation.profile import Assumption, Profile
from simulation.report import STAMP, Report, RunFacts, of
from tests.exports import rows
from tests.simulation.small_study import FACTS, played

pytestmark = pytest.mark.django_db


def table(report: Report, name: str) -> list[dict[str, Any]]:
    """The rows of one section, as they are kept."""
    found: list[dict[str, Any]] = next(one for one in report.as_json()["sections"] if one["name"] == name)["rows"]
    return found


def notes(report: Report, name: str) -> str:
    """What one section says that it leaves out."""
    return "\n".join(next(section.leaves_out for section in report.sections if section.name == name))


@pytest.fixture
def report() -> Report:
    return of(played().study, FACTS)


def test_percentiles_go_in_a_straight_line_between_two_values() -> None:
    assert (quantile([], 0.9), quantile([3], 0.9), median([4, 1])) == (None, 3, 2.5)
    assert quantile([1, 6, 10, 20, 30], 0.9) == pytest.approx(26)


def test_report_counts_who_came_to_each_stage_and_how_they_ended(report: Report) -> None:
    found = [
        (r["stage"], r["reached"], r["went_on"], r["ended"], r["there"], r["exits"]) for r in table(report, "stages")
    ]
    assert found == [
        ("consent", 6, 5, 1, 0, "declined 1"),
        ("quiz", 5, 4, 1, 0, "failed_quiz 1"),
        ("lobby", 4, 2, 1, 1, "no_group 1"),
        ("game", 2, 2, 0, 0, ""),
        ("after", 2, 2, 0, 0, ""),
    ]


def test_report_gives_minutes_of_all_and_by_exit(report: Report) -> None:
    found = {r["exit"]: (r["people"], r["median_minutes"], r["p90_minutes"]) for r in table(report, "exits")}
    assert found == {
        "everybody who ended": (5, 10, 26),
        "completed": (2, 25, 29),
        "declined": (1, 1, 1),
        "failed_quiz": (1, 6, 6),
        "no_group": (1, 10, 10),
        "(on the way)": (1, None, None),
    }
    assert "1 person on the way: without minutes yet." in notes(report, "exits")
    assert "Fewer than 10 stand behind the figures of completed (2)" in notes(report, "exits")


def test_report_says_where_one_in_ten_earns_less_than_the_study_promises(report: Report) -> None:
    below = "The 10th percentile is below the study's minimum for: everybody, (never seated)."
    assert below in notes(report, "hourly")
    assert "Points are paid by" not in notes(report, "hourly")


def test_report_gives_pay_per_hour_by_role_without_who_declined(report: Report) -> None:
    found = {
        r["role"]: (r["people"], r["median_per_hour"], r["p10_per_hour"], r["below_minimum"])
        for r in table(report, "hourly")
    }
    assert found == {
        "everybody": (4, 8.24, 5.66, 1),
        "candidate": (1, 13.68, 13.68, 0),
        "selector": (1, 9.28, 9.28, 0),
        "(never seated)": (2, 6.1, 5.22, 1),
    }
    assert "Left out: 1 person did not agree to take part; 1 person on the way." in notes(report, "hourly")


def test_report_tells_void_matches_by_step_and_reason(report: Report) -> None:
    found = [(r["outcome"], r["step"], r["reason"], r["matches"], r["share_percent"]) for r in table(report, "voids")]
    assert found == [
        ("complete", "", "", 1, 50),
        ("void", "(any)", "(any)", 1, 50),
        ("void", "decide", "timeout", 1, 50),
    ]
    assert "1 match still open: left out." in notes(report, "voids")


def test_report_tells_how_long_people_waited(report: Report) -> None:
    found = {
        (r["where"], r["what"]): (r["times"], r["median_seconds"], r["longest_seconds"])
        for r in table(report, "waiting")
    }
    assert found == {
        ("lobby", "expired"): (1, 600, 600),
        ("lobby", "seated"): (1, 61, 61),
        ("game", "after a match"): (4, 10, 20),  # 20 s twice, and twice none before round 3
        ("game", "round sat out"): (1, 120, 120),  # from the opening of round 3 to the group's end
    }
    assert "1 person still in a waiting room: left out." in notes(report, "waiting")


def test_report_adds_up_pay_and_what_models_cost(report: Report) -> None:
    found = {r["what"]: (r["total"], r["per_person"], r["currency"]) for r in table(report, "cost")}
    assert found == {
        "base and fixed amounts": (9.5, 1.583333, "GBP"),
        "points": (1.0, 0.166667, "GBP"),
        "waiting": (0.4, 0.066667, "GBP"),
        "pay, all": (10.9, 1.816667, "GBP"),
        "language models": (0.0123, 0.00205, "USD"),
    }
    assert "Language models: 2 calls, 1 of them with a known price, 0.0123 USD together." in notes(report, "cost")


def test_report_compares_conditions_with_the_plan(report: Report) -> None:
    found = [
        (r["condition"], r["planned_percent"], r["observed"], r["observed_percent"], r["to_the_end"])
        for r in table(report, "balance")
    ]
    assert found == [("label=hidden", 50, 0, 0, 0), ("label=disclosed", 50, 1, 100, 1)]
    assert "1 group allocated; the study file wants 2 groups." in notes(report, "balance")


def test_report_keeps_the_facts_and_the_assumptions_with_their_units(report: Report) -> None:
    facts = {r["what"]: (r["value"], r["unit"]) for r in table(report, "run")}
    assert facts["people who were to come"] == (8, "people")
    assert facts["people who entered"] == (6, "people")
    assert facts["time on the study's clock"] == (90, "min")
    assert facts["time on the wall"] == (12.34, "s")
    assert table(report, "assumptions") == [asdict(FACTS.assumptions[0])]


def test_run_is_clean_only_when_nothing_went_wrong() -> None:
    society = played()
    assert of(society.study, FACTS).not_clean_because == ["1 person without an exit"]
    Participant.objects.filter(code="pgoing").update(status="finished", exit="left")
    assert of(society.study, FACTS).is_clean
    spoiled: dict[str, RunFacts] = {
        "2 server errors": replace(FACTS, server_errors=["500 at /s/", "500 at /s/"]),
        "1 difference found by verification": replace(FACTS, differences=["act 3 of p1 is missing"]),
        "1 interruption": replace(FACTS, is_interrupted=True),
    }
    for why, facts in spoiled.items():
        assert of(society.study, facts).not_clean_because == [why]
    Participant.objects.filter(code="pgoing").update(exit="vanished")
    assert of(society.study, FACTS).not_clean_because == ["1 exit that the study file does not declare"]


def test_run_in_which_no_group_played_to_its_end_shows_nothing() -> None:
    society = played()
    Participant.objects.filter(code="pgoing").update(status="finished", exit="left")
    Group.objects.update(status="ended", end_reason="too_few")
    report = of(society.study, FACTS)
    assert (report.groups_complete, report.not_clean_because) == (0, ["1 run in which no group played to its end"])


def test_background_work_that_was_given_up_is_no_clean_run() -> None:
    society = played()
    Participant.objects.filter(code="pgoing").update(status="finished", exit="left")
    session = society.selector.sessions.get()
    Due.objects.create(
        reaction="flow.tasks.stage_overdue", queue="jobs", key="x", facts={"session": session.pk},
        run_after=rows.BEGAN, done_at=rows.BEGAN, outcome="failed",
    )  # fmt: skip
    assert of(society.study, FACTS).not_clean_because == ["1 piece of background work given up"]


def test_report_of_a_study_to_which_nobody_came() -> None:
    report = of(rows.make_study(), FACTS)
    assert report.not_clean_because == ["1 run to which nobody came"]
    assert [r["reached"] for r in table(report, "stages")] == [0] * 5
    assert table(report, "hourly") == table(report, "waiting") == table(report, "voids") == []
    assert STAMP in report.as_text()


def test_report_goes_to_json_and_back(report: Report) -> None:
    back = Report.from_json(json.loads(json.dumps(report.as_json())))
    assert back.as_json() == report.as_json()
    assert back.as_text() == report.as_text()


def test_text_begins_with_the_stamp_and_fits_a_terminal(report: Report) -> None:
    long = "a stage with a name that nobody would ever give to one, which must not break the table " * 3
    wide = replace(FACTS, assumptions=[*Profile().rows(), Assumption("x", 0.5, "of people in all of them", long, long)])
    for text in (report.as_text(), of(rows.make_study("other"), wide).as_text()):
        assert text.startswith(f"{STAMP}\n")
        assert max(map(len, text.splitlines())) <= 100
        assert text.isascii()
    assert "everybody" in report.as_text()
    assert "8.24" in report.as_text()
