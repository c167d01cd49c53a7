"""Whole groups through the real doors, from the landing page to the code, and then the dataset."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from simulation.ledger import Ledger
from simulation.mind import Mind, Stop
from simulation.person import Person
from simulation.profile import Profile
from simulation.realtime import play_all, play_minds, raise_failures
from tests.exports.recompute_pay import differences
from tests.machinery.dataset import Rows, ask, export, table, verified
from tests.machinery.quick import entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running

ROUNDS = 3
CALM = Profile.flawless()
EXITS_OF_STUDY = """SELECT exit FROM participants_participant p JOIN studies_study s ON s.id = p.study_id
    WHERE s.slug = %s"""


def opened(running: Running, home: Path, name: str) -> str:
    """Load and open a study; its entry link."""
    running.manage("study", "load", str(home), "--open")
    return entry_link(running, name)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def played(running: Running, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[Person]]:
    """Eight people, two groups, both conditions: the dataset and the people."""

    def change(said: dict[str, Any]) -> None:
        said["allocation"]["block_sizes"] = [2]

    home = quick_study(tmp_path_factory.mktemp("whole"), name="whole", change=change)
    link = opened(running, home, "whole")
    answers = right_answers(home)
    people = play_all(link, people=8, profile=CALM, seed="whole", answers=answers, ledger=ledger)
    raise_failures(people)
    return export(running, "whole"), people


def test_everybody_reaches_the_code_without_a_server_error(played: tuple[Path, Sequence[Person]]) -> None:
    _, people = played
    assert [person.door.server_errors for person in people] == [[]] * 8
    assert {person.last.kind for person in people} == {"end"}
    assert len({person.last.code for person in people}) == 1
    assert all(person.last.code for person in people)


def test_both_conditions_are_played_to_the_end(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    groups = table(folder, "groups")
    assert Counter(row["status"] for row in groups) == {"complete": 2}
    assert sorted(row["condition"] for row in groups) == ["label=disclosed", "label=hidden"]
    assert {row["status"] for row in table(folder, "rounds")} == {"complete"}
    assert len(table(folder, "rounds")) == 2 * 2 * ROUNDS


def test_pay_recomputed_from_the_tables_is_what_was_recorded(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    assert len(table(folder, "payments")) == 8
    assert differences(folder) == []


def test_each_choice_opportunity_has_a_row_per_candidate(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    offered = table(folder, "choice_sets")
    assert len(offered) == 2 * 2 * ROUNDS * 2
    by_match: dict[str, Rows] = {}
    for row in offered:
        by_match.setdefault(row["match"], []).append(row)
    for rows in by_match.values():
        assert [row["position"] for row in rows] == ["A", "B"], "in display order"
        assert sum(row["chosen"] == "1" for row in rows) <= 1
        assert sorted(row["kind"] for row in rows) == ["ai", "human"], "mixed triads while nobody is missing"


def test_labels_show_the_kind_only_when_disclosed(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    condition = {row["group"]: row["condition"] for row in table(folder, "groups")}
    names = {"human": "Person", "ai": "AI"}
    for row in table(folder, "choice_sets"):
        hidden = condition[row["group"]] == "label=hidden"
        assert row["label_shown"] == ("" if hidden else names[row["kind"]])


def test_payoffs_follow_from_the_decisions(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    points: dict[str, int] = Counter()
    for row in table(folder, "placings"):
        points[row["match"]] += int(row["points"])
    chosen = {row["match"] for row in table(folder, "choice_sets") if row["chosen"] == "1"}
    for match, total in points.items():
        assert total == (30 if match in chosen else 10)


def test_expected_returns_are_asked_at_checkpoints_and_types_at_the_end(played: tuple[Path, Sequence[Person]]) -> None:
    folder, _ = played
    asked = Counter((row["what"], row["round"]) for row in table(folder, "beliefs"))
    assert asked == {("return", "2"): 8, ("return", "3"): 8, ("type", "3"): 8}


def test_tables_are_true_to_each_other_and_to_what_people_were_told(
    running: Running, played: tuple[Path, Sequence[Person]], ledger: Ledger
) -> None:
    assert len(played[1]) == 8
    found = verified(running, "whole", ledger)
    assert found["ledger"]["found"] == found["ledger"]["acknowledged"] == len({entry.key for entry in ledger}) > 100
    assert found["standing"] == {"people: completed": 8, "groups: complete": 2}


def someone(number: int, answers: Mapping[str, str], stops: Mapping[str, Stop]) -> Mind:
    return Mind(number, seed="exits", profile=CALM, answers=answers, stops=stops)


def test_each_person_ends_in_one_declared_exit_with_the_right_pay(running: Running, tmp_path: Path) -> None:
    """One declines, one fails the quiz, one waits alone, one is silent, one leaves, one withdraws, one completes."""

    def change(said: dict[str, Any]) -> None:
        seconds = {"ask_seconds": 6, "reply_seconds": 6, "decide_seconds": 6, "belief_seconds": 5}
        stage(said, "game")["parameters"] |= seconds
        stage(said, "game")["on_timeout"]["strikes"] = 1
        stage(said, "quiz")["seconds"] = 10
        stage(said, "lobby")["max_wait_seconds"] = 25

    home = quick_study(tmp_path, name="exits", change=change)
    link = opened(running, home, "exits")
    answers = right_answers(home)
    early: list[dict[str, Stop]] = [{"consent": "decline"}, {"quiz": "silent"}, {}]
    late: list[dict[str, Stop]] = [{"game": "silent"}, {"A few questions": "withdraw"}, {"debrief": "leave"}, {}]
    told = Ledger()
    minds = [someone(n, answers, stops) for n, stops in enumerate([*early, *late])]
    raise_failures(play_minds(link, minds[:3], seconds=120, ledger=told))
    raise_failures(play_minds(link, minds[3:], seconds=200, ledger=told))
    folder = export(running, "exits")
    exits = Counter(name for (name,) in ask(running, EXITS_OF_STUDY, "exits"))
    assert exits.pop("completed", 0) + exits.pop("partners_left", 0) == 1
    assert exits == dict.fromkeys(["declined", "failed_quiz", "no_group", "inactive", "left", "withdrawn"], 1)
    assert Counter(row["exit"] for row in table(folder, "participants"))["withdrawn"] == 0
    assert len(table(folder, "participants")) == 6
    assert differences(folder) == []
    found = verified(running, "exits", told)
    assert found["checked"]["void matches"] > 0
    assert sum(n for name, n in found["standing"].items() if name.startswith("people")) == 7
    assert all(row["value"] == "" for row in table(folder, "decisions") if row["source"] == "timeout")
