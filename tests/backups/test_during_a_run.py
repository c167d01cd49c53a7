"""A backup taken while people play restores into an empty installation, passes `verify`, and can be gone on with."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.backups import archive
from config.backups.manifest import Manifest
from config.places import ROOT, places_of
from config.refusal import SetupError
from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.realtime import play_minds
from tests.faults.rig import PEOPLE, ROUNDS, slower
from tests.machinery.quick import entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running
from tests.sizes import sized

pytestmark = pytest.mark.timeout(600)
STUDY = "saved"
PEOPLE_WHO_PLAY = sized(test=4, long=12)
PLAY_SECONDS = 300.0


@dataclass(frozen=True)
class Taken:
    """What the fixture gives: a backup for each moment, in order, and what people were told in the end."""

    running: Running
    files: list[Path]
    ledger: Ledger

    def manifests(self) -> list[Manifest]:
        return [archive.checked(file) for file in self.files]


def longer(said: dict[str, Any]) -> None:
    """So long that several backups fit in, however slow the machine: what slows a backup slows the players less."""
    slower(said)
    stage(said, "game")["parameters"] |= {"rounds": 2 * ROUNDS, "beliefs_rounds": ROUNDS}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    """Backups, one after the other, from the first person's coming to the last one's leaving."""
    folder = tmp_path_factory.mktemp("run")
    with Running() as running:
        home = quick_study(folder, name=STUDY, change=longer)
        running.manage("study", "load", str(home), "--open")
        running.manage("study", "unmask", STUDY, "--reason", "How many acts there are is compared.")
        link, answers, ledger = entry_link(running, STUDY), right_answers(home), Ledger()
        minds = [Mind(number, seed=STUDY, profile=PEOPLE, answers=answers) for number in range(PEOPLE_WHO_PLAY)]
        files: list[Path] = []
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(play_minds, link, minds, seconds=PLAY_SECONDS, ledger=ledger, stop=stop)
            try:
                while not playing.done():
                    files.append(_backed_up(running, folder / f"{len(files):03}"))
            finally:
                stop.set()
            people = playing.result()
        assert [person.failure for person in people] == [None] * PEOPLE_WHO_PLAY
        yield Taken(running, files, ledger)


def _backed_up(running: Running, folder: Path) -> Path:
    running.manage("backup", "--to", str(folder))
    (file,) = folder.glob("*.tar")
    return file


def midway(taken: Taken) -> Path:
    """The backup in whose snapshot the most people were on their way."""
    kept = [
        (manifest.rows["flow_act"], file)
        for manifest, file in zip(taken.manifests(), taken.files, strict=True)
        if manifest.rows["matching_group"]
    ]
    return sorted(kept)[len(kept) // 2][1]


def test_backups_are_of_moments_of_the_run(taken: Taken) -> None:
    acts = [manifest.rows["flow_act"] for manifest in taken.manifests()]
    assert acts == sorted(acts)
    assert len(set(acts)) >= 4, f"too few moments: {acts}"
    instants = [manifest.as_of for manifest in taken.manifests()]
    assert instants == sorted(instants)


def test_every_backup_of_a_run_is_verified_without_a_difference(taken: Taken) -> None:
    """`verify --backup`: restored into a server of its own, judged by the clock of its instant."""
    chosen = [taken.files[0], midway(taken), taken.files[-1]]
    for file in chosen:
        argv = [sys.executable, str(ROOT / "manage.py"), "verify", "--backup", str(file), "--json"]
        done = subprocess.run(argv, env=taken.running.env, capture_output=True, text=True, check=False)
        assert (done.returncode, "checksums agree" in done.stderr) == (0, True), done.stdout + done.stderr
        (report,) = json.loads(done.stdout)
        assert report["differences"] == []
        assert report["as_of"] == archive.checked(file).as_of.isoformat()
        assert report["checked"]["acts"] == archive.checked(file).rows["flow_act"]


def test_backup_of_a_run_is_gone_on_with_in_a_new_home(taken: Taken) -> None:
    """In a home that has no database yet. Once it is started, what became late meanwhile is done, and all is true."""
    file = midway(taken)
    there = Running()
    try:
        said = there.manage("restore", str(file))
        assert f"restored {archive.checked(file).total} rows" in said
        there.start()
        assert there.get("/readyz")[0] == 200
        there.wait_until(lambda: _nothing_late(there), seconds=120, what="what was late is done")
        report = json.loads(there.manage("verify", STUDY, "--json"))
        assert (report["differences"], report["checked"]["acts"] > 0) == ([], True)
        with pytest.raises(SetupError, match="is not empty"):
            there.manage("restore", str(file))
    finally:
        there.close()


def _nothing_late(running: Running) -> bool:
    late = "SELECT count(*) FROM events_due WHERE outcome = '' AND run_after < rapport_now()"
    return int(_ask(running, late)[0][0]) == 0


def _ask(running: Running, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(places_of(running.home).database_url) as there:
        return there.execute(query).fetchall()
