"""`manage.py play PLAN`: what `manage.py simulate` runs inside the scratch installation that it has started."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.clock import ClockError
from simulation.errors import SimulationError
from simulation.play import Plan, Progress, run
from studies.problems import StudyError

WIDTH = 20  # of the bar, in characters
LINE_SECONDS = 0.2  # between two pictures of the line on a terminal
LOG_SECONDS = 15.0  # between two lines where nobody watches


class Command(BaseCommand):
    help = "Play a plan of `manage.py simulate`, in the installation that it has started. Not for use by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the plan's file."""
        parser.add_argument("plan", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Play to the end, or until Ctrl-C; either way what was reached is written down."""
        stop = threading.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGINT, end)
        plan = Plan.model_validate_json(options["plan"].read_text(encoding="utf-8"))
        line = Line(self, is_watched=self.stdout.isatty())
        try:
            run(plan, tell=line.show, stop=stop)
        except (ClockError, SimulationError, StudyError) as error:
            raise CommandError(str(error)) from error
        finally:
            line.close()


class Line:
    """The one line that tells how far it is; a new one now and then where nobody watches."""

    def __init__(self, command: Command, *, is_watched: bool) -> None:
        self._command = command
        self._is_watched = is_watched
        self._began = time.monotonic()
        self._next = 0.0
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Draw, unless it was drawn a moment ago."""
        self._last = progress
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (LINE_SECONDS if self._is_watched else LOG_SECONDS)
            self._draw(progress)

    def close(self) -> None:
        """Draw the end, and leave the line."""
        if self._last is not None:
            self._draw(self._last)
            self._write("\n" if self._is_watched else "")

    def _draw(self, at: Progress) -> None:
        full = WIDTH * at.done // at.people
        minutes, seconds = divmod(int(at.seconds), 60)
        told = (
            f"[{'#' * full}{'.' * (WIDTH - full)}] {at.done} of {at.people} done, {at.arrived} came, {at.forms} forms, "
            f"{minutes}:{seconds:02} of the study's time, {time.monotonic() - self._began:.0f} s"
        )
        self._write(f"\r{told}" if self._is_watched else f"{told}\n")

    def _write(self, text: str) -> None:
        self._command.stdout.write(text, ending="")
        self._command.stdout.flush()
