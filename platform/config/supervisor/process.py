"""One child process: started in its own session, dying with its parent, stopped as a whole group."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
ASKS_TO_STOP = (signal.SIGINT, signal.SIGTERM)
LARGEST_LOG_BYTES = 50_000_000


@dataclass(frozen=True)
class Owner:
    """The unprivileged account that runs PostgreSQL when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """How to start a child.

    Attributes:
        orphan_signal: What the kernel sends it when its parent dies, however suddenly.
    """

    argv: Sequence[str]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    folder: Path | None = None
    orphan_signal: signal.Signals = signal.SIGKILL


class Process:
    """A started child."""

    def __init__(self, command: Command) -> None:
        owner = command.owner
        command.log.parent.mkdir(parents=True, exist_ok=True)
        if command.log.exists() and command.log.stat().st_size > LARGEST_LOG_BYTES:
            command.log.replace(command.log.with_suffix(".old.log"))
        with command.log.open("ab") as log:
            self.popen = subprocess.Popen(  # noqa: S603  our own argv; only the main thread forks
                list(command.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=command.folder,
                env={**os.environ, **command.env},
                user=owner.uid if owner else None,
                group=owner.gid if owner else None,
                extra_groups=[] if owner else None,
                start_new_session=True,
                preexec_fn=die_with_parent(command.orphan_signal),  # noqa: PLW1509  only the main thread forks
            )
        self.started = time.monotonic()

    @property
    def pid(self) -> int:
        """The child's process id, which is also its group's."""
        return self.popen.pid

    @property
    def age_seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def has_ended(self) -> bool:
        """Whether the child itself is gone (its own children may linger: see `end_group`)."""
        return self.popen.poll() is not None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the child alone."""
        if not self.has_ended():
            self.popen.send_signal(number)

    def end_group(self) -> None:
        """Kill what is left of the child's group: workers that outlive their killed parent would keep its port."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self, number: signal.Signals, *, seconds: float) -> int:
        """Ask the child to end, wait up to `seconds`, then kill its group; return its exit code."""
        self.send(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.end_group()
        return self.popen.returncode


def run_to_its_end(command: Command) -> int:
    """Run a program and return its exit code; what interrupts it ends its children too, which else would outlive it."""
    process = None
    try:
        with stops_later():
            process = Process(command)
        return process.popen.wait()
    finally:
        if process is not None:
            process.end_group()


@contextlib.contextmanager
def stops_later() -> Iterator[None]:
    """Hold back requests to stop: a child that has started, but is not noted yet, would be lost. For the main thread.

    A mask would not do: the kernel hands a signal to any thread that takes it, and Python handles it in this one.
    """
    held: list[int] = []
    earlier = {number: signal.signal(number, lambda number, _: held.append(number)) for number in ASKS_TO_STOP}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
        for sent in held:
            signal.raise_signal(sent)


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs before its program, so that the kernel signals it when the parent dies (Linux only).

    The kernel watches the *thread* that forked, so children are started by the main thread only.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the request was made
            os._exit(1)

    return prepare
