"""What goes wrong, on command: processes die, freeze and come back, networks break; each is kept with when it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import redis

from config.places import ROOT
from tests.faults import charges
from tests.faults.armed import hint_files
from tests.faults.rig import Rig

BACK_SECONDS = 45.0
CHARGE_SECONDS = 20.0
HARM_SECONDS = 75.0
LOOK_SECONDS = 0.1
SERVERS = ("redis", "postgres")
PLACES = """
    SELECT DISTINCT v.definition->'waves'->0->'stages'->s.stage->>'id' FROM scheduling_session s
        JOIN participants_participant p ON p.id = s.participant_id JOIN studies_version v ON v.id = p.version_id
        WHERE s.status = 'active' AND v.definition->'waves'->0->'stages'->s.stage->>'kind' <> 'game'
    UNION SELECT DISTINCT 'game/' || m.round || '/' || m.path FROM flow_match m
        JOIN matching_group g ON g.id = m.group_id WHERE m.path <> '' AND g.status = 'active'
"""
"""Where people are: the stage, and in a game the round and the step."""


@dataclass(frozen=True)
class Fault:
    """One thing that went wrong: what, where people were, and when it began and ended, by this host's clock."""

    kind: str
    at: str
    began: datetime
    ended: datetime


class Nemesis:
    """Does harm to a rig and keeps the record."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.faults: list[Fault] = []
        self.at = ""

    @contextmanager
    def recorded(self, kind: str) -> Iterator[None]:
        """Keep what happens in the block as one fault that ends with it."""
        began = now()
        yield
        self.faults.append(Fault(kind, self.at, began, now()))

    # --- when ---

    def wherever_people_come(self, harms: Sequence[Callable[[], object]], *, seconds: float = HARM_SECONDS) -> None:
        """Do the next harm, in turn and over again, whenever somebody is where nobody has been in this play.

        Args:
            seconds: For so long, and until each was done once; then people may finish in peace.
        """
        known: set[str] = set()
        done, until = 0, time.monotonic() + seconds
        while self.rig.is_playing and (done < len(harms) or time.monotonic() < until):
            new = sorted(self._places() - known)
            known |= set(new)
            if new:
                self.at = new[0]
                harms[done % len(harms)]()
                done += 1
            time.sleep(LOOK_SECONDS)
        assert done >= len(harms), f"people came to {done} places only: {sorted(known)}"

    def wait_for(self, place: str) -> bool:
        """Wait until somebody is at a place that begins so; false when everybody has gone home before."""
        while self.rig.is_playing:
            if found := sorted(one for one in self._places() if one.startswith(place)):
                self.at = found[0]
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def rest_while_playing(self) -> None:
        """Let what is switched on go on until everybody has gone home."""
        while self.rig.is_playing:
            time.sleep(LOOK_SECONDS)

    def _places(self) -> set[str]:
        with contextlib.suppress(psycopg.OperationalError):  # just killed
            return {str(place) for (place,) in self.rig.ask(PLACES)}
        return set()

    # --- processes ---

    def kill(self, child: str) -> None:
        """SIGKILL a child of `up`, and wait until it is there again."""
        before = self._living(child)
        with self.recorded(f"kill {child}"):
            os.kill(before, signal.SIGKILL)
            self._wait(lambda: self._is_back(child, before), f"{child} started again")

    def kill_one_worker(self) -> None:
        """SIGKILL one of the pages' workers; their master starts another."""
        master = self._living("pages")
        self._wait(lambda: bool(children_of(master)), "page workers")
        before = children_of(master)
        count = len(before)
        with self.recorded("kill a page worker"):
            os.kill(before[0], signal.SIGKILL)
            self._wait(lambda: len(set(children_of(master)) - {before[0]}) >= count, "another page worker")

    def empty_redis(self) -> None:
        """Redis loses all that the installation has put there."""
        with self.recorded("empty Redis"), redis.Redis.from_url(self.rig.redis_url, socket_timeout=3) as client:
            client.flushdb()

    def empty_and_kill_redis(self) -> None:
        """Redis loses all it has, and dies."""
        self.empty_redis()
        self.kill("redis")

    def freeze(self, *names: str, seconds: float) -> None:
        """Stop children with all they have started, and let them go on."""
        with self.recorded(f"freeze {' and '.join(names)}"):
            pids = [pid for name in names for pid in tree_of(self._living(name))]
            send(pids, signal.SIGSTOP)
            try:
                time.sleep(seconds)
            finally:
                send(pids, signal.SIGCONT)

    def freeze_until_replaced(self, child: str) -> None:
        """Stop a child for longer than the supervisor bears it."""
        with self.recorded(f"freeze {child} until it is replaced"):
            before = self._living(child)
            send(tree_of(before), signal.SIGSTOP)
            self._wait(lambda: self._is_back(child, before), f"{child} replaced")

    def charge(self, child: str, *points: str) -> None:
        """Let processes of `child` die inside, at one point after the other; what nobody comes by is passed over."""
        for point in points:
            fired = charges.lay(self.rig.home, child, point)
            until = time.monotonic() + CHARGE_SECONDS
            while self.rig.is_playing and not fired.exists() and time.monotonic() < until:
                time.sleep(0.02)
            if charges.lift(self.rig.home, child) == [] and fired.exists():
                with self.recorded(f"{child} dies {point}"):
                    pass  # it is over at once: what the process held is free when its lease has run out

    def _living(self, child: str) -> int:
        """The process id of a child, once it is there: it may have died a moment ago."""
        self._wait(lambda: is_alive(self.rig.running.pid(child)), f"{child} alive")
        return self.rig.running.pid(child)

    def _is_back(self, child: str, before: int) -> bool:
        if self.rig.running.pid(child) == before:
            return False
        return child not in SERVERS or self._answers(child)

    def _answers(self, server: str) -> bool:
        try:
            if server == "postgres":
                self.rig.ask("SELECT 1")
            else:
                with redis.Redis.from_url(self.rig.redis_url, socket_timeout=3) as client:
                    client.ping()
        except (psycopg.OperationalError, redis.RedisError):
            return False
        return True

    def _wait(self, is_true: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + BACK_SECONDS
        while not is_true():
            assert time.monotonic() < until, f"not within {BACK_SECONDS} s: {what}\n{self.rig.running.output()[-2000:]}"
            time.sleep(0.05)

    # --- networks, hints, sweepers ---

    def cut(self, door: str, *, seconds: float) -> None:
        """Break every connection through a door and refuse new ones for a while."""
        proxy = getattr(self.rig.doors, door)
        with self.recorded(f"cut {door}"):
            proxy.refuses = True
            proxy.cut()
            time.sleep(seconds)
            proxy.refuses = False

    def hold(self, door: str, *, seconds: float) -> None:
        """Let nothing through a door for a while, without a word, and break what was open at the end."""
        proxy = getattr(self.rig.doors, door)
        with self.recorded(f"blackhole {door}"):
            proxy.holds = True
            time.sleep(seconds)
            proxy.holds = False
            proxy.cut()

    @contextmanager
    def counted(self, kind: str, door: str, count: str) -> Iterator[None]:
        """Keep what a proxy did in the block, each as a fault of the block's length."""
        proxy = getattr(self.rig.doors, door)
        before, began = proxy.counts[count], now()
        yield
        self.faults += [Fault(kind, "", began, began)] * (proxy.counts[count] - before)

    @contextmanager
    def multiplied_hints(self) -> Iterator[None]:
        """Every hint goes out five times, each late by another time."""
        switch, tally = hint_files(self.rig.home)
        tally.write_text("")
        switch.touch()
        began = now()
        try:
            yield
        finally:
            switch.unlink()
            self.faults += [Fault("a hint five times, late", "", began, began)] * len(tally.read_text())

    @contextmanager
    def more_sweepers(self, count: int) -> Iterator[None]:
        """More sweepers beside that of `up`."""
        argv = [sys.executable, str(ROOT / "manage.py"), "sweep"]
        sweepers = [subprocess.Popen(argv, env=self.rig.running.env, stderr=subprocess.DEVNULL) for _ in range(count)]
        try:
            yield
        finally:
            ended = []
            for sweeper in sweepers:
                sweeper.send_signal(signal.SIGTERM)
                ended.append(sweeper.wait(30))
            assert ended == [0] * count


def now() -> datetime:
    """This host's clock; the database of the same host has the same."""
    return datetime.now(UTC)


def is_alive(pid: int) -> bool:
    """Whether there is such a process and it is no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    """The living children of a process."""
    return [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]


def tree_of(pid: int) -> list[int]:
    """A process and all that descend from it; PostgreSQL's are in groups of their own."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            found += children_of(one)
    return found


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
