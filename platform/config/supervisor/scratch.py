"""A whole installation for a while: own home, own ports, own PostgreSQL and Redis, nothing left behind."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from config.places import ROOT, places_of
from config.refusal import SetupError
from config.supervisor.process import die_with_parent

# What whoever starts it has set for itself must not reach the installation.
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "RAPPORT_HOME",
    "RAPPORT_MODE",
    "RAPPORT_BIND",
    "RAPPORT_ORIGIN",
    "RAPPORT_SOCKET_ORIGIN",
    "RAPPORT_SECRET_KEY",
    "RAPPORT_DB_POOL",
    "DJANGO_SETTINGS_MODULE",
)
# Names the data of a PostgreSQL that does not run and has been migrated: tests start so many that it must not be done
# anew each time. Whatever a scratch installation starts in its turn begins with a copy, too.
READY_CLUSTER = "RAPPORT_READY_CLUSTER"
READY_SECONDS = 240.0  # a machine that does much else needs long for all migrations
STOP_SECONDS = 60.0

LOWEST_PORT, HIGHEST_PORT = 15_000, 32_000


class Scratch:
    """Starts `manage.py up` in a scratch home on free ports, and ends it. Use it from the main thread.

    Args:
        arguments: Of `up`.
        variables: For the environment of everything in it.

    Attributes:
        home: Its scratch folder; kept between `stop` and `start`, removed by `close`.
        port: Of its pages; the sockets take the next one.
        origin: Where its pages are, such as "http://localhost:41234".
        env: The environment in which commands reach it.
        up: The process, once started.
        root: The checkout whose commands are run.
        program: What Python is given to start it.
    """

    root = ROOT
    program: Sequence[str] = (str(ROOT / "manage.py"), "up")

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self.arguments = arguments
        self.home = Path(tempfile.mkdtemp(prefix="rapport-up-"))
        self.home.chmod(0o711)  # as root, PostgreSQL runs under another account and must reach its data
        self.port = two_free_ports()
        self.origin = f"http://localhost:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        own = {"RAPPORT_HOME": str(self.home), "PORT": str(self.port), "RAPPORT_MOST_ENTRIES_PER_ADDRESS": "0"}
        self.env = {**inherited, **own, **(variables or {})}  # everybody comes from this machine
        self.up: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def output_file(self) -> Path:
        """What `up` has printed, over all starts."""
        return self.home / "up.txt"

    def start(self) -> Self:
        """Start `up` and wait until it says that it is ready.

        Raises:
            SetupError: "not_ready", with all that it printed.
        """
        self._lay_cluster()
        seen = len(self.output())
        with self.output_file.open("ab") as output:
            self.up = subprocess.Popen(  # noqa: S603  our own argv
                [sys.executable, *self.program, *self.arguments],
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for whoever uses it
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  only the main thread forks
            )
        self.wait_until(lambda: "rapport: ready" in self.output()[seen:], seconds=READY_SECONDS, what="ready")
        return self

    def _lay_cluster(self) -> None:
        """Begin with a copy of the cluster that the environment names; not where there are data already."""
        ready, data = self.env.get(READY_CLUSTER, ""), places_of(self.home).database
        if ready and "DATABASE_URL" not in self.env and not data.exists():
            subprocess.run(["cp", "-a", ready, str(data)], check=True)  # noqa: S603,S607  keeps whose the files are

    def output(self) -> str:
        """Return what `up` has printed so far."""
        return self.output_file.read_text() if self.output_file.exists() else ""

    def manage(self, *arguments: str) -> str:
        """Run a management command against this installation and return what it printed.

        Raises:
            SetupError: "command_failed", with all that it printed.
        """
        argv = [sys.executable, str(self.root / "manage.py"), *arguments]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)  # noqa: S603  our own argv
        if done.returncode:
            said = f"{done.stdout}{done.stderr}"
            raise SetupError("command_failed", f"{' '.join(arguments)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def wait_until(self, is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait for something while `up` lives.

        Raises:
            SetupError: "not_ready" when `up` ends or it takes too long, with all that it printed.
        """
        until = time.monotonic() + seconds
        while not is_true():
            if self.up is not None and self.up.poll() is not None:
                told = f"`up` ended with {self.up.returncode} before {what}"
                raise SetupError("not_ready", f"{told}:\n{self.output()}")
            if time.monotonic() > until:
                raise SetupError("not_ready", f"not within {seconds:.0f} s: {what}\n{self.output()}")
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = STOP_SECONDS) -> int:
        """Send `up` a signal, wait for its end and return its exit code."""
        if self.up is None:
            return 0
        self.up.send_signal(number)
        return self.up.wait(seconds)

    def processes(self) -> list[int]:
        """Return the ids of all living processes of this installation, found by its home."""
        home = os.fsencode(self.home)
        return [pid for pid in _all_pids() if _is_alive(pid) and _belongs(pid, home)]

    def close(self) -> None:
        """End whatever still lives and remove the scratch folder."""
        if self.up is not None and self.up.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.up is not None:
            self.up.wait()
        shutil.rmtree(places_of(self.home).run, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)


def two_free_ports() -> int:
    """Return a port that is free together with the next one.

    Not one that the machine would give to an outgoing connection: seconds pass before a server takes it.
    """
    while True:
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _belongs(pid: int, home: bytes) -> bool:
    # PostgreSQL and Redis write their titles over their environment, but keep the home in the command line.
    return home in _read(f"/proc/{pid}/cmdline") or b"RAPPORT_HOME=" + home in _read(f"/proc/{pid}/environ").split(
        b"\0"
    )


def _is_alive(pid: int) -> bool:
    status = _read(f"/proc/{pid}/stat")
    return bool(status) and b") Z" not in status


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
