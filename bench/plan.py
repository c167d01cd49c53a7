"""What is measured in which size, and in which order."""

import itertools
import os
import platform as machine
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bench import figures
from bench.driver import Crowd, Visit, drive, on_loop
from bench.figures import Figures
from bench.machine import Meter, Pids, Snapshot, calib_ms, calm_down
from bench.statements import Counting, Counts
from bench.tape import Tape

WARM_UP = Crowd(at_once=4, total=12)
COUNTED = Crowd(at_once=10, total=20)
IDLE_SECONDS = 4.0
CREATED_PEOPLE = 2000
Say = Callable[[str], None]


class Side(Protocol):
    """One of those that are compared."""

    name: str

    @property
    def database_url(self) -> str:
        """Its database."""

    @property
    def database_log(self) -> Path:
        """Where its PostgreSQL writes."""

    def pids(self) -> Pids:
        """The root of each process tree, by part."""

    def prepare(self, people: int) -> None:
        """Make room for so many people."""

    def create(self, people: int) -> float:
        """Seconds to make a study for so many people."""

    def visit(self, tape: Tape, think_seconds: float) -> Visit:
        """One more person."""


@dataclass(frozen=True)
class Plan:
    """A size of the benchmark."""

    name: str
    crowds: Sequence[Crowd]
    repetitions: int


THINKING = Crowd(at_once=300, total=300, think_seconds=5, arrive_seconds=20, limit_seconds=60)
QUICK = Plan(
    "quick",
    [
        Crowd(at_once=20, total=40, limit_seconds=20),
        Crowd(at_once=100, total=100, limit_seconds=30),
        THINKING,
    ],
    repetitions=1,
)
SMOKE = Plan("smoke", [Crowd(at_once=4, total=4, limit_seconds=20)], repetitions=1)
FULL = Plan(
    "full",
    [
        Crowd(at_once=20, total=80, limit_seconds=40),
        Crowd(at_once=100, total=200, limit_seconds=60),
        Crowd(at_once=300, total=300, limit_seconds=90),
        replace(THINKING, total=600, limit_seconds=90),
    ],
    repetitions=3,
)


def measured(side: Side, crowd: Crowd, sides: Sequence[Side]) -> Figures:
    """One cell on one side, once both are calm."""
    side.prepare(crowd.total)
    calm_down(lambda: [one for each in sides for pid in each.pids().values() for one in Snapshot().tree(pid)])
    calibration = calib_ms()
    with Meter(side.pids) as meter:
        tape, seconds = on_loop(drive(crowd, side.visit))
    return {"side": side.name, **figures.cell(crowd, tape, seconds, meter), "calib_ms": round(calibration, 1)}


def counted(side: Side) -> Figures:
    """What a page costs in statements and commits, without what the processes do when nobody is there."""
    side.prepare(COUNTED.total)
    with Counting(side.database_url, side.database_log) as idle:
        time.sleep(IDLE_SECONDS)
    with Counting(side.database_url, side.database_log) as busy:
        tape, _ = on_loop(drive(COUNTED, side.visit))
    net = busy.counts.less(idle.counts, busy.seconds / idle.seconds)
    return {
        "side": side.name,
        **per_page(net, tape),
        "idle_queries_per_s": round(idle.counts.queries / idle.seconds, 1),
    }


def per_page(net: Counts, tape: Tape) -> Figures:
    """Counts by submitted page and by request."""
    submitted, requests = max(1, tape.submitted), max(1, tape.requests)
    return {
        "queries_per_submitted_page": round(net.queries / submitted, 1),
        "queries_per_request": round(net.queries / requests, 1),
        "writing_commits_per_submitted_page": round(net.writing_commits / submitted, 2),
        "reading_transactions_per_submitted_page": round(net.reading_commits / submitted, 2),
        "requests_per_participant": round(tape.requests / COUNTED.total, 1),
    }


def in_turns(plan: Plan, sides: Sequence[Side]) -> Iterator[tuple[Side, Crowd]]:
    """Every cell on every side; who comes first alternates."""
    for repetition, (place, crowd) in itertools.product(range(plan.repetitions), enumerate(plan.crowds)):
        for side in sides if (repetition + place) % 2 == 0 else reversed(sides):
            yield side, crowd


def about_machine() -> Figures:
    """When and where something is measured."""
    facts = {"cores": os.cpu_count(), "system": machine.platform(), "python": machine.python_version()}
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": facts}


def run(plan: Plan, sides: Sequence[Side], say: Say) -> Figures:
    """Measure everything; the result holds each cell as it was, and medians."""
    for side in sides:
        side.prepare(WARM_UP.total)
        on_loop(drive(WARM_UP, side.visit))
    say("counting statements")
    counts = [counted(side) for side in sides]
    cells = []
    for side, crowd in in_turns(plan, sides):
        cells.append(measured(side, crowd, sides))
        say(figures.one_line(cells[-1]))
    say("making studies for 2,000 people")
    creation = {side.name: round(side.create(CREATED_PEOPLE), 2) for side in sides}
    return {
        "medians": figures.by_cell(cells),
        "statements": counts,
        "creation_s": creation,
        "cells": cells,
    }
