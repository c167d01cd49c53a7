"""`manage.py simulate`: a whole run in an installation of its own, and what it says to what it cannot do."""

import re
import shutil
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from simulation.ledger import Ledger
from simulation.play import DATASET, LEDGER, REPORT_JSON, REPORT_TEXT
from tests.exports.recompute_pay import differences
from tests.machinery.dataset import ask, table
from tests.machinery.people import FOLDER, MakeVersion
from tests.machinery.quick import SHIPPED, quick_study, stage
from tests.machinery.running import Running
from tests.machinery.study_files import read_study, write_study
from tests.scheduling.test_visits import FILE

RUNS = """SELECT r.mode, r.participants, r.seed, r.is_clean, r.not_clean_because FROM simulation_simulationrun r
    JOIN studies_version v ON v.id = r.version_id JOIN studies_study s ON s.id = v.study_id WHERE s.slug = %s"""
PEOPLE = "SELECT count(*) FROM participants_participant p JOIN studies_study s ON s.id = p.study_id WHERE s.slug = %s"
ONE_ACT = ("match", "step", "repetition", "seat", "field", "about")
STAYING = ("arrivals_per_minute", "declining", "quitting_quiz", "quitting_lobby", "not_ready")
TOGETHER = [word for name in STAYING for word in ("--assume", f"{name}=0")]


def simulated(running: Running, study: str, *arguments: str) -> tuple[str, Path]:
    """What the command said, and the folder that it wrote."""
    said = running.manage("simulate", study, *arguments)
    return said, Path(said.rpartition(" are in ")[2].strip())


def short(said: dict[str, Any]) -> None:
    """One round of groups of two people, and no long waiting for one that does not come."""
    said["groups"]["society"]["roles"] = {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}}
    stage(said, "game")["parameters"]["rounds"] = 1
    stage(said, "lobby")["max_wait_seconds"] = 120


def test_run_plays_the_frozen_version_elsewhere_and_leaves_a_record(running: Running, tmp_path: Path) -> None:
    running.manage("study", "load", str(quick_study(tmp_path, name="rehearsed", change=short)))
    arguments = ("--participants", "4", "--seed", "3", "--policy", "selector=selfish", *TOGETHER)
    said, folder = simulated(running, "rehearsed", *arguments)
    assert "4 of 4 done" in said
    assert "Clean: nothing went wrong." in said
    assert ask(running, RUNS, "rehearsed") == [("full_speed", 4, "3", True, [])]
    assert ask(running, PEOPLE, "rehearsed") == [(0,)], "nobody simulated enters the real study"
    assert {DATASET, LEDGER, REPORT_JSON, REPORT_TEXT} == {file.name for file in folder.iterdir()}
    people = table(folder / DATASET, "participants")
    assert Counter((row["origin"], bool(row["exit"])) for row in people) == {("simulated", True): 4}
    assert differences(folder / DATASET) == []
    assert len(Ledger.read(folder / LEDGER)) > 4 * 8


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--participants", "0"], "--participants 0: at least 1"),
        (["--participants", "2", "--assume", "late_act=0.1"], "late_act: no such assumption; there are: arrivals_per"),
        (["--participants", "2", "--assume", "late_acts=2"], "late_acts=2: input should be less than or equal to 1"),
        (["--participants", "2", "--assume", "late_acts"], "write NAME=VALUE"),
        (["--participants", "2", "--policy", "boss=half"], 'no role "boss"; there are: giver, taker'),
        (["--participants", "2", "--policy", "giver=greedy"], 'no policy "greedy"; there are: half'),
        (["--participants", "2", "--start", "20 March"], '"20 March" is no day; write year, month and day'),
        (["--participants", "2", "--start", "2027-03-20", "--realtime"], "--start: the clock on the wall is where it"),
    ],
)
def test_refusal_names_the_thing_and_the_remedy(
    make_version: MakeVersion, transactional_db: None, arguments: Sequence[str], told: str
) -> None:
    version = make_version()
    with pytest.raises(CommandError) as refused:
        call_command("simulate", version.study.slug, *arguments, stdout=StringIO())
    assert told in str(refused.value)


