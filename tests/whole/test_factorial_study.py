"""Hidden x disclosed, practice, and when beliefs are asked: simulated people, and scripts that know the files alone.

What an ethics board and a journal ask of a dataset: who was allocated where and when, whether it is balanced, what each
person saw at each decision, who passed which check by condition, and whether everybody was paid what they were owed.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulation.play import DATASET
from tests.exports import rebuild_screens, recompute_allocation, recompute_checks, recompute_pay
from tests.machinery.dataset import table
from tests.machinery.quick import quick_study, stage
from tests.machinery.running import Running

pytestmark = pytest.mark.long
PEOPLE = 16  # two to a group, and one group for each of the eight conditions
NOBODY_GOES = (
    *("arrivals_per_minute", "declining", "quitting_quiz", "quitting_lobby", "not_ready"),
    *("quitting_act", "late_acts", "withdrawing"),
)
PRACTICE = {
    "id": "try_out", "kind": "practice", "game": "game", "roles": "own", "script": "../practice/answers.yaml",
    "page": "../practice/page.md", "when": {"by": "practice", "levels": ["given"]},
}  # fmt: skip


def factorial(said: dict[str, Any]) -> None:
    """Three factors of groups; belief questions move with one of them, a practice round is there with another."""
    said["factors"] |= {
        "practice": {"levels": ["given", "none"]},
        "position": {"levels": ["early", "late"]},
    }
    said["conditions"] = {"cross": ["label", "practice", "position"]}
    said["allocation"]["block_sizes"] = [8]
    said["groups"]["society"]["roles"] = {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}}
    stages = said["waves"][0]["stages"]
    stages.insert([one["id"] for one in stages].index("game"), PRACTICE)
    asked = {
        "beliefs_ask": "every_round",
        "beliefs_position": {"by": "position", "values": {"early": "before", "late": "after"}},
    }
    stage(said, "game")["parameters"] |= {"rounds": 2, "beliefs_incentive": "one_random_item", **asked}
    stage(said, "lobby")["max_wait_seconds"] = 300
    said["payments"]["points"] |= {"pay": "one_random_round"}


@pytest.fixture(scope="module")
def dataset(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What sixteen simulated people left."""
    home = quick_study(tmp_path_factory.mktemp("factorial"), name="factorial", change=factorial)
    running.manage("study", "load", str(home))
    assumed = [word for name in NOBODY_GOES for word in ("--assume", f"{name}=0")]
    said = running.manage("simulate", "factorial", "--participants", str(PEOPLE), "--seed", "2", *assumed)
    assert "Clean: nothing went wrong." in said, said
    return Path(said.rpartition(" are in ")[2].strip()) / DATASET


def factor_of(folder: Path, name: str) -> dict[str, str]:
    """Group → level of one factor."""
    return {row["group"]: recompute_allocation.levels(row["condition"])[name] for row in table(folder, "groups")}


def test_log_of_the_randomisation_says_who_is_where_and_balances(dataset: Path) -> None:
    assert recompute_allocation.differences(dataset) == []
    lines = recompute_allocation.balance(dataset)
    assert len(lines) == 8
    assert {(line.allocated, line.begun) for line in lines} == {(1, 1)}


def test_every_person_was_shown_what_the_files_say_at_every_decision(dataset: Path) -> None:
    screens = rebuild_screens.screens(dataset)
    assert [screen.where for screen in screens if screen.sha256 and not screen.agrees] == []
    shown = {(screen.participant, screen.where) for screen in screens if screen.agrees}
    occupant = {row["seat"]: row["participant"] for row in table(dataset, "seats")}
    decided = {
        (occupant[row["seat"]], f"{row['match']} {row['step']}")
        for row in table(dataset, "decisions")
        if row["source"] == "person" and row["step"]
    }
    assert len(decided) > PEOPLE * 2
    assert decided - shown == set()


def test_practice_is_for_those_it_was_given_to_and_no_outcome(dataset: Path) -> None:
    practice = factor_of(dataset, "practice")
    group = {row["participant"]: row["group"] for row in table(dataset, "seats") if row["participant"]}
    practised = {row["participant"] for row in table(dataset, "practice")}
    assert practised == {person for person, code in group.items() if practice[code] == "given"}
    assert {row["step"] for row in table(dataset, "exposures")} & {"try_out"} == set()


def test_beliefs_are_asked_where_the_factor_says(dataset: Path) -> None:
    position = factor_of(dataset, "position")
    asked = {row["asked"] for row in table(dataset, "beliefs") if row["what"] == "return"}
    assert len(asked) == 2
    for row in table(dataset, "beliefs"):
        if row["what"] == "return":
            assert (row["asked"] == "before") == (position[row["group"]] == "early")


def test_rates_of_every_check_follow_by_condition(dataset: Path) -> None:
    assert recompute_checks.differences(dataset) == []
    rates = table(dataset, "check_rates")
    assert {"manipulation", "comprehension"} <= {row["kind"] for row in rates}
    assert len({row["condition"] for row in rates if row["kind"] == "manipulation"}) >= 2


def test_pay_follows_from_the_rounds_and_the_belief_that_were_drawn(dataset: Path) -> None:
    assert recompute_pay.differences(dataset) == []
    assert set(Counter(row["seat"] for row in table(dataset, "paid_rounds")).values()) == {1}
    assert len(table(dataset, "paid_rounds")) == PEOPLE
    assert len(table(dataset, "awards")) == PEOPLE // 2, "every Chooser has one"
