"""One host: a network namespace, a folder, and processes that are switched on and off together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config.places import ROOT, places_of
from config.supervisor.scratch import NOT_INHERITED
from tests.hosts import signs
from tests.hosts.machine import ended_file
from tests.hosts.network import Namespace, Network
from tests.hosts.signs import NUMBERS, PORT

WORK = ("bots", "jobs", "sweeper")
PROCESSES = {"web": ("pages",), "sockets": ("sockets",), "worker": WORK, "redis": ("redis",), "postgres": ("postgres",)}
WELL_SECONDS = 240.0


class Host:
    """One of the seven."""

    def __init__(self, network: Network, folder: Path, name: str, shared: Mapping[str, str]) -> None:
        self.name, self.network = name, network
        self.namespace = Namespace()
        self.address = network.join(self.namespace, NUMBERS[name])
        self.home = folder / name
        self.home.mkdir(mode=0o711)  # as root, PostgreSQL runs under another account and must reach its data
        kept = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        own = {"RAPPORT_HOME": str(self.home), "RAPPORT_BIND": self.address, "PORT": str(PORT)}
        self.env = {**kept, **shared, **own, "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)])}
        self._machine: subprocess.Popen[bytes] | None = None

    @property
    def processes(self) -> tuple[str, ...]:
        """What runs here."""
        return PROCESSES[self.name.partition("-")[0]]

    def manage(self, *arguments: str) -> str:
        """Run a management command on this host and return what it printed."""
        argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
        run = self.namespace.run
        done = run(subprocess.run, argv, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return str(done.stdout)

    def switch_on(self) -> None:
        """Plug the cable in and start everything."""
        self.network.plug(NUMBERS[self.name], is_in=True)
        argv = [sys.executable, "-m", "tests.hosts.machine", self.name, self.address, *self.processes]
        with (self.home / "machine.txt").open("ab") as output:
            start = self.namespace.run
            self._machine = start(subprocess.Popen, argv, env=self.env, cwd=ROOT, stdout=output, stderr=output)

    def switch_off(self) -> int:
        """As a power cut does: nobody is told that the connections have ended. Returns how many processes died."""
        self.network.plug(NUMBERS[self.name], is_in=False)
        killed: set[int] = set()
        while living := self.namespace.processes():
            for pid in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= set(living)
            self._reap()
            time.sleep(0.02)
        return len(killed)

    def wait_until_well(self) -> None:
        """Until each process of this host answers."""
        until = time.monotonic() + WELL_SECONDS
        while not self._is_well():
            assert time.monotonic() < until, f"{self.name} is not well after {WELL_SECONDS} s: {self.said()[-3000:]}"
            time.sleep(0.2)

    def log(self, process: str) -> str:
        """What a process of this host has written, over all starts."""
        file = places_of(self.home).logs / f"{process}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def said(self) -> str:
        """Everything that this host has written."""
        return (self.home / "machine.txt").read_text() + "".join(self.log(one)[-3000:] for one in self.processes)

    def ended(self) -> str:
        """What ended here by itself."""
        file = ended_file(self.home)
        return file.read_text() if file.exists() else ""

    def _reap(self) -> None:
        if self._machine is not None:
            self._machine.poll()

    def _is_well(self) -> bool:
        ask = self.network.middle.run
        match self.name.partition("-")[0]:
            case "web":
                return ask(signs.page_answers, f"http://{self.address}:{PORT}/readyz")
            case "sockets":
                return ask(signs.page_answers, f"http://{self.address}:{PORT + 1}/livez")
            case "redis":
                return ask(signs.redis_answers)
            case "postgres":
                return ask(signs.database_answers)
        return ask(signs.workers_answer, [f"{queue}@{self.name}" for queue in ("bots", "jobs")])
