"""How many replies of models a worker holds at once, and what they take: an installation, and a stub for the model.

PostgreSQL, Redis and the Celery worker of bots run as `manage.py up` starts them, without pages and sockets; the
library asks the stub over HTTP. Those who write are a process that stores their messages as sockets do.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import psycopg

from bench import reply_figures
from bench.figures import Figures
from bench.machine import Meter, Pids, Snapshot, calib_ms, calm_down
from bench.plan import Say
from bench.reply_figures import FEW_CELL, HELD_CELL, LIMITED_CELL, TWO_CELL, Answered, Seen
from config.places import ROOT, places_of
from config.supervisor.children import argv_of
from config.supervisor.scratch import Scratch

STUDY = "bench-replies"
FOLDER = Path(__file__).with_name("reply_study")
MODEL_SECONDS = 1.0
PARTS = ("bots", "jobs", "sweeper", "redis", "postgres")
SECOND = "bots2"
LOOK_SECONDS = 0.02
READY_SECONDS = 90.0
LIMIT = "budget={study: {hard_tokens: 1000000000000}}"
"""Of the whole study, never reached: each call sets aside and settles under one row."""

REPLIES = """
SELECT 1000 * extract(epoch FROM said.at - asked.at), 1000 * extract(epoch FROM call.at - asked.at), call.latency_ms
FROM chat_entry said
JOIN matching_seat seat ON seat.id = said.seat_id AND seat.occupant = 'model'
JOIN matching_group company ON company.id = seat.group_id
JOIN studies_version version ON version.id = company.version_id
JOIN chat_conversation talk ON talk.id = said.conversation_id
JOIN chat_entry asked ON asked.conversation_id = said.conversation_id AND asked.seq = said.seq - 1
JOIN bots_botturn turn ON turn.match_id = talk.match_id AND turn.path = talk.path AND turn.seat_id = said.seat_id
JOIN llm_call call ON call.outcome = 'ok'
    AND call.scope = 'study:' || version.study_id || '/turn:' || turn.id || ':' || (said.seq - 1) / 2
WHERE said.at >= %(began)s AND said.at < %(ended)s
"""
"""Of each reply that was stored between two instants. The two of a talk speak in turns, and the model begins."""
FAILED = """
SELECT (SELECT count(*) FROM llm_call WHERE at >= %(began)s AND outcome NOT IN ('ok', 'open'))
     + (SELECT count(*) FROM bots_failedturn WHERE at >= %(began)s)
     + (SELECT count(*) FROM events_event WHERE at >= %(began)s AND kind = 'due.failed')
"""
AT_ACCOUNT = """
SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND query LIKE '%llm_account%' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class ReplyPlan:
    """A size.

    Attributes:
        talks: Conversations at once, in each of which a reply is under way at any moment.
        few: The same where the time of a reply is looked at.
        ramp: Seconds before it is measured.
        seconds: For which it is.
    """

    name: str
    talks: int
    few: int
    ramp: float
    seconds: float


QUICK = ReplyPlan("quick", talks=200, few=50, ramp=3, seconds=8)
FULL = ReplyPlan("full", talks=200, few=50, ramp=8, seconds=60)
SMOKE = ReplyPlan("smoke", talks=4, few=2, ramp=1, seconds=3)
SIZES = {one.name: one for one in (QUICK, FULL, SMOKE)}


