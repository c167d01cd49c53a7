"""Seven conversations of 100 people from file to export, across both changes of clocks, while processes die.

`make test` plays 100 people, `make long` 1,000. Numbers are logged: `pytest -n 0 tests/weeks --log-cli-level=INFO`.
"""

import json
import logging
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
from tests.sizes import sized
from tests.weeks.harm import Harm, killed_at_random, names
from tests.weeks.people import mailbox_of
from tests.weeks.post import Message, messages
from tests.weeks.study import (
    LEDGER,
    MISSING,
    MOST_MISSED,
    PLAYED,
    REMINDERS,
    SCALES,
    SHOWN_IN_TURNS,
    STUDY,
    VISITS,
    ZONES,
    seven_chats,
)  # fmt: skip

pytestmark = [pytest.mark.sized, pytest.mark.timeout(sized(test=1800, long=7200))]

PEOPLE = sized(test=100, long=1000)
# Whoever dies is started again within some seconds, in which everybody waits: a long play has time for as many deaths.
KILL_SECONDS = (sized(test=6, long=15), sized(test=12, long=30))
LEAST_KILLS = sized(test=6, long=60)
PLANNED = VISITS + 1  # the last one, too
TOLD_WITHIN_SECONDS = 10.0
CLOCK_SECONDS = 2.0  # a message names whole seconds, and may have left as its person did
OPENED = """SELECT w.id, w.state, w.reason, count(e.id) FROM scheduling_scheduledsession w LEFT JOIN events_event e
    ON e.subject_kind = 'window' AND e.subject_id = w.id AND e.kind = 'window.opened' GROUP BY 1, 2, 3"""
BEGUN = "SELECT participant_id, wave, repeat FROM scheduling_session WHERE wave <> 'intake'"
CONVERSATIONS = "SELECT zone, planned_open FROM scheduling_scheduledsession WHERE wave = 'chat' AND zone <> ''"
ENDS = "SELECT status, exit, count(*) FROM participants_participant GROUP BY 1, 2"
GIVEN_UP = "SELECT DISTINCT reaction, error_code FROM events_due WHERE outcome = 'failed'"
OUTBOX = """SELECT r.id, r.state, r.reason, r.scheduled_id, r.number, r.channel, p.erased_at IS NOT NULL
    FROM scheduling_reminder r JOIN scheduling_scheduledsession w ON w.id = r.scheduled_id
    JOIN participants_participant p ON p.id = w.participant_id"""
VARIABLES = {"RAPPORT_LLM_SCRIPTED": "1", "RAPPORT_LOG_LEVEL": "WARNING"}
DIED = "holder_died"  # whoever did it was killed, five times in a row: the talk then ends by its time
SENT, SUPPRESSED, UNKNOWN = "sent", "suppressed", "unknown"

log = logging.getLogger("rapport.tests.weeks")


class Jumpy(Running):
    """An installation whose clock jumps."""

    program = ("-m", "tests.weeks.up")


@dataclass(frozen=True)
class Weeks:
    """What was played, what was killed meanwhile, what left the house, and where it can be asked for."""

    running: Running
    harm: Harm
    played: dict[str, Any]
    ledger: Path
    dataset: Path
    mail: list[Message]


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    """Everybody's weeks, once for all tests of this file."""
    home = tmp_path_factory.mktemp("weeks")
    path = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    with Jumpy("--simulation", variables=VARIABLES | {"PYTHONPATH": path}) as running:
        running.manage("study", "load", str(seven_chats(home)), "--open")
        with killed_at_random(running, seconds=KILL_SECONDS, seed="weeks") as harm:
            argv = [sys.executable, "-m", "tests.weeks.play", STUDY, str(PEOPLE), "7", str(home)]
            env = running.env | {"RAPPORT_DB_POOL": "persistent", "RAPPORT_LOG_LEVEL": "WARNING"}
            done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr[-3000:]}\n{running.output()[-2000:]}"
        played = json.loads((home / PLAYED).read_text())
        mail = list(messages(running))
        yield Weeks(running, harm, played, home / LEDGER, export(running, STUDY), mail)


