"""`manage.py verify STUDY`: are the tables true to each other, and to what simulated people were told?"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulation.ledger import Ledger
from studies.problems import StudyError
from studies.queries import study_named
from verification.check import LATE_AFTER_SECONDS, check

DIFFERS, UNUSABLE = 1, 2  # status at the end: something differs; there is nothing to verify
SECONDS_BETWEEN = 5.0  # two signs of progress, where nobody sees a line being written over


class Command(BaseCommand):
    """Reads one snapshot, writes nothing. Status 1: something differs; 2: there was nothing to verify."""

    help = "Verify a study: statuses from events, pay from decisions, sequences, and a ledger of what was acknowledged."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study, the ledger, and how to report."""
        parser.add_argument("study", help="its slug; `manage.py study list` names them")
        parser.add_argument(
            "--ledger", type=Path, metavar="FILE", help="what simulated people were told, as JSON lines"
        )
        parser.add_argument("--late", type=float, metavar="SECONDS", default=LATE_AFTER_SECONDS,
                            help="how long due work may wait for its turn; %(default)g unless given")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Report; nothing but the report goes to the standard output."""
        try:
            study = study_named(options["study"])
            ledger = Ledger.read(options["ledger"]) if options["ledger"] else ()
        except StudyError as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
        except (OSError, ValueError, TypeError) as error:
            text = f"{options['ledger']} is no ledger that can be read: {error}"
            raise CommandError(text, returncode=UNUSABLE) from error
        report = check(study, ledger, late_after_seconds=options["late"], progress=_Shown())
        self.stdout.write(report.as_json() if options["json"] else report.as_text())
        if not report.is_clean:
            sys.exit(DIFFERS)


class _Shown:
    """Progress on the standard error: one line that is written over, or now and then a new one."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last < (0.2 if self._is_terminal else SECONDS_BETWEEN):
            return
        self._last = now
        said = f"{what}: {done}{f' of {total}' if total else ''}"
        sys.stderr.write(f"\r{said:60}\r" if self._is_terminal else f"{said}\n")
        sys.stderr.flush()