class Program:
    """One of our own modules as a process, which ends with the block.

    Args:
        log: Where it writes what it has to say; None: what it prints is read here.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], log: Path | None = None) -> None:
        self.argv, self.log = argv, log
        paths = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
        self.env = {**env, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "config.settings"}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as files:
            output: Any = files.enter_context(self.log.open("ab")) if self.log else subprocess.PIPE
            errors = output if self.log else None
            self.process = subprocess.Popen(
                list(self.argv), env=self.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=errors
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def read(self) -> str:
        """The next line that it prints.

        Raises:
            RuntimeError: it has ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        if not line:
            raise RuntimeError(f"{' '.join(self.argv[1:])} has ended: {self.process.wait(10)}")
        return line

    def do(self, **task: Any) -> dict[str, Any]:
        """Give it a task, and wait for what came of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        self.process.stdin.flush()
        done: dict[str, Any] = json.loads(self.read())
        return done


@dataclass
class AtAccounts:
    """Looks all the time, between `with` and its end, at who is at the row of a limit, and who waits for one."""

    url: str
    looks: list[tuple[int, int]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._ended.wait(LOOK_SECONDS):
                there, waiting = connection.execute(AT_ACCOUNT).fetchall()[0]
                self.looks.append((there, waiting))


class Bench:
    """An installation, a stub and those who write, between `with` and its end."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as running:
            argv = [sys.executable, "-m", "bench.model_stub", str(MODEL_SECONDS)]
            self.model = running.enter_context(Program(argv, os.environ))
            self.model_url = f"http://127.0.0.1:{int(self.model.read())}/v1"
            asked = {"RAPPORT_LLM_BASE": self.model_url, "RAPPORT_LLM_BASES": self.model_url}
            self.up = running.enter_context(Scratch("--without", "pages,sockets", variables=asked))
            self.up.manage("study", "load", str(FOLDER))
            argv = [sys.executable, "-m", "bench.reply_crowd", STUDY]
            self.crowd = running.enter_context(Program(argv, {**self.up.env, "RAPPORT_LOG_LEVEL": "WARNING"}))
            self.second: Program | None = None
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def database_url(self) -> str:
        """Its database, for questions from outside."""
        return places_of(self.up.home).database_url

    def workers(self) -> Pids:
        """Those that hold the replies."""
        more = {SECOND: self.second.process.pid} if self.second else {}
        return {"bots": int((self.up.home / "pids" / "bots").read_text()), **more}

    def pids(self) -> Pids:
        """The root of each process tree, by part."""
        assert self.up.up is not None
        children = {part: int((self.up.home / "pids" / part).read_text()) for part in PARTS}
        driving = {"crowd": self.crowd.process.pid, "model": self.model.process.pid}
        return {"supervisor": self.up.up.pid, **children, **driving, **self.workers()}

    def log_of(self, worker: str) -> Path:
        """What a worker writes."""
        return self.up.home / "log" / f"{worker}.log"

    def taken_ms(self, began: datetime, ended: datetime) -> list[float]:
        """How long turns took that workers delivered between two instants."""
        logs = (self.log_of(worker) for worker in self.workers())
        return [
            taken
            for log in logs
            for taken in reply_figures.taken_in(log.read_text(errors="replace").splitlines(), began, ended)
        ]

    def told_by_model(self) -> dict[str, int]:
        """What the stub has counted since it was last asked."""
        with urlopen(f"{self.model_url}/told", timeout=10) as answer:
            told: dict[str, int] = json.load(answer)
        return told

    @contextlib.contextmanager
    def second_worker(self, few: int) -> Iterator[None]:
        """Another worker of bots beside that of `up`, once it has said something."""
        argv = [*argv_of("bots")[:-1], f"{SECOND}@%h"]
        env = {**self.up.env, "RAPPORT_DB_POOL": "pool", "RAPPORT_HASHED_STATIC": "1"}
        with Program(argv, env, self.log_of(SECOND)) as second:
            self.second = second
            until = time.monotonic() + READY_SECONDS
            while '"delivered"' not in self.log_of(SECOND).read_text(errors="replace"):
                if time.monotonic() > until or second.process.poll() is not None:
                    raise RuntimeError(f"the second worker took no turn: see {self.log_of(SECOND)}")
                self.crowd.do(do="talk", talks=few, ramp=0, seconds=1)
            try:
                yield
            finally:
                self.second = None


def run(plan: ReplyPlan, say: Say) -> Figures:
    """Measure everything; the result holds each cell as it was."""
    began = time.monotonic()
    with Bench() as bench:
        opened = bench.crowd.do(do="gather", talks=plan.talks)["talks"]
        if opened < plan.talks:
            raise RuntimeError(f"{opened} of {plan.talks} conversations were opened: see {bench.log_of('bots')}")
        cells = []
        for one in _cells(bench, plan):
            cells.append(one)
            say(reply_figures.one_line(one))
    return {
        "size": plan.name,
        "model_seconds": MODEL_SECONDS,
        "cells": cells,
        "second": reply_figures.ratio(cells, TWO_CELL, HELD_CELL),
        "limited": reply_figures.ratio(cells, LIMITED_CELL, HELD_CELL),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def _cells(bench: Bench, plan: ReplyPlan) -> Iterator[Figures]:
    """One worker with all conversations and with few, two workers, and one again under a limit of the whole study."""
    many, few = f"{plan.talks} replies under way", f"{plan.few} replies under way"
    yield _measured(bench, plan, plan.talks) | {"is": HELD_CELL, "cell": f"{many}, one worker"}
    yield _measured(bench, plan, plan.few) | {"is": FEW_CELL, "cell": f"{few}, one worker"}
    with bench.second_worker(plan.few):
        yield _measured(bench, plan, plan.talks) | {"is": TWO_CELL, "cell": f"{many}, two workers"}
    bench.up.manage("study", "amend", STUDY, "--set", LIMIT, "--reason", "to be measured")
    yield _measured(bench, plan, plan.talks) | {"is": LIMITED_CELL, "cell": f"{many}, one worker, a study's limit"}


def _measured(bench: Bench, plan: ReplyPlan, talks: int) -> Figures:
    calm_down(lambda: [one for pid in bench.pids().values() for one in Snapshot().tree(pid)])
    calibration, _ = calib_ms(), bench.told_by_model()
    with (
        Meter(bench.workers) as worker,
        Meter(bench.pids, weighs=False) as meter,
        AtAccounts(bench.database_url) as rows,
    ):
        done = bench.crowd.do(do="talk", talks=talks, ramp=plan.ramp, seconds=plan.seconds)
    began, ended = (datetime.fromisoformat(done[what]) for what in ("began", "ended"))
    replies, failed = _stored(bench.database_url, began, ended)
    seen = Seen(
        seconds=(ended - began).total_seconds(),
        model_ms=1000 * MODEL_SECONDS,
        replies=replies,
        in_all=done["said"] - done["unanswered"],
        taken_ms=bench.taken_ms(began, ended),
        failed=failed + done["refused"],
        unanswered=done["unanswered"],
        most_at_once=bench.told_by_model()["most_at_once"],
        at_account=rows.looks,
    )
    return reply_figures.cell(seen, meter, worker) | {"talks": talks, "calib_ms": round(calibration, 1)}


def _stored(url: str, began: datetime, ended: datetime) -> tuple[list[Answered], int]:
    """The replies that were stored between two instants, and what has failed since the first."""
    between = {"began": began, "ended": ended}
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(REPLIES, between).fetchall()
        failed = connection.execute(FAILED, between).fetchall()[0][0]
    return [Answered(*map(float, row)) for row in rows], int(failed)
