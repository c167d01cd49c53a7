"""What a cell cost: processor time and memory of process trees, and what else the machine did, all read from /proc."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 2.0
CALM_SECONDS = 1.0
CALM_CORES = 0.15
CALM_MOST_SECONDS = 20.0
CALIBRATION_STEPS = 200_000
Pids = Mapping[str, int]


def calib_ms() -> float:
    """How long a fixed loop of Python takes just now: the yardstick between hosts, and between noisy minutes."""
    began = time.perf_counter()
    total = 0
    for step in range(CALIBRATION_STEPS):
        total += step % 7
    return (time.perf_counter() - began) * 1000


class Snapshot:
    """All processes at one moment; read once, because it is read often."""

    def __init__(self) -> None:
        self._stat = {int(name): fields for name in os.listdir("/proc") if name.isdigit() and (fields := _stat(name))}
        self._children: dict[int, list[int]] = {}
        for pid, fields in self._stat.items():
            self._children.setdefault(int(fields[1]), []).append(pid)

    def tree(self, root: int, *, without: Collection[int] = ()) -> list[int]:
        """A process and everything that descends from it, except by way of `without`."""
        found, left = [], [root]
        while left:
            pid = left.pop()
            found.append(pid)
            left += [child for child in self._children.get(pid, []) if child not in without]
        return found

    def cpu_seconds(self, pids: Iterable[int]) -> float:
        """Processor time of processes, of their ended and waited-for children too."""
        known = (self._stat[pid] for pid in pids if pid in self._stat)
        return sum(sum(int(one) for one in fields[11:15]) for fields in known) / TICKS_PER_SECOND


def busy_seconds() -> float:
    """Processor time that all of this machine's cores have spent on anything."""
    user, nice, system, _, _, irq, softirq, steal = (
        int(one) for one in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def _stat(pid: str) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on: 1 is the parent, 11 … 14 are utime, stime, cutime, cstime."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def pss_mib(pid: int) -> float:
    """A process's memory; what several share is divided among them. 0 of one that has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def calm_down(pids: Callable[[], Iterable[int]]) -> None:
    """Wait until what a cell before left to be done is done: until its processes are nearly idle."""
    until = time.monotonic() + CALM_MOST_SECONDS
    before = Snapshot().cpu_seconds(pids())
    while time.monotonic() < until:
        time.sleep(CALM_SECONDS)
        now = Snapshot().cpu_seconds(pids())
        if now - before < CALM_CORES * CALM_SECONDS:
            return
        before = now


@dataclass
class Meter:
    """Measures between `with` and its end.

    Args:
        pids: The roots of the trees, asked anew each time: a process may be started again.
        weighs: Whether to look at memory, too, which costs the driver more than all else that is done here.

    Attributes:
        cpu_s: Seconds of processor time by tree.
        driver_cpu_s: Our own.
        other_cores_busy: Cores' worth of work by anybody else, on average.
        peak_mib: The largest sum of all trees that was seen; one is taken every two seconds.
    """

    pids: Callable[[], Pids]
    weighs: bool = True
    cpu_s: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    driver_cpu_s: float = 0.0
    other_cores_busy: float = 0.0
    peak_mib: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)
    _first: dict[tuple[str, int], float] = field(default_factory=dict)
    _last: dict[tuple[str, int], float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._look()
        self._first = dict(self._last)
        self._before = time.perf_counter(), time.process_time(), busy_seconds()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._sampler.join()
        self._look()
        began, own, busy = self._before
        self.seconds = time.perf_counter() - began
        self.driver_cpu_s = time.process_time() - own
        for (name, pid), spent in self._last.items():  # a part that was started again has two
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + spent - self._first.get((name, pid), 0.0)
        known = self.driver_cpu_s + sum(self.cpu_s.values())
        self.other_cores_busy = max(0.0, busy_seconds() - busy - known) / self.seconds

    def _look(self) -> None:
        now, roots = Snapshot(), self.pids()
        trees = {(name, pid): now.tree(pid, without=roots.values()) for name, pid in roots.items()}
        self._last |= {root: spent for root, pids in trees.items() if (spent := now.cpu_seconds(pids))}
        if self.weighs:
            self.peak_mib = max(self.peak_mib, sum(pss_mib(pid) for pids in trees.values() for pid in pids))

    def _sample(self) -> None:
        while True:
            self._look()
            if self._ended.wait(SAMPLE_SECONDS):
                return
