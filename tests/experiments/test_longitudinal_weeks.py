"""Whole studies over weeks, from the link to the dataset: every planned visit is a row, and memory is what differs."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from config.places import ROOT
from simulation.profile import Profile
from tests.experiments.weeks import Study, Weeks, play
from tests.sizes import sized

pytestmark = [pytest.mark.django_db(transaction=True)]
# Without a flaw, but as slow as people are: who types a message each tenth of a second says hundreds in a minute.
STEADY = Profile.flawless().with_(
    arrivals_per_minute=2, reading_chars_per_s=25, thinking_seconds=4, typing_chars_per_s=4, visit_delay_hours=2
)
BRINGS_BACK = re.compile(r'told me: "([^"]+)"')


@pytest.fixture(autouse=True)
def _by_itself(settings: LazySettings, own_pages: None) -> None:
    settings.LLM_PROVIDERS = {**settings.LLM_PROVIDERS, "*": settings.LLM_PROVIDERS["scripted"]}


def visits_of(weeks: Weeks) -> Counter[str]:
    """How many planned visits each person has in the dataset."""
    return Counter(row["participant"] for row in weeks.table("planned_sessions"))


def shorter(said: Study, **visits: int) -> None:
    """The same study with talks of a few messages, and with fewer visits in some of its waves."""
    for wave in said["waves"]:
        wave["repeat"] = visits.get(wave["id"], wave.get("repeat", 1))
        for stage in wave["stages"]:
            if stage["kind"] == "game":
                stage["parameters"] |= {"shortest_seconds": 60, "longest_seconds": 75, "least_turns": 1}
    if visits:
        said["estimated_minutes"] = 40
        said["attendance"] |= {"max_missed": 2, "max_consecutive_missed": 2}


def forgiving(said: Study) -> None:
    """Nobody is sent away for what was missed."""
    shorter(said)
    said["attendance"] |= {"max_missed": 6, "max_consecutive_missed": 6}


def brief(said: Study) -> None:
    """Long enough for the partner to bring something back."""
    for wave in said["waves"]:
        for stage in wave["stages"]:
            if stage["kind"] == "game":
                stage["parameters"] |= {"shortest_seconds": 60, "longest_seconds": 90}


@pytest.mark.sized
def test_demo_with_a_program_shows_what_it_remembers_and_only_where_it_does(tmp_path: Path) -> None:
    weeks = play(tmp_path, "demo", people=sized(test=2, long=40), profile=STEADY, change=brief)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    condition = weeks.condition_of()
    assert set(condition.values()) == {"kept", "wiped"}
    assert set(visits_of(weeks).values()) == {4}
    noted = {row["participant"] for row in weeks.table("memories")}
    assert noted == {code for code, level in condition.items() if level == "kept"}
    whose = {row["group"]: row for row in weeks.table("seats") if row["participant"]}
    said: dict[str, set[str]] = {code: set() for code in condition}
    brought: Counter[str] = Counter()
    for row in sorted(weeks.table("entries"), key=lambda row: (int(whose[row["group"]]["repeat"]), int(row["seq"]))):
        code = whose[row["group"]]["participant"]
        found = BRINGS_BACK.search(row["text"]) if row["kind"] == "message" else None
        if found:
            brought[condition[code]] += 1
            assert any(found[1] in text for text in said[code]), f"{code} never said {found[1]}"
        said[code].add(row["text"])
    assert brought["kept"] > 0
    assert brought["wiped"] == 0


@pytest.mark.sized
def test_seven_chats_are_played_into_a_row_for_each_planned_visit(tmp_path: Path) -> None:
    people = sized(test=2, long=40)
    profile = STEADY.with_(missing_visits=0.3, misreading=0.15, late_acts=0.02, reloading=0.02, two_tabs=0.05)
    weeks = play(tmp_path, "seven_chats", people=people, profile=profile, change=forgiving)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    planned = weeks.table("planned_sessions")
    assert set(visits_of(weeks).values()) == {8}
    assert {row["state"] for row in planned} >= {"completed", "missed"}
    done = [
        (row["participant"], row["repeat"]) for row in planned if (row["wave"], row["state"]) == ("chat", "completed")
    ]
    items = [row for row in weeks.table("scale_items") if row["stage"] == "after"]
    assert set(Counter((row["participant"], row["repeat"]) for row in items).values()) == {16}
    assert {(row["participant"], row["repeat"]) for row in items} >= set(done)
    assert all(
        sum(1 for row in items if (row["participant"], row["repeat"]) == visit and row["value"]) == 12 for visit in done
    )
    scores = [row for row in weeks.table("scores") if row["stage"] == "after" and row["scale"] == "closeness"]
    assert {(row["participant"], row["repeat"]) for row in scores if row["score"] and not row["subscale"]} >= set(done)
    _only_kept_partners_remember(weeks)


def _only_kept_partners_remember(weeks: Weeks) -> None:
    condition = weeks.condition_of()
    seats = {row["group"]: row for row in weeks.table("seats") if row["participant"]}
    first: dict[str, str] = {}
    for row in weeks.table("planned_sessions"):
        if row["wave"] == "chat" and row["state"] in ("completed", "partial"):
            first.setdefault(row["participant"], row["repeat"])
    told: Counter[tuple[str, bool]] = Counter()
    for call in weeks.table("calls"):
        seat = seats[call["group"]]
        is_first = seat["repeat"] == first[seat["participant"]]
        told[condition[seat["participant"]], bool(call["memory_sha256"])] += 1
        assert not (is_first and call["memory_sha256"]), "nobody is remembered at a first meeting"
    assert told["kept", True] > 0
    assert told["wiped", True] == 0


def test_whoever_misses_too_much_leaves_with_what_was_earned(tmp_path: Path) -> None:
    profile = STEADY.with_(missing_visits=1)
    weeks = play(tmp_path, "seven_chats", people=1, profile=profile, change=shorter)
    assert weeks.report.run.differences == []
    (person,) = weeks.table("participants")
    assert person["exit"] == "too_many_missed"
    states = Counter((row["wave"], row["state"]) for row in weeks.table("planned_sessions"))
    assert states == {("chat", "missed"): 3, ("chat", "cancelled"): 4, ("final", "missed"): 1}, (
        "the last is still offered"
    )


def three_days(said: Study) -> None:
    """The daily study in three days, the weekly questions on the second."""
    shorter(said, chat=3)
    chat = next(wave for wave in said["waves"] if wave["id"] == "chat")
    for stage in chat["stages"]:
        if stage.get("visits"):
            stage["visits"] = [2]


TOPICS = ["your hobbies", "your work", "your family"]


def with_topics(said: Study) -> None:
    """Seven conversations in three, each with another topic, in an order of each person's own."""
    shorter(said, chat=len(TOPICS))
    for wave in said["waves"]:
        for stage in wave["stages"]:
            if stage["kind"] == "game":
                stage["topic"] = {"pool": TOPICS, "order": "latin_square"}