def test_weeks_by_the_wall_are_refused_with_their_length(make_version: MakeVersion, transactional_db: None) -> None:
    version = make_version(**FILE)
    with pytest.raises(CommandError) as refused:
        call_command("simulate", version.study.slug, "--participants", "2", "--realtime", stdout=StringIO())
    found = re.search(r"--realtime: the last visit can close (\d+) hours after somebody came", str(refused.value))
    assert found is not None
    assert 21 * 24 <= int(found[1]) <= 23 * 24
    assert "ends 4 hours after the last arrival" in str(refused.value)


def test_unknown_study_is_refused_naming_those_that_there_are(
    make_version: MakeVersion, transactional_db: None
) -> None:
    version = make_version()
    with pytest.raises(CommandError, match=f'no study is called "other"; there are: {version.study.slug}'):
        call_command("simulate", "other", "--participants", "2")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_96_people_end_by_one_declared_exit_with_the_right_pay(running: Running) -> None:
    """As many as were promised, with drop-outs, lateness and two tabs as assumed by default; the shipped study."""
    running.manage("study", "load", str(SHIPPED / "main"))
    said, folder = simulated(running, "partner-selection", "--participants", "96", "--seed", "96")
    assert ask(running, RUNS, "partner-selection") == [("full_speed", 96, "96", True, [])], said
    people = table(folder / DATASET, "participants")
    assert all(row["exit"] for row in people)
    assert len(people) >= 80, "all but those who withdrew"
    assert {row["exit"] for row in people} > {"completed", "no_group"}
    assert differences(folder / DATASET) == []
    told = [entry for entry in Ledger.read(folder / LEDGER) if entry.outcome == "stored"]
    answers = {(entry.key, entry.person, entry.body_sha256) for entry in told}
    assert len({key for key, _person, _body in answers}) == len(answers) > 96 * 10, "under one key one answer"
    assert len(told) > len(answers), "who went back and sent the same again was told the same again"
    acts = [tuple(row[name] for name in ONE_ACT) for row in table(folder / DATASET, "decisions")]
    assert len(acts) == len(set(acts)) > 96, "which made no second act"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_windows_of_minutes_are_played_by_the_wall(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "minutes"
    shutil.copytree(FOLDER, folder)
    intake, talk, final = FILE["waves"]
    short = {"offset": "0m", "anchor": "previous_ended"}
    talk = talk | {"repeat": 1, "opens": short, "closes": {"after": "1m"}, "grace": "1m", "min_gap": "0m"}
    final = final | {"opens": short, "closes": {"after": "1m"}}
    said = {name: value for name, value in FILE.items() if name != "texts"}
    write_study(folder, read_study(FOLDER) | said | {"id": "minutes", "waves": [intake, talk, final]})
    for path, text in FILE["texts"].items():
        (folder / path).write_text(text)
    running.manage("study", "load", str(folder))
    arguments = ("--participants", "6", "--realtime", "--assume", "missing_visits=0.3", *TOGETHER)
    said_at_the_end, written = simulated(running, "minutes", *arguments)
    assert ask(running, RUNS, "minutes") == [("realtime", 6, "1", True, [])], said_at_the_end
    rows = table(written / DATASET, "planned_sessions")
    assert {"completed", "missed"} <= {row["state"] for row in rows}
    assert differences(written / DATASET) == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_realtime_run_is_clean_with_every_process_and_socket(running: Running, tmp_path: Path) -> None:
    running.manage("study", "load", str(quick_study(tmp_path, name="by-the-wall", change=short)))
    arguments = ("--participants", "4", "--realtime", "--assume", "thinking_seconds=0.5", *TOGETHER)
    said, folder = simulated(running, "by-the-wall", *arguments)
    assert ask(running, RUNS, "by-the-wall") == [("realtime", 4, "1", True, [])], said
    assert differences(folder / DATASET) == []