def test_everybody_comes_through_whoever_dies(weeks: Weeks, record_property: Callable[[str, object], None]) -> None:
    numbers = _numbers(weeks)
    log.info("weeks: %s", json.dumps(numbers))
    record_property("weeks", numbers)
    assert weeks.played["failures"] == []
    assert {status for status, _, _ in ask(weeks.running, ENDS)} <= {"finished", "withdrawn"}
    exits = {exit_ for _, exit_, _ in ask(weeks.running, ENDS)}
    assert exits <= {"completed", "too_many_missed", "left", "withdrawn"}
    assert {"completed", "left", "withdrawn"} <= exits
    assert MOST_MISSED >= VISITS or "too_many_missed" in exits
    assert set(ask(weeks.running, GIVEN_UP)) <= {("bots.turns.take_turn", DIED)}
    assert sum(weeks.harm.kinds.values()) >= LEAST_KILLS
    assert set(weeks.harm.kinds) == set(names()), "each kind of process died"


def _numbers(weeks: Weeks) -> dict[str, Any]:
    """What a reader wants to know of a play."""
    states = Counter(row["state"] for row in table(weeks.dataset, "planned_sessions"))
    left = Counter(state for _, state, *_ in ask(weeks.running, OUTBOX))
    opened = ask(weeks.running, OPENED)
    said = {name: weeks.played[name] for name in ("seconds", "sent", "steps", "retries", "longest_seconds")}
    return said | {
        "people": PEOPLE,
        "zones": len({zone for zone, _ in ask(weeks.running, CONVERSATIONS)}),
        "kills": dict(weeks.harm.kinds),
        "windows": len(opened),
        "openings": sum(openings for *_, openings in opened),
        "states": dict(states),
        "outbox": dict(left),
        "messages": len(weeks.mail),
        "messages twice": len(weeks.mail) - len({one.key for one in weeks.mail}),
        "changes of pages": len(weeks.played["changes"]),
        "ends": {f"{status} by {exit_}": count for status, exit_, count in ask(weeks.running, ENDS)},
    }


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
    assert len(begun) > PEOPLE * VISITS * (1 - MISSING) / 2


def test_people_lived_in_twenty_zones_and_across_both_changes_of_clocks(weeks: Weeks) -> None:
    seen: dict[str, dict[datetime, timedelta | None]] = defaultdict(dict)
    for zone, planned in ask(weeks.running, CONVERSATIONS):
        local = planned.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (8, 0)
        seen[zone][planned] = local.utcoffset()
    assert len(seen) >= ZONES
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
    assert len(said["differences"]) <= LEAST_KILLS
    told = said["ledger"]
    assert told["found"] + told["erased"] == told["acknowledged"] > PEOPLE * VISITS
    assert (told["lost"], told["doubled"], told["altered"]) == (0, 0, 0)


def test_no_pointer_is_lost_without_a_death_that_explains_it(weeks: Weeks) -> None:
    """Of each page that others changed the socket had told; or whoever should have told was killed just then."""
    heard = {int(person): times for person, times in weeks.played["heard"].items()}
    told, died_with, lost = 0, 0, []
    for person, after, by in weeks.played["changes"]:
        if any(after <= at <= by + TOLD_WITHIN_SECONDS for at in heard[person]):
            told += 1
        elif weeks.harm.explains(after, by):
            died_with += 1
        else:
            lost.append((person, after, by))
    assert lost == []
    assert told > PEOPLE
    assert died_with < told / 10


