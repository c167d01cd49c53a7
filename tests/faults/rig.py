"""An installation to be hurt: armed processes, a proxy before each of its doors, one study, and people who play it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from config.places import ROOT, Places, places_of
from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.person import Person
from simulation.profile import Profile
from simulation.realtime import play_minds
from tests.faults.proxy import Proxy, frames, requests, unmasked
from tests.machinery.quick import Study, entry_link, quick_study, right_answers, stage
from tests.machinery.running import Running
from tests.sizes import sized

STUDY = "faults"
SEED = "faults"
ROUNDS = sized(test=2, long=4)
PLAY_SECONDS = 400.0  # on a machine that does much else besides
PEOPLE = Profile.flawless().with_(thinking_spread=0.5, person_spread=0.25)
Rows = list[tuple[Any, ...]]
Write = Callable[[Path], tuple[Path, Mapping[str, str]]]


class Armed(Running):
    """An installation whose processes can be told to die at marked points."""

    program = ("-m", "tests.faults.up")


@dataclass
class Played:
    """Some people's way through the study, from the first link to the last exit, by the database's clock."""

    people: Sequence[Person]
    ledger: Ledger
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Doors:
    """The proxies of a rig: before pages and sockets, and before the two servers as the processes reach them."""

    pages: Proxy
    sockets: Proxy
    database: Proxy
    redis: Proxy

    def all(self) -> list[Proxy]:
        return [self.pages, self.sockets, self.database, self.redis]


def slower(said: Study) -> None:
    """Long enough that something can break in the middle, and that nobody is out before it is mended."""
    stage(said, "game")["parameters"] |= {
        "rounds": ROUNDS,
        "beliefs_rounds": ROUNDS // 2,
        "ask_seconds": 30,
        "reply_seconds": 30,
        "decide_seconds": 30,
    }
    stage(said, "game")["on_timeout"]["strikes"] = 4
    stage(said, "lobby")["ready_seconds"] = 60
    del stage(said, "briefing")["check"]  # what is right depends on the condition, and wrong answers are asked again


def quick(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """The shipped study made short."""
    home = quick_study(folder, name=STUDY, change=slower)
    return home, right_answers(home)


class Rig:
    """`with Rig(folder) as rig: rig.play(4, during=...)`.

    `up` owns PostgreSQL and Redis, so that both can die; its processes reach them through proxies, so that both can be
    cut off.

    Args:
        folder: A scratch folder.
        study: The id of the study that is played.
        write: Writes the study's file into the folder, and says what is right in its quiz.
        variables: More for the environment of everything in it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        study: str = STUDY,
        write: Write | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.study = study
        self._write = write or quick
        self._variables = variables or {}
        self.ledger = Ledger()
        self._stack = ExitStack()
        self._known: set[str] = set()
        self._playing = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            pages, database = Proxy(cut_into=requests, mark=b"POST "), Proxy(mark=b"COMMIT")
            sockets = Proxy(cut_into=frames, mark=b'"say"', reads=unmasked, answer=b'"stored"')
            self.doors = Doors(pages, sockets, database, Proxy())
            for proxy in self.doors.all():
                stack.enter_context(proxy)
            variables = {
                "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)]),
                "RAPPORT_ORIGIN": f"http://localhost:{self.doors.pages.port}",
                "RAPPORT_SOCKET_ORIGIN": f"ws://localhost:{self.doors.sockets.port}",
                "ARMED_DATABASE_URL": f"postgresql://rapport@127.0.0.1:{database.port}/rapport",
                "ARMED_REDIS_URL": f"redis://127.0.0.1:{self.doors.redis.port}/0",
                **self._variables,
            }
            self.running = Armed(variables=variables)
            self._open_doors(places_of(self.running.home))
            stack.enter_context(self.running)
            self._load()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def home(self) -> Path:
        """The installation's scratch folder."""
        return self.running.home

    @property
    def is_playing(self) -> bool:
        """Whether people are still under way."""
        return self._playing.is_set()

    def ask(self, query: str, *values: Any) -> Rows:
        """Rows straight from the database, past every proxy."""
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=3) as connection:
            return connection.execute(query, values).fetchall()

    def ask_by_name(self, query: str, values: Mapping[str, Any]) -> Rows:
        """As `ask`, with named values."""
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=3) as connection:
            return connection.execute(query, values).fetchall()

    def now(self) -> datetime:
        """The database's clock."""
        found: datetime = self.ask("SELECT rapport_now()")[0][0]
        return found

    def verify(self) -> list[str]:
        """What `manage.py verify` finds now, with all that was ever acknowledged, and did not find before."""
        file = self.folder / "ledger.jsonl"
        self.ledger.write(file)
        argv = [sys.executable, str(ROOT / "manage.py"), "verify", self.study, "--ledger", str(file), "--json"]
        done = subprocess.run(argv, env=self.running.env, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        report = json.loads(done.stdout)
        assert report["ledger"]["acknowledged"] == len(self.ledger), "the ledger was not read as it was written"
        found = ["{what}: {where}: expected {expected}, found {found}".format(**one) for one in report["differences"]]
        new = [one for one in found if one not in self._known]
        self._known |= set(new)
        return new

    def play(self, people: int, during: Callable[[], None], *, thinking_seconds: float = 0.6) -> Played:
        """Let people play the study while `during` does what it does; every proxy is honest again after it."""
        ledger, began = Ledger(), self.now()
        profile = PEOPLE.with_(thinking_seconds=thinking_seconds)
        minds = [Mind(number, seed=SEED, profile=profile, answers=self.answers) for number in range(people)]
        self._playing.set()
        with ThreadPoolExecutor(1, thread_name_prefix="play") as pool:
            playing = pool.submit(play_minds, self.link, minds, seconds=PLAY_SECONDS, ledger=ledger)
            playing.add_done_callback(lambda _: self._playing.clear())
            try:
                during()
            finally:
                for proxy in self.doors.all():
                    proxy.heal()
            persons = playing.result()
        for entry in ledger:
            self.ledger.add(entry)
        return Played(persons, ledger, began, self.now())

    def _open_doors(self, places: Places) -> None:
        self.database_url, self.redis_url = places.database_url, places.redis_url
        self.doors.pages.target = ("127.0.0.1", self.running.port)
        self.doors.sockets.target = ("127.0.0.1", self.running.port + 1)
        self.doors.database.target = str(places.database_sockets / ".s.PGSQL.5432")
        self.doors.redis.target = str(places.queue_socket)

    def _load(self) -> None:
        home, self.answers = self._write(self.folder)
        self.running.manage("study", "load", str(home), "--open")
        why = "What differs must be told in full."
        self.running.manage("study", "unmask", self.study, "--reason", why)
        self.link = entry_link(self.running, self.study)