@pytest.mark.sized
def test_topics_in_a_latin_square_are_played_and_exported(tmp_path: Path) -> None:
    people = sized(test=2, long=12)
    weeks = play(tmp_path, "seven_chats", people=people, profile=STEADY, change=with_topics)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    topic = {row["group"]: row["topic"] for row in weeks.table("groups")}
    seats = [row for row in weeks.table("seats") if row["participant"]]
    orders: dict[str, list[str]] = {}
    for row in sorted(seats, key=lambda row: int(row["repeat"])):
        orders.setdefault(row["participant"], []).append(topic[row["group"]])
    assert len(orders) == people
    assert all(sorted(order) == sorted(TOPICS) for order in orders.values()), "each topic once"
    assert len({tuple(order) for order in orders.values()}) > 1, "orders are people's own"
    prompts = {row["group"] for row in weeks.table("calls")}
    assert prompts <= set(topic), "every conversation has its topic"
    if people % (2 * len(TOPICS)) == 0:  # whole blocks of a square of an odd number
        for visit in range(len(TOPICS)):
            assert set(Counter(order[visit] for order in orders.values()).values()) == {people // len(TOPICS)}


def few(said: Study) -> None:
    """Two visits, and two after the change where there is one."""
    shorter(said, chat=2, later=2)


def test_weekly_questions_come_in_their_week_only(tmp_path: Path) -> None:
    weeks = play(tmp_path, "daily_28", people=1, profile=STEADY, change=three_days)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    asked: Any = {(row["stage"], row["repeat"]) for row in weeks.table("scale_items") if row["wave"] == "chat"}
    assert asked == {("day", "1"), ("day", "2"), ("day", "3"), ("week", "2")}


@pytest.mark.sized
def test_new_partner_and_new_questions_come_to_whom_they_are_for(tmp_path: Path) -> None:
    weeks = play(tmp_path, "novelty_return", people=sized(test=3, long=30), profile=STEADY, change=few)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    condition = weeks.condition_of()
    assert set(visits_of(weeks).values()) == {5}
    met: dict[tuple[str, str], set[str]] = {}
    person = {row["group"]: row for row in weeks.table("seats") if row["participant"]}
    for row in weeks.table("seats"):
        if not row["participant"]:
            mine = person[row["group"]]
            met.setdefault((condition[mine["participant"]], mine["wave"]), set()).add(row["partner"])
    assert {where for where, who in met.items() if who == {"newcomer"}} == {("new_partner", "later")}
    assert {where for where, who in met.items() if who == {"companion"}} == set(met) - {("new_partner", "later")}
    asked = {
        (condition[row["participant"]], row["scale"]) for row in weeks.table("scale_items") if row["wave"] == "later"
    }
    assert {level for level, scale in asked if scale == "enjoyment_b"} == {"new_questions"}
    assert {level for level, scale in asked if scale == "enjoyment"} == {"same", "new_partner"}
    assert {level for level, scale in asked if scale == "closeness"} == {"same", "new_partner", "new_questions"}
    _names_are_those_of_whom_one_meets(weeks, condition)
    _change_can_be_read(weeks, condition)


def _names_are_those_of_whom_one_meets(weeks: Weeks, condition: dict[str, str]) -> None:
    """One name over the weeks, and another one for whoever meets another partner."""
    person = {row["group"]: row["participant"] for row in weeks.table("seats") if row["participant"]}
    names: dict[str, set[str]] = {}
    for row in weeks.table("seats"):
        if not row["participant"]:
            names.setdefault(person[row["group"]], set()).add(row["display_name"])
    assert {code: len(known) for code, known in names.items()} == {
        code: 2 if level == "new_partner" else 1 for code, level in condition.items()
    }


def _change_can_be_read(weeks: Weeks, condition: dict[str, str]) -> None:
    """A person by visit has one score, and the example reckons from it what comes back."""
    own: dict[str, dict[tuple[str, str], float]] = {}
    for row in weeks.table("scores"):
        if (row["scale"], row["subscale"]) == ("closeness", ""):
            visits = own.setdefault(row["participant"], {})
            assert (row["wave"], row["repeat"]) not in visits, "one for each visit"
            visits[row["wave"], row["repeat"]] = float(row["score"])
    attended = {
        (row["participant"], row["wave"], row["repeat"])
        for row in weeks.table("planned_sessions")
        if row["state"] == "completed" and row["wave"] != "final"
    }
    assert {(code, *visit) for code, visits in own.items() for visit in visits} == attended
    assert len(attended) == 4 * len(condition)
    said = subprocess.run(
        [sys.executable, ROOT / "docs/examples/novelty_decay.py", weeks.folder, "closeness", "chat", "change", "later"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(said) == 2 + 2 * 3 + 2 * 6
    for level in ("same", "new_partner", "new_questions"):
        mine = [own[code] for code, one in condition.items() if one == level]
        # of two visits the line is the one through both: its next point is as far beyond the second again
        above = [y["later", "1"] - (2 * y["chat", "2"] - y["chat", "1"]) for y in mine]
        (line,) = [one for one in said if one.startswith(f"{level}, all available")]
        assert f"back {sum(above) / len(above):+.3f}" in line
        assert f"n={len(mine)})" in line.partition("back ")[2]


@pytest.mark.sized
def test_arms_of_the_active_control_do_what_they_are_for_in_the_same_time(tmp_path: Path) -> None:
    weeks = play(tmp_path, "active_control", people=sized(test=2, long=30), profile=STEADY, change=few)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    condition = weeks.condition_of()
    assert set(condition.values()) == {"talk", "words"}
    person = {row["group"]: row for row in weeks.table("seats") if row["participant"]}
    for row in weeks.table("seats"):
        if not row["participant"]:
            activity = condition[person[row["group"]]["participant"]]
            assert (row["partner"], row["label"]) == {"talk": ("companion", "AI"), "words": ("puzzles", "Program")}[
                activity
            ]
    asked = {(condition[row["participant"]], row["scale"]) for row in weeks.table("scale_items")}
    assert {scale for level, scale in asked if level == "talk"} == {scale for level, scale in asked if level == "words"}


def test_fast_friends_are_played_to_their_end(tmp_path: Path) -> None:
    weeks = play(tmp_path, "fast_friends", people=2, profile=STEADY, policy="made_up", role="a")
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    answers = [row for row in weeks.table("decisions") if row["field"] == "answer"]
    assert len(answers) == 2 * 2 * 15
    near = [row for row in weeks.table("decisions") if row["field"] == "near" and row["participant"]]
    assert Counter(row["round"] for row in near) == {"5": 2, "10": 2, "15": 2}
