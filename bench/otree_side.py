"""oTree's side: its package in an environment of its own, its production server, and a PostgreSQL of the same build."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import Pids
from bench.otree_talker import OtreeTalker
from bench.otree_visit import OtreeVisit
from bench.statements import messages
from bench.talk import Company
from bench.talk_figures import Stored
from bench.tape import Tape
from config.places import ROOT, places_of
from config.supervisor import database
from config.supervisor.process import Command, Process
from config.supervisor.scratch import two_free_ports

HERE = Path(__file__).parent
PROJECT = HERE / "otree_project"
REQUIREMENTS = HERE / "otree-requirements.txt"
ENVIRONMENT = ROOT / "var" / "bench" / "otree-env"
READY_SECONDS = 60.0


class NotInstalledError(Exception):
    """oTree could not be fetched; the text says why."""


def install() -> Path:
    """Make oTree's environment unless it is there and current; return the folder of its programs.

    Raises:
        NotInstalledError: the package registry could not be reached, or refused.
    """
    programs, stamp = ENVIRONMENT / "bin", ENVIRONMENT / "requirements.txt"
    wanted = REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = [sys.executable, "-m", "uv"]
        env = {"UV_SYSTEM_CERTS": "true", **os.environ}
        packages = ["--python", str(programs / "python"), "--require-hashes", "-r", str(REQUIREMENTS)]
        for argv in (
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
            [*uv, "pip", "install", "--quiet", "--compile-bytecode", *packages],
        ):
            done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotInstalledError(done.stderr.strip()[-600:])
        stamp.write_text(wanted)
    return programs


class OtreeSide:
    """Runs between `with` and its end."""

    name = "otree"

    def __init__(self) -> None:
        self.programs = install()
        self.home = Path(tempfile.mkdtemp(prefix="rapport-otree-"))
        self.home.chmod(0o711)  # as root, PostgreSQL runs under another account and must reach its data
        self.project = self.home / "project"
        self.places = places_of(self.home)
        self.port = two_free_ports()
        self.link = self.talk_link = ""
        self._postgres: Process | None = None
        self._server: Process | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        places = self.places
        command = database.prepare(places).command(log=self.database_log, options=database.DISCREET)
        self._postgres = Process(command)
        database.wait_until_it_answers(database.maintenance_url(places), seconds=READY_SECONDS)
        database.make_database(places)
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__"))  # it leaves files there
        for folder in ("_static/global", "_templates/global"):  # that a project of theirs has, empty
            (self.project / folder).mkdir(parents=True)
        otree, env = str(self.programs / "otree"), self._environment()
        reset = [otree, "resetdb", "--noinput"]
        done = subprocess.run(reset, cwd=self.project, env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            raise NotInstalledError(f"otree resetdb: {done.stderr[-600:]}")
        argv = [otree, "prodserver", f"127.0.0.1:{self.port}"]
        self._server = Process(Command(argv, log=self.home / "otree.log", env=env, folder=self.project))
        self._wait()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DJANGO_"))}
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"  # it starts `otree` by name
        own = {"PATH": path, "OTREE_PRODUCTION": "1", "DATABASE_URL": self.places.database_url, "PYTHONPATH": ""}
        return {**kept, **own}

    def _wait(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                self._call("GET", "/api/otree_version")
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        raise NotInstalledError(f"oTree did not answer: {(self.home / 'otree.log').read_text()[-600:]}")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != http.HTTPStatus.OK:
                raise http.client.HTTPException(f"{answer.status}: {text[:300]}")
            found: dict[str, str] = json.loads(text)
            return found
        finally:
            connection.close()

    @property
    def database_log(self) -> Path:
        """Where its PostgreSQL writes."""
        return self.home / "postgres.log"

    @property
    def database_url(self) -> str:
        """Its database, for questions from outside."""
        return self.places.database_url

    def pids(self) -> Pids:
        """The root of each process tree, by part."""
        assert self._postgres is not None
        assert self._server is not None
        return {"otree": self._server.pid, "postgres": self._postgres.pid}

    def prepare(self, people: int) -> None:
        """Make a session with so many places; its link is the one that visitors open."""
        self.link = self._session("trust", people)

    def _session(self, name: str, people: int) -> str:
        body = {"session_config_name": name, "num_participants": people}
        return self._call("POST", "/api/sessions", body)["session_wide_url"]

    def prepare_talk(self, pairs: int) -> None:
        """Make a session with a place for each who talks."""
        self.talk_link = self._session("talk", 2 * pairs)

    def talker(self, company: Company) -> OtreeTalker:
        """One more person who talks."""
        return OtreeTalker(self.talk_link, company)

    def stored(self) -> Stored:
        """Every message in its table, by channel, in the order of the rows."""
        return messages(self.database_url, "SELECT channel, body FROM otree_chatmessage ORDER BY channel, id")

    def create(self, people: int) -> float:
        """Seconds to make a session for so many people, the answer of the running server included."""
        began = time.perf_counter()
        self.prepare(people)
        return time.perf_counter() - began

    def visit(self, tape: Tape, think_seconds: float) -> OtreeVisit:
        """One more person."""
        return OtreeVisit(self.link, tape, think_seconds)

    def close(self) -> None:
        """End both servers and remove what they wrote."""
        if self._server is not None:
            self._server.stop(signal.SIGTERM, seconds=10)
        if self._postgres is not None:
            self._postgres.stop(signal.SIGINT, seconds=20)
        shutil.rmtree(self.places.run, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)
