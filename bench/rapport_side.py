"""Our side: an installation of its own, as `manage.py up` starts it, with the trust study open."""

from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import Pids
from bench.rapport_visit import RapportVisit
from bench.tape import Tape
from tests.machinery.quick import entry_link
from tests.machinery.running import Running

STUDY = Path(__file__).with_name("study")
PARTS = ("pages", "sockets", "bots", "jobs", "sweeper", "redis", "postgres")


class RapportSide:
    """Runs between `with` and its end."""

    name = "ours"

    def __init__(self) -> None:
        self.running = Running()
        self.link = ""

    def __enter__(self) -> Self:
        self.running.__enter__()
        self.running.manage("study", "load", str(STUDY), "--open")
        self.link = entry_link(self.running, "bench-trust")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running.close()

    def pids(self) -> Pids:
        """The root of each process tree, by part."""
        return {part: self.running.pid(part) for part in PARTS}

    def prepare(self, people: int) -> None:
        """Nothing: rows are made as people come."""

    def visit(self, tape: Tape, think_seconds: float) -> RapportVisit:
        """One more person."""
        return RapportVisit(self.link, tape, think_seconds)
