"""Seven visits of 100 people from file to export, across both changes of clocks, while tickers, workers and Redis die.

It takes four to five minutes of two cores, so it is played by `make long` alone.
"""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.places import ROOT
from tests.machinery.dataset import Rows, ask, export, table
from tests.machinery.running import Running
from tests.weeks.harm import Harm, killed_at_random, names
from tests.weeks.study import LEDGER, PLAYED, STUDY, VISITS, seven_visits

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PEOPLE = 100
KILL_SECONDS = (2.0, 6.0)
LEAST_KILLS = 20
PLANNED = VISITS + 1  # the last one, too
TOLD_WITHIN_SECONDS = 10.0
OPENED = """SELECT w.id, w.state, w.reason, count(e.id) FROM scheduling_scheduledsession w LEFT JOIN events_event e
    ON e.subject_kind = 'window' AND e.subject_id = w.id AND e.kind = 'window.opened' GROUP BY 1, 2, 3"""
BEGUN = "SELECT participant_id, wave, repeat FROM scheduling_session WHERE wave <> 'intake'"
CONVERSATIONS = "SELECT zone, planned_open FROM scheduling_scheduledsession WHERE wave = 'chat' AND zone <> ''"
STILL_THERE = "SELECT code FROM participants_participant WHERE status = 'active'"
GIVEN_UP = "SELECT DISTINCT reaction, error_code FROM events_due WHERE outcome = 'failed'"
DIED = "holder_died"  # whoever did it was killed, five times in a row: the round is void by its time-out


class Jumpy(Running):
    """An installation whose clock jumps."""

    program = ("-m", "tests.weeks.up")


@dataclass(frozen=True)
class Weeks:
    """What was played, what was killed meanwhile, and where it can be asked for."""

    running: Running
    harm: Harm
    played: dict[str, Any]
    ledger: Path
    dataset: Path


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    """Everybody's weeks, once for all tests of this file."""
    home = tmp_path_factory.mktemp("weeks")
    path = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    with Jumpy("--simulation", variables={"PYTHONPATH": path, "RAPPORT_LLM_SCRIPTED": "1"}) as running:
        running.manage("study", "load", str(seven_visits(home)), "--open")
        with killed_at_random(running, seconds=KILL_SECONDS, seed="weeks") as harm:
            argv = [sys.executable, "-m", "tests.weeks.play", STUDY, str(PEOPLE), "7", str(home)]
            env = running.env | {"RAPPORT_DB_POOL": "persistent", "RAPPORT_LOG_LEVEL": "WARNING"}
            done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr[-3000:]}\n{running.output()[-2000:]}"
        played = json.loads((home / PLAYED).read_text())
        yield Weeks(running, harm, played, home / LEDGER, export(running, STUDY))


def test_everybody_comes_through_whoever_dies(weeks: Weeks, record_property: Callable[[str, object], None]) -> None:
    kinds = weeks.harm.kinds
    record_property("weeks", weeks.played | {"kills": dict(kinds), "changes": None, "heard": None})
    assert weeks.played["failures"] == []
    assert ask(weeks.running, STILL_THERE) == []
    assert set(ask(weeks.running, GIVEN_UP)) <= {("bots.turns.take_turn", DIED)}
    assert sum(kinds.values()) >= LEAST_KILLS
    assert set(kinds) == set(names()), "each kind of process died"


def test_each_window_is_opened_exactly_once(weeks: Weeks) -> None:
    rows = ask(weeks.running, OPENED)
    assert len(rows) % PLANNED == 0
    by_state: dict[str, set[int]] = defaultdict(set)
    for _key, state, reason, openings in rows:
        by_state[f"{state} {reason}".strip() if state == "missed" else state].add(openings)
    assert {"completed", "missed not_begun"} <= set(by_state)
    assert by_state.pop("cancelled", {0}) <= {0, 1}, "some were open when the person left"
    assert by_state.pop("missed too_late", {0}) == {0}
    assert set().union(*by_state.values()) == {1}
    begun = Counter(ask(weeks.running, BEGUN))
    assert max(begun.values()) == 1
    assert len(begun) > PEOPLE * VISITS / 2


