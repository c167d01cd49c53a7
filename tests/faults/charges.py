"""Charges: a process that passes a named point at which one lies kills itself, as the kernel would, once.

A charge is a file; whoever renames it first is the one that dies. So a test lays charges in an installation that runs.
"""

import os
import signal
import time
from pathlib import Path

FORM, FORMING, JOB, TURN, MESSAGE = "a form", "forming", "a job", "a turn", "a message"
POINTS = {
    "pages": [
        *(f"{when} the commit of {what}" for what in (FORM, FORMING) for when in ("before", "after")),
        "before the answer",
    ],
    "sockets": ["while joining", "before passing a pointer on"],
    "bots": [
        *("before claiming", "after claiming", "while deciding"),
        *("before the commit of a turn", "after the commit of a turn"),
    ],
    "jobs": ["before claiming", "after claiming", "before the commit of a job", "after the commit of a job"],
}
POINTS["sweeper"] = POINTS["jobs"]
"""Where a process of each kind can die."""
IN_TALKS = [f"{when} the commit of {MESSAGE}" for when in ("before", "after")]
"""Where one that serves sockets can, in a study in which people talk."""
IN_CALLS = ["during a call", "after a call"]
"""Where a worker of bots can, in a study whose programs are language models."""


def folder_in(home: Path) -> Path:
    """Where the charges of an installation lie."""
    return home / "charges"


def lay(home: Path, child: str, point: str) -> Path:
    """Let the next process of `child` that passes `point` die there; return the file that appears when it has."""
    assert point in [*POINTS[child], *IN_TALKS, *IN_CALLS], f"{child} has no point {point!r}"
    folder_in(home).mkdir(exist_ok=True)
    fired = folder_in(home) / f"{child}.{point}.fired"
    fired.unlink(missing_ok=True)
    fired.with_suffix("").touch()
    return fired


def lift(home: Path, child: str) -> list[str]:
    """Take away the charges of `child` that nobody has passed, and return their names."""
    left = [file for file in folder_in(home).glob(f"{child}.*") if file.suffix != ".fired"]
    for file in left:
        file.unlink(missing_ok=True)
    return [file.name for file in left]


def passing(home: Path, child: str, point: str) -> None:
    """Die here, if a charge lies here."""
    file = folder_in(home) / f"{child}.{point}"
    try:
        file.rename(f"{file}.fired")
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
