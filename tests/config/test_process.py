"""Programs that are run to their end, and what is left of them when they are not."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from config.supervisor.process import Command, run_to_its_end, stops_later


class AskedToStopError(Exception):
    """What the handler of a signal raises here."""


def _ask(_number: int, _frame: FrameType | None) -> None:
    raise AskedToStopError


@pytest.fixture
def asked() -> Iterator[None]:
    """SIGTERM raises `AskedToStopError`."""
    earlier = signal.signal(signal.SIGTERM, _ask)
    yield
    signal.signal(signal.SIGTERM, earlier)


def test_exit_code_and_output_of_a_program(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run_to_its_end(Command([sys.executable, "-c", "print('said'); exit(3)"], log=log)) == 3
    assert log.read_text() == "said\n"


def test_interrupted_program_takes_its_children_with_it(asked: None, tmp_path: Path) -> None:
    """The program starts one child, which ignores polite requests, and then has us stopped."""
    note = tmp_path / "child"
    script = f"trap '' TERM; sleep 300 & echo $! > {note}; kill -TERM {os.getpid()}; wait"
    with pytest.raises(AskedToStopError):
        run_to_its_end(Command(["/bin/sh", "-c", script], log=tmp_path / "log"))
    until = time.monotonic() + 5
    while _lives(int(note.read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _lives(int(note.read_text()))


def test_request_to_stop_waits_until_what_began_is_noted(asked: None) -> None:
    noted = []
    with contextlib.suppress(AskedToStopError), stops_later():
        os.kill(os.getpid(), signal.SIGTERM)
        noted.append("started")
    assert noted == ["started"]


def _lives(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