def test_people_lived_in_twenty_zones_and_across_both_changes_of_clocks(weeks: Weeks) -> None:
    seen: dict[str, dict[datetime, timedelta | None]] = defaultdict(dict)
    for zone, planned in ask(weeks.running, CONVERSATIONS):
        local = planned.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (8, 0)
        seen[zone][planned] = local.utcoffset()
    assert len(seen) >= 20
    changes = set()
    for offsets in seen.values():
        in_order = [offset or timedelta(0) for _, offset in sorted(offsets.items())]
        changes |= {(after > before) - (after < before) for before, after in pairwise(in_order)}
    assert changes == {-1, 0, 1}, "clocks went forward, back, and stayed"


def test_what_people_were_told_is_what_is_stored(weeks: Weeks) -> None:
    argv = [sys.executable, str(ROOT / "manage.py"), "verify", STUDY, "--ledger", str(weeks.ledger), "--json"]
    done = subprocess.run(argv, env=weeks.running.env, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert {(one["what"], one["found"]) for one in said["differences"]} <= {("failed work", DIED)}
    assert len(said["differences"]) <= said["checked"]["void matches"]
    told = said["ledger"]
    assert told["found"] + told["erased"] == told["acknowledged"] > PEOPLE * VISITS
    assert (told["lost"], told["doubled"], told["altered"]) == (0, 0, 0)


def test_no_pointer_is_lost_without_a_death_that_explains_it(weeks: Weeks) -> None:
    """A page that others changed was told by its socket; or somebody had been killed, and its own question found it."""
    heard = {int(person): times for person, times in weeks.played["heard"].items()}
    told, made_up, lost = 0, 0, []
    for person, after, by in weeks.played["changes"]:
        if any(after <= at <= by + TOLD_WITHIN_SECONDS for at in heard[person]):
            told += 1
        elif weeks.harm.is_near(after, by, seconds=TOLD_WITHIN_SECONDS):
            made_up += 1
        else:
            lost.append((person, after, by))
    assert lost == []
    assert told > PEOPLE
    assert told > made_up


def test_dataset_has_every_planned_visit_every_item_and_every_score(weeks: Weeks) -> None:
    visits = table(weeks.dataset, "planned_sessions")
    by_person = Counter(row["participant"] for row in visits)
    assert set(by_person.values()) == {PLANNED}
    enrolled = ask(weeks.running, "SELECT count(DISTINCT participant_id) FROM scheduling_scheduledsession")
    erased = ask(weeks.running, "SELECT count(*) FROM participants_participant WHERE erased_at IS NOT NULL")
    assert len(by_person) == enrolled[0][0] - erased[0][0]
    states = Counter(row["state"] for row in visits)
    assert states["missed"] > 0
    assert states["completed"] > len(visits) / 2
    _has_scores_of(weeks.dataset, [row for row in visits if row["state"] == "completed" and row["wave"] == "chat"])


def _has_scores_of(dataset: Path, visits: Rows) -> None:
    """Each finished conversation has every item of both scales, and a score for each of their subscales."""
    items, scores = _by_visit(table(dataset, "scale_items")), _by_visit(table(dataset, "scores"))
    for row in visits:
        visit = (row["participant"], row["wave"], row["repeat"])
        asked = Counter(item["scale"] for item in items[visit] if item["value"])
        assert asked == {"closeness": 5, "self_disclosure": 4}
        assert {score["scale"] for score in scores[visit]} == {"closeness", "self_disclosure"}


def _by_visit(rows: Rows) -> dict[tuple[str, str, str], Rows]:
    found: dict[tuple[str, str, str], Rows] = defaultdict(list)
    for row in rows:
        found[row["participant"], row["wave"], row["repeat"]].append(row)
    return found
