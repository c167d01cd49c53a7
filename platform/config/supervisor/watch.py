"""Keeping children alive: start again what died, and what exists but no longer works."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.supervisor.children import Child
from config.supervisor.process import Process, stops_later

LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
ROUND_SECONDS = 3.0
FIRST_ANSWER_SECONDS = 75.0

Say = Callable[[str], None]


class Keeper:
    """Keeps one child running. Used by the main thread, except for `ask`."""

    def __init__(self, child: Child, *, say: Say, pids: Path) -> None:
        self.child = child
        self.say = say
        self.pid_file = pids / child.name
        self.process: Process | None = None
        self.pause_seconds = 0.0
        self.start_at = 0.0
        # None while well; otherwise when it first failed to answer. Not "when it last answered": if we ourselves were
        # stopped for a while, all answers would look old and everything would be killed.
        self.unwell_since: float | None = None
        self.was_well = False

    def start(self) -> None:
        """Start the child."""
        with stops_later():
            self.process = Process(self.child.command)
        self.unwell_since = None
        self.was_well = False
        self.pid_file.parent.mkdir(exist_ok=True)
        draft = self.pid_file.with_name(f".{self.pid_file.name}")
        draft.write_text(str(self.process.pid))
        draft.replace(self.pid_file)  # whoever reads it finds the old number or the new one, never none

    def ask(self) -> None:
        """Ask the child for a sign of life (in the asking thread: it may block)."""
        asked = self.process
        if asked is None:
            return
        is_well = self.child.is_well()
        if asked is not self.process:  # replaced meanwhile: the answer is about its predecessor
            return
        self.was_well = self.was_well or is_well
        self.unwell_since = None if is_well else self.unwell_since or time.monotonic()

    def tend(self) -> None:
        """Do what is due: restart a dead child after a pause, kill a silent one."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self._start_again()
        elif self.process.has_ended():
            self._bury(f"ended with code {self.process.popen.returncode}")
        elif self.unwell_since and time.monotonic() - self.unwell_since > self.patience_seconds:
            self._bury(f"has not answered for {self.patience_seconds:.0f} s and was killed")

    def _start_again(self) -> None:
        """Start the child. The machine may lack memory for it just now: the others must live on."""
        try:
            self.start()
        except OSError as error:
            self._rest()
            self.say(f"{self.child.name}: cannot be started ({error.strerror}); trying again")
        else:
            self.say(f"{self.child.name}: started again")

    @property
    def patience_seconds(self) -> float:
        """How long it may be unwell; longer before its first answer, because a slow machine starts slowly."""
        return self.child.patience_seconds if self.was_well else max(self.child.patience_seconds, FIRST_ANSWER_SECONDS)

    def _bury(self, what_happened: str) -> None:
        process = self.process
        assert process is not None
        process.end_group()
        self.process = None
        if process.age_seconds > STEADY_SECONDS:
            self.pause_seconds = 0.0
        self.say(f"{self.child.name}: {what_happened}; starting it again in {self.pause_seconds:.0f} s")
        self._rest()

    def _rest(self) -> None:
        """Start it no sooner than after a pause, which grows."""
        self.start_at = time.monotonic() + self.pause_seconds
        self.pause_seconds = min(max(1.0, self.pause_seconds * 2), LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """Send the polite signal."""
        if self.process:
            self.process.send(self.child.stop_signal)

    def stop(self) -> None:
        """Stop the child and whatever it started."""
        if self.process:
            self.process.stop(self.child.stop_signal, seconds=self.child.stop_seconds)
            self.process = None
        self.pid_file.unlink(missing_ok=True)


class Watch:
    """All children of one installation, in the order in which they were started."""

    def __init__(self, *, say: Say, pids: Path) -> None:
        self.say = say
        self.pids = pids
        self.keepers: list[Keeper] = []
        self.is_over = threading.Event()

    def add(self, child: Child) -> Keeper:
        """Start a child and keep it from now on. Questions go out from a thread of their own: they may block."""
        keeper = Keeper(child, say=self.say, pids=self.pids)
        self.keepers.append(keeper)
        keeper.start()
        threading.Thread(target=self._keep_asking, args=(keeper,), daemon=True).start()
        return keeper

    def tend_forever(self) -> None:
        """Tend all children until a signal ends the caller."""
        while True:
            for keeper in self.keepers:
                keeper.tend()
            time.sleep(0.25)

    def _keep_asking(self, keeper: Keeper) -> None:
        while not self.is_over.wait(ROUND_SECONDS):
            keeper.ask()

    def stop(self, *, layers: list[list[str]]) -> None:
        """Stop layer after layer; within one, all are asked before any is waited for."""
        self.is_over.set()
        for names in layers:
            layer = list(self._named(names))
            for keeper in layer:
                keeper.ask_to_stop()
            for keeper in layer:
                keeper.stop()

    def _named(self, names: list[str]) -> Iterator[Keeper]:
        return (keeper for keeper in reversed(self.keepers) if keeper.child.name in names)