def test_no_reminder_leaves_twice(weeks: Weeks) -> None:
    """By the outbox, and by what has in fact left the house. What a death leaves in doubt is not sent again."""
    rows = ask(weeks.running, OUTBOX)
    assert len({(scheduled, number, channel) for _, _, _, scheduled, number, channel, _ in rows}) == len(rows)
    states = Counter(state for _, state, *_ in rows)
    assert set(states) <= {SENT, SUPPRESSED, UNKNOWN}, "nothing waits for ever or failed"
    assert states[UNKNOWN] <= sum(weeks.harm.kinds.values())
    assert {"no_address", "over"} <= {reason for _, state, reason, *_ in rows if state == SUPPRESSED}
    whole = Counter(one.key for one in weeks.mail if one.key)
    assert set(whole.values()) == {1}
    assert len(weeks.mail) - len(whole) <= states[UNKNOWN], "cut off as its writer was killed"
    assert states[SENT] > PEOPLE
    # rows of people whose data are deleted stay, without a word of theirs
    assert states[SENT] <= len(whole) <= states[SENT] + states[UNKNOWN]


def test_nobody_is_reminded_who_has_left(weeks: Weeks) -> None:
    left = {mailbox_of(int(person)): at for person, at in weeks.played["left"].items()}
    assert {one.to for one in weeks.mail if one.key} & set(left)
    late = [one for one in weeks.mail if one.to in left and one.at > left[one.to] + CLOCK_SECONDS]
    assert late == []
    still = "SELECT count(*) FROM participants_contact WHERE sealed_address <> ''"
    assert ask(weeks.running, still) == [(0,)], "each address went with its person's part"


def test_dataset_has_every_planned_visit_every_item_and_every_score(weeks: Weeks) -> None:
    visits = table(weeks.dataset, "planned_sessions")
    by_person = Counter(row["participant"] for row in visits)
    assert set(by_person.values()) == {PLANNED}
    enrolled = ask(weeks.running, "SELECT count(DISTINCT participant_id) FROM scheduling_scheduledsession")
    erased = ask(weeks.running, "SELECT count(*) FROM participants_participant WHERE erased_at IS NOT NULL")
    assert len(by_person) == enrolled[0][0] - erased[0][0]
    states = Counter(row["state"] for row in visits)
    assert states["missed"] > 0
    assert states["completed"] > len(visits) * (1 - MISSING) / 2
    talked = [row for row in visits if (row["wave"], row["state"]) == ("chat", "completed")]
    _has_scores_of(weeks.dataset, talked)
    said = {(row["participant"], row["wave"], row["repeat"]) for row in _with_people(weeks.dataset, "entries")}
    assert {(row["participant"], row["wave"], row["repeat"]) for row in talked} <= said


def _with_people(dataset: Path, name: str) -> Rows:
    """Of each row of what people did, the seat in which they did it."""
    person = {row["group"]: row for row in table(dataset, "seats") if row["participant"]}
    return [person[row["group"]] for row in table(dataset, name) if row["participant"] and row["group"] in person]


def _has_scores_of(dataset: Path, visits: Rows) -> None:
    """Each finished conversation has every item that was to be asked, and a score of each scale."""
    items, scores = _by_visit(table(dataset, "scale_items")), _by_visit(table(dataset, "scores"))
    for row in visits:
        visit = (row["participant"], row["wave"], row["repeat"])
        assert Counter(item["scale"] for item in items[visit] if item["value"]) == SCALES
        assert len(items[visit]) == sum(SCALES.values()) + SHOWN_IN_TURNS, "those of other visits are rows, too"
        assert {score["scale"] for score in scores[visit]} == set(SCALES)


def _by_visit(rows: Rows) -> dict[tuple[str, str, str], Rows]:
    found: dict[tuple[str, str, str], Rows] = defaultdict(list)
    for row in rows:
        found[row["participant"], row["wave"], row["repeat"]].append(row)
    return found


def test_dataset_has_each_reminder_of_each_visit_once(weeks: Weeks) -> None:
    rows = table(weeks.dataset, "reminders")
    by_visit = Counter((row["participant"], row["wave"], row["repeat"]) for row in rows)
    assert {(wave, count) for (_, wave, _), count in by_visit.items()} == set(REMINDERS.items())
    opened = {
        (row["participant"], row["wave"], row["repeat"])
        for row in table(weeks.dataset, "planned_sessions")
        if row["state"] in ("completed", "partial")
    }
    assert opened <= set(by_visit)
    assert sum(row["state"] == SENT for row in rows) > 0
