"""A real `manage.py up` for tests: own home, own ports, own PostgreSQL and Redis."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from config.places import ROOT, places_of

# What the test run has set for itself must not reach the installation under test.
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "RAPPORT_HOME",
    "RAPPORT_SECRET_KEY",
    "RAPPORT_DB_POOL",
    "DJANGO_SETTINGS_MODULE",
)
READY_SECONDS = 120.0


class Running:
    """Starts `manage.py up` in a scratch home on free ports, and leaves nothing behind.

    Attributes:
        origin: Where its pages are, such as "http://localhost:41234".
        home: Its scratch folder; kept between `stop` and `start`.
        root: The checkout whose commands are run.
        program: What Python is given to start it.
    """

    root = ROOT
    program: Sequence[str] = (str(ROOT / "manage.py"), "up")

    def __init__(self, *arguments: str, variables: dict[str, str] | None = None) -> None:
        self.arguments = arguments
        self.home = Path(tempfile.mkdtemp(prefix="rapport-up-"))
        self.home.chmod(0o711)  # as root, PostgreSQL runs under another account and must reach its data
        self.port = two_free_ports()
        self.origin = f"http://localhost:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.env = {**inherited, "RAPPORT_HOME": str(self.home), "PORT": str(self.port), **(variables or {})}
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
        """Start `up` and wait until it says that it is ready."""
        seen = len(self.output())
        with self.output_file.open("ab") as output:
            argv = [sys.executable, *self.program, *self.arguments]
            self.up = subprocess.Popen(
                argv, env=self.env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.wait_until(lambda: "rapport: ready" in self.output()[seen:], seconds=READY_SECONDS, what="ready")
        return self

    def output(self) -> str:
        """Return what `up` has printed so far."""
        return self.output_file.read_text() if self.output_file.exists() else ""

    def log(self, child: str) -> str:
        """Return the log of one child."""
        return (self.home / "log" / f"{child}.log").read_text()

    def pid(self, child: str) -> int:
        """Return the present process id of a child: pages, sockets, bots, jobs, sweeper, redis or postgres."""
        return int((self.home / "pids" / child).read_text())

    def kill(self, child: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one child and return the id it had; `up` will notice by itself."""
        pid = self.pid(child)
        os.kill(pid, number)
        return pid

    def manage(self, *arguments: str) -> str:
        """Run a management command against this installation and return what it printed."""
        argv = [sys.executable, str(self.root / "manage.py"), *arguments]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def get(self, path: str, *, port: int = 0) -> tuple[int, str]:
        """Ask for a page; returns (status, body), and (0, reason) while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                return 0, str(error)

    def wait_until(self, is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait for something; fail with all that `up` printed when it ends or takes too long."""
        until = time.monotonic() + seconds
        while not is_true():
            ended = self.up is not None and self.up.poll() is not None
            assert not ended, f"`up` ended with {self.up and self.up.returncode} before {what}:\n{self.output()}"
            assert time.monotonic() < until, f"not within {seconds} s: {what}\n{self.output()}"
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 60.0) -> int:
        """Send `up` a signal, wait for its end and return its exit code."""
        assert self.up is not None
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
                self.stop(seconds=60)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.up is not None:
            self.up.wait()
        shutil.rmtree(places_of(self.home).run, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)


def two_free_ports() -> int:
    """Return a port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
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
