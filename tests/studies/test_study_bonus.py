"""Beliefs that are paid: a prize that could not be paid is refused, and one that tells too early is warned about."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from experiments.partner_selection import rules
from experiments.partner_selection.experiment import experiment
from paradigm import Points
from studies.check import check, check_folder
from studies.problems import Problem
from studies.slots import study_slots
from tests.experiments.test_partner_selection_texts import HIGHEST_GRADE, grade
from tests.machinery.quick import SHIPPED, quick_study, stage
from tests.machinery.study_files import read_study, write_study

Said = dict[str, Any]
PAID = {"beliefs_incentive": "one_random_item"}
EXAMPLE = {"W411", "W436"}  # placeholders of the example, and that it asks who is an AI before the funnel


def problems(tmp_path: Path, parameters: dict[str, Any], change: Callable[[Said], None]) -> dict[str, Problem]:
    """What is wrong with the demonstration study after some changes, but for the example's placeholders."""
    shutil.copytree(SHIPPED, tmp_path / "studies")
    home = tmp_path / "studies" / "demo"
    said: Said = read_study(home)
    stage(said, "game")["parameters"] |= parameters
    change(said)
    write_study(home, said)
    return {one.code: one for one in check(home) if one.code not in EXAMPLE}


def nothing(said: Said) -> None:
    """No further change."""


def no_points(said: Said) -> None:
    said["payments"]["points"] = None


def little(said: Said) -> None:
    said["payments"]["points"] = {"rate": "0.10", "max": "2.00"}


def later(said: Said) -> None:
    stage(said, "debrief")["when"] = "collection_closed"


def test_prize_within_the_maximum_is_sound(tmp_path: Path) -> None:
    assert problems(tmp_path, PAID, nothing) == {}


def test_prize_where_points_pay_nothing_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, PAID, no_points)["E423"]
    assert found.path == "waves[main].stages[game].parameters"
    assert "can win 20 points" in found.what


@pytest.mark.parametrize(
    ("prize", "is_refused"),
    [(20, False), (21, True), ({"by": "label", "values": {"hidden": 5, "disclosed": 21}}, True)],
)
def test_prize_above_the_maximum_is_refused_at_any_level(tmp_path: Path, prize: Any, is_refused: bool) -> None:
    found = problems(tmp_path, PAID | {"beliefs_prize": prize}, little)
    assert ("E424" in found) == is_refused
    if is_refused:
        assert "points pay at most 2.00" in found["E424"].what


@pytest.mark.parametrize("prize", [1, 10_000])
def test_prize_that_nothing_can_win_is_not_asked_about(tmp_path: Path, prize: int) -> None:
    assert problems(tmp_path, {"beliefs_prize": prize}, no_points) == {}


@pytest.mark.parametrize(
    ("parameters", "is_warned"),
    [
        (PAID, True),  # the type after the last round
        (PAID | {"beliefs_about": "type"}, True),
        (PAID | {"beliefs_ask": "none"}, False),
        ({"beliefs_about": "both"}, False),
    ],
)
def test_paid_belief_about_the_type_before_a_late_debrief_is_warned_about(
    tmp_path: Path, parameters: dict[str, Any], is_warned: bool
) -> None:
    found = problems(tmp_path, parameters, later)
    assert ("W426" in found) == is_warned
    if is_warned:
        assert "before the debrief (collection_closed)" in found["W426"].what


@pytest.mark.parametrize(
    ("high", "parameters", "words"),
    [
        ("pot", PAID, ""),
        ("endowment", PAID, "is asked from 0 to 10, but what it is about may be 0 to 30"),
        ("endowment", PAID | {"beliefs_about": "type"}, ""),
        ("endowment", {}, ""),
        (0, PAID, "is asked from 0 to 0; one that is paid needs 1 to 46340 steps"),
        (46_341, PAID, "is asked from 0 to 46341; one that is paid needs 1 to 46340 steps"),
    ],
)
def test_scale_of_a_paid_belief_must_hold_what_it_is_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, high: int | str, parameters: dict[str, Any], words: str
) -> None:
    beliefs = replace(rules.BELIEFS, field=Points("expected", high=high))
    instead = {step.name: step for step in (beliefs.before, beliefs.after, beliefs.at_the_end)}
    steps = [instead.get(step.name, step) for step in experiment.steps]
    changed = replace(experiment, steps=steps, bonus=beliefs.bonus)
    monkeypatch.setattr("studies.registry.experiment", cache(lambda _: changed))
    found = problems(tmp_path, parameters, nothing)
    assert set(found) == ({"E455"} if words else set())
    if words:
        assert words in found["E455"].what
        assert found["E455"].path == "waves[main].stages[game].parameters"


BY_LEVEL = {"beliefs_incentive": {"by": "label", "values": {"hidden": "none", "disclosed": "one_random_item"}}}


def untold(said: Said) -> None:
    """The page with the slot that says what is paid is left out."""
    stage(said, "instructions")["pages"].remove("../pages/instructions_3.md")


def untold_and_drawn(said: Said) -> None:
    untold(said)
    said["payments"]["points"]["pay"] = "one_random_round"


@pytest.mark.parametrize(
    ("parameters", "change", "code"),
    [
        (PAID, untold, "W459"),
        (BY_LEVEL, untold, "W459"),
        (PAID, untold_and_drawn, "W442"),
        (PAID, nothing, ""),
        (PAID | {"beliefs_ask": "none"}, untold, ""),
        ({}, untold, ""),
    ],
)
def test_prize_that_people_are_not_told_of_before_they_decide_is_warned_about(
    tmp_path: Path, parameters: dict[str, Any], change: Callable[[Said], None], code: str
) -> None:
    found = problems(tmp_path, parameters, change)
    assert set(found) & {"W442", "W459"} == ({code} if code else set())
    if code == "W459":
        assert found[code].path == "waves[main].stages[game].parameters"
        assert "points_rule" in found[code].what


@pytest.mark.parametrize(
    ("parameters", "pay", "said"),
    [
        (PAID, "all_rounds", "is drawn by chance when the game is over. What your answer to it wins is paid in place"),
        (BY_LEVEL, "all_rounds", "it may be that one of these questions is drawn by chance"),
        (PAID, "one_random_round", "This is so only if that round is drawn, too."),
        ({}, "all_rounds", ""),
    ],
)
def test_rule_that_people_read_says_what_a_prize_does_to_its_round(
    tmp_path: Path, parameters: dict[str, Any], pay: str, said: str
) -> None:
    def paying(study: Said) -> None:
        stage(study, "game")["parameters"] |= parameters
        study["payments"]["points"]["pay"] = pay

    study = check_folder(quick_study(tmp_path, change=paying)).study
    assert study is not None
    rule = study_slots(study)["points_rule"]
    assert said in rule
    assert ("If you are asked" in rule) == bool(said)
    assert grade(rule) <= HIGHEST_GRADE
