"""Simulated people through the real doors, on the wall clock."""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.person import Person
from simulation.profile import Profile
from simulation.realtime import play_minds
from tests.machinery.dataset import ask
from tests.machinery.quick import entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running

STORED = "SELECT key::text, outcome, rev, body_sha256 FROM flow_submission WHERE key::text = ANY(%s)"


@pytest.fixture(scope="module")
def played(running: Running, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Person], Ledger]:
    """Four people in one group: one errs and sends everything twice, one closes the browser in the game."""

    def change(said: dict[str, Any]) -> None:
        seconds = {"ask_seconds": 6, "reply_seconds": 6, "decide_seconds": 6}
        stage(said, "game")["parameters"] |= seconds | {"rounds": 2}
        stage(said, "game")["on_timeout"]["strikes"] = 1

    home = quick_study(tmp_path_factory.mktemp("people"), name="people", change=change)
    running.manage("study", "load", str(home), "--open")
    ledger = Ledger()
    hasty = Profile.flawless().with_(two_tabs=1, misreading=1, reloading=0.2)
    profiles = [hasty, Profile.flawless(), Profile.flawless(), Profile.flawless()]
    minds = [
        Mind(n, seed="1", profile=one, answers=right_answers(home), stops={"game": "vanish"} if n == 3 else {})
        for n, one in enumerate(profiles)
    ]
    return play_minds(entry_link(running, "people"), minds, seconds=280, ledger=ledger), ledger


def test_everybody_ends_as_they_meant_to(played: tuple[list[Person], Ledger]) -> None:
    people, _ = played
    assert [person.failure for person in people] == [None] * 4
    assert [person.has_vanished for person in people] == [False, False, False, True]
    assert all(person.last.code for person in people[:3])
    assert [person.door.server_errors for person in people] == [[]] * 4


def test_the_ledger_is_what_the_server_stored(running: Running, played: tuple[list[Person], Ledger]) -> None:
    _, ledger = played
    entries = {entry.key: entry for entry in ledger if entry.outcome != "conflict"}
    stored = {row[0]: row[1:] for row in ask(running, STORED, list(entries))}
    assert stored == {key: (entry.outcome, entry.rev, entry.body_sha256) for key, entry in entries.items()}
    counted = Counter((entry.person, entry.outcome) for entry in ledger)
    assert all(counted[number, "stored"] > 10 for number in range(3))
    assert counted[0, "stale"] > 2, "what came from the other tab"
    assert {person for person, outcome in counted if outcome == "conflict"} <= {0}, "who went back"


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_play_that_ends_early_says_who_was_left(is_stopped: bool) -> None:
    """By its time, and by Ctrl-C: the first person finds nobody at home, the second has not come yet."""
    minds = [Mind(number, seed="1", profile=Profile.flawless(), answers={}) for number in range(2)]
    stop, seen = threading.Event(), list[int]()

    def progress(people: Sequence[Person]) -> None:
        seen.append(len(people))
        if is_stopped:
            stop.set()

    nobody = "http://localhost:1/j/x"  # no port that anything listens on
    seconds = 60 if is_stopped else 0.6
    people = play_minds(nobody, minds, seconds=seconds, arrive_after=[0, 3600], progress=progress, stop=stop)
    assert [getattr(person.failure, "code", None) for person in people] == ["unfinished"] * 2
    assert [bool(person.door.transport_errors) for person in people] == [True, False]
    assert set(seen) == {2}
