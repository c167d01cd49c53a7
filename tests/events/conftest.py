"""Due rows with the tests' own handlers, and child processes on the test's database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from config.places import ROOT
from events import clock
from events.loop import Loop
from events.models import Due

Make = Callable[..., Due]
Spawn = Callable[..., "subprocess.Popen[bytes]"]
WaitFor = Callable[..., float]


@pytest.fixture
def make_due() -> Make:
    """Insert an open row for a handler of `due_handlers`, due after `seconds` (negative: overdue)."""

    def make(handler: str = "effect", *, queue: str = "jobs", seconds: float = 0.0, **facts: Any) -> Due:
        at = clock.now() + timedelta(seconds=seconds)
        number = Due.objects.count()
        return Due.objects.create(
            reaction=f"tests.events.due_handlers.{handler}",
            queue=queue,
            key=f"{handler}-{number}",
            facts=facts,
            run_after=at,
            created_at=min(at, clock.now()),
        )

    return make


@pytest.fixture
def bots_loop() -> Iterator[Loop]:
    """A running loop, stopped at the end of the test."""
    loop = Loop("bots")
    loop.start()
    yield loop
    assert loop.stop(timeout_seconds=10)


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python code with Django set up on the test's database; killed at the end of the test."""
    children: list[subprocess.Popen[bytes]] = []

    def start(code: str, **variables: str) -> subprocess.Popen[bytes]:
        found = connection.settings_dict
        address = f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}"
        setup = (
            f"import sys; sys.path[1:1] = [{str(ROOT / 'platform')!r}, {str(ROOT)!r}]\nimport django; django.setup()\n"
        )
        environment = {**os.environ, "DATABASE_URL": address, **variables}
        child = subprocess.Popen([sys.executable, "-c", setup + code], env=environment, cwd=ROOT)
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


def wait_for(is_so: Callable[[], bool], *, seconds: float) -> float:
    """Poll until `is_so`; return the seconds it took, fail after `seconds`."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < seconds, f"not so within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.fixture(name="wait_for")
def wait_for_fixture() -> WaitFor:
    """`wait_for`, for tests that cannot import a conftest."""
    return wait_for
