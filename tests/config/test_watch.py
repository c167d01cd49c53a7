"""Keeping children alive: what is hard to bring about in a whole installation."""

import sys
from pathlib import Path

from config.supervisor.children import Child
from config.supervisor.process import Command
from config.supervisor.watch import Keeper


def test_child_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    """As when the machine has no memory left for a process: that must not end the installation."""
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    command = Command([str(program), "-c", "import time; time.sleep(60)"], log=tmp_path / "log")
    said: list[str] = []
    keeper = Keeper(Child("one", command, lambda: True, patience_seconds=9), say=said.append, pids=tmp_path / "pids")
    keeper.start()
    assert keeper.process is not None
    program.unlink()
    keeper.process.end_group()
    for _ in range(2):
        keeper.tend()  # notices the end, then tries
    assert keeper.process is None
    assert said[-1] == "one: cannot be started (No such file or directory); trying again"
    program.symlink_to(sys.executable)
    keeper.start_at = 0.0
    keeper.tend()
    assert said[-1] == "one: started again"
    keeper.stop()
