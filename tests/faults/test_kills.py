"""Whatever dies while people play: nothing acknowledged is lost or doubled, everybody ends by a declared exit."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from config.places import places_of
from config.supervisor import broker
from config.supervisor.process import Process
from tests.exports.recompute_pay import differences
from tests.machinery.dataset import ask, export, table
from tests.machinery.player import Player, play_all
from tests.machinery.quick import entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running

CHILDREN = ["pages", "bots", "redis", "postgres", "sockets", "jobs", "sweeper"]
DECLARED = {"completed", "inactive", "partners_left", "no_group"}


def slower(said: dict[str, Any]) -> None:
    """Long enough that something can be killed in the middle, and that people are not out before it is back."""
    stage(said, "game")["parameters"] |= {"rounds": 4, "ask_seconds": 30, "reply_seconds": 30, "decide_seconds": 30}
    stage(said, "game")["on_timeout"]["strikes"] = 4
    stage(said, "lobby")["ready_seconds"] = 60


def play(running: Running, folder: Path, disturb: Callable[[], object]) -> list[Player]:
    """Four people play one group while something goes wrong as soon as the game has begun."""
    home = quick_study(folder, name="faults", change=slower)
    running.manage("study", "load", str(home), "--open")
    link = entry_link(running, "faults")
    answers = right_answers(home)
    players = [Player(link, seed=seed, answers=answers, think_seconds=0.4) for seed in range(4)]

    def trouble() -> None:
        while not ask(running, "SELECT 1 FROM flow_match LIMIT 1"):
            time.sleep(0.2)
        disturb()

    with ThreadPoolExecutor(1) as pool:
        disturbed = pool.submit(trouble)
        play_all(players, seconds=280)
        disturbed.result(timeout=60)  # raises what went wrong in it
    return players


def kill(running: Running, child: str) -> None:
    """Kill a child while the game is on: a kill after the end would prove nothing."""
    assert ask(running, "SELECT 1 FROM matching_group WHERE status = 'active'"), f"the game was over before {child}"
    running.kill(child, signal.SIGKILL)


def check_nothing_is_lost(running: Running, players: list[Player]) -> None:
    """The clients' ledgers against the tables, and the tables against each other."""
    keys = [entry.key for player in players for entry in player.ledger]
    stored = Counter(key for (key,) in ask(running, "SELECT key::text FROM flow_submission"))
    assert {key: stored[key] for key in keys} == dict.fromkeys(keys, 1)
    doubled = "SELECT match_id, path, seat_id FROM flow_act GROUP BY 1, 2, 3 HAVING count(*) > 1"
    assert ask(running, doubled) == []
    folder = export(running, "faults")
    assert {row["exit"] for row in table(folder, "participants")} <= DECLARED
    assert {row["status"] for row in table(folder, "groups")} <= {"complete", "ended"}
    assert {row["status"] for row in table(folder, "rounds")} <= {"complete", "void"}
    assert differences(folder) == []
    # a round that was not completed is explained by an act that did not come, or by the end of its group
    unexplained = """SELECT m.id FROM flow_match m JOIN matching_group g ON g.id = m.group_id
        WHERE m.status = 'void' AND g.end_reason = '' AND NOT EXISTS (
            SELECT FROM flow_act a WHERE a.match_id = m.id AND a.path = m.void_path AND a.source = 'timeout')"""
    assert ask(running, unexplained) == []


def test_nothing_is_lost_when_everything_is_killed_in_turn(tmp_path: Path) -> None:
    with Running() as running:

        def one_after_the_other() -> None:
            for child in CHILDREN:
                kill(running, child)
                time.sleep(3)

        players = play(running, tmp_path, one_after_the_other)
        check_nothing_is_lost(running, players)


@pytest.mark.long
@pytest.mark.parametrize("child", CHILDREN)
def test_nothing_is_lost_when_a_child_is_killed(child: str, tmp_path: Path) -> None:
    with Running() as running:
        players = play(running, tmp_path, lambda: kill(running, child))
        check_nothing_is_lost(running, players)


def test_everybody_finishes_without_redis(tmp_path: Path) -> None:
    """Redis answers while the processes start, and is gone from then on."""
    places = places_of(tmp_path / "queue")
    places.logs.mkdir(parents=True)
    server = Process(broker.command(places, log=places.logs / "redis.log", persist=False))
    try:
        broker.wait_until_it_answers(places.redis_url, seconds=10)
        with Running(variables={"REDIS_URL": places.redis_url}) as running:
            server.end_group()
            players = play(running, tmp_path, lambda: None)
            check_nothing_is_lost(running, players)
    finally:
        server.end_group()
