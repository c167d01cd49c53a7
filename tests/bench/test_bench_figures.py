"""The figures of the benchmark are what they are called."""

import asyncio
import os
import time
from collections.abc import Callable

import pytest

from bench import figures
from bench.driver import Crowd, drive
from bench.machine import Meter, Snapshot
from bench.tape import Tape


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentile_is_the_nearest_rank(share: float, expected: int) -> None:
    assert figures.percentile(list(range(100, 0, -1)), share) == expected


def test_percentile_of_few_and_of_nothing() -> None:
    assert figures.percentile([7.0], 0.99) == 7.0
    assert figures.percentile([], 0.99) == 0.0


class Walker:
    """A person who only takes the time."""

    def __init__(self, tape: Tape, seconds: float) -> None:
        self.tape, self.seconds = tape, seconds

    async def run(self) -> None:
        await asyncio.sleep(self.seconds)
        self.tape.finished()


class Stumbler(Walker):
    async def run(self) -> None:
        raise ConnectionError("refused")


def driven(visit: Callable[[Tape, float], Walker], **crowd: float) -> tuple[Tape, float]:
    return asyncio.run(drive(Crowd(at_once=2, total=6, **crowd), visit))


def test_crowd_is_a_closed_loop() -> None:
    tape, seconds = driven(Walker, think_seconds=0.02)
    assert len(tape.completed_ms) == 6
    assert seconds >= 3 * 0.02  # two at once, three times


def test_what_fails_is_counted_and_never_hangs() -> None:
    tape, _ = driven(Stumbler)
    assert (len(tape.completed_ms), tape.errors[0]) == (0, "ConnectionError: refused")
    slow, _ = driven(Walker, think_seconds=60, limit_seconds=0.05)
    assert (len(slow.completed_ms), slow.errors) == (0, [])


def test_meter_counts_the_work_of_a_tree() -> None:
    with Meter(lambda: {"own": os.getpid()}) as meter:
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
    assert meter.cpu_s["own"] >= 0.1
    assert meter.driver_cpu_s >= 0.15
    assert meter.peak_mib > 5
    now = Snapshot()
    assert os.getpid() in now.tree(os.getppid())
    assert os.getpid() not in now.tree(os.getppid(), without=[os.getpid()])
    assert now.cpu_seconds(now.tree(os.getpid())) > 0


def test_cell_and_medians() -> None:
    tape = Tape(pages_ms=[1.0, 2.0, 3.0], completed_ms=[0.0], submitted=12)
    meter = Meter(dict, cpu_s={"pages": 0.5, "postgres": 0.1}, seconds=4.0, driver_cpu_s=1.0)
    one = figures.cell(Crowd(at_once=2, total=2), tape, 2.0, meter)
    assert (one["participants_per_s"], one["cpu_ms_per_participant"], one["driver_cores_busy"]) == (1.0, 300.0, 0.25)
    assert one["note"] == "broken off after 2 s: 1 of 2 were through"
    three = figures.medians([one | {"page_ms_p99": ms, "errors": 1} for ms in (5.0, 9.0, 6.0)])
    assert (three["page_ms_p99"], three["errors"], three["repetitions"]) == (6.0, 3, 3)
