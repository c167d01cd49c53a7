"""Our side: an installation of its own, as `manage.py up` starts it, with the trust study open."""

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import Pids
from bench.rapport_talker import RapportTalker
from bench.rapport_visit import RapportVisit
from bench.statements import messages
from bench.talk import Company
from bench.talk_figures import Stored
from bench.tape import Tape
from config.places import places_of
from config.supervisor.scratch import Scratch

STUDY = Path(__file__).with_name("study")
TALK_STUDY = Path(__file__).with_name("talk_study")
PARTS = ("pages", "sockets", "bots", "jobs", "sweeper", "redis", "postgres")


class RapportSide:
    """Runs between `with` and its end."""

    name = "ours"

    def __init__(self) -> None:
        self.running = Scratch()
        self.link = self.talk_link = ""

    def __enter__(self) -> Self:
        self.running.__enter__()
        self.running.manage("study", "load", str(STUDY), "--open")
        self.link = self.running.manage("study", "link", "bench-trust").split()[-1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running.close()

    def pids(self) -> Pids:
        """The root of each process tree, by part."""
        assert self.running.up is not None
        children = {part: int((self.running.home / "pids" / part).read_text()) for part in PARTS}
        return {"supervisor": self.running.up.pid, **children}

    def prepare(self, people: int) -> None:
        """Nothing: rows are made as people come."""

    def create(self, people: int) -> float:
        """Seconds to check, freeze and open another study and make a link for each person, as two commands."""
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(shutil.copytree(STUDY, Path(scratch) / "study"))
            text = (copy / "study.yaml").read_text()
            (copy / "study.yaml").write_text(text.replace("id: bench-trust", "id: bench-large"))
            began = time.perf_counter()
            self.running.manage("study", "load", str(copy), "--open")
            self.running.manage("study", "link", "bench-large", "--single", str(people))
            return time.perf_counter() - began

    @property
    def database_url(self) -> str:
        """Its database, for questions from outside."""
        return places_of(self.running.home).database_url

    @property
    def database_log(self) -> Path:
        """Where its PostgreSQL writes."""
        return places_of(self.running.home).logs / "postgres.log"

    def prepare_talk(self, pairs: int) -> None:
        """Load the study of conversations, once; rows are made as people come."""
        if not self.talk_link:
            self.running.manage("study", "load", str(TALK_STUDY), "--open")
            self.talk_link = self.running.manage("study", "link", "bench-talk").split()[-1]

    def talker(self, company: Company) -> RapportTalker:
        """One more person who talks."""
        return RapportTalker(self.talk_link, company)

    def stored(self) -> Stored:
        """Every message in its table, by conversation, by its number there."""
        return messages(self.database_url, "SELECT conversation_id, text FROM chat_entry ORDER BY conversation_id, seq")

    def visit(self, tape: Tape, think_seconds: float) -> RapportVisit:
        """One more person."""
        return RapportVisit(self.link, tape, think_seconds)
