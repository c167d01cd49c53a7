"""`manage.py verify`: are the tables, here or in a backup, true to each other and to what people were told?"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups.drill import drill
from config.backups.errors import BackupError
from config.refusal import SetupError
from simulation.ledger import Ledger
from studies.masking.standing import is_masked
from studies.models import Study
from studies.problems import StudyError
from studies.queries import study_named
from verification.check import LATE_AFTER_SECONDS, check
from verification.report import Report

DIFFERS, UNUSABLE = 1, 2  # status at the end: something differs; there is nothing to verify
SECONDS_BETWEEN = 5.0  # two signs of progress, where nobody sees a line being written over


class Command(BaseCommand):
    """Reads one snapshot, writes nothing. Status 1: something differs; 2: there was nothing to verify."""

    help = "Verify studies: statuses from events, pay from decisions, sequences, and a ledger of what was acknowledged."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study or the backup, the ledger, and how to report."""
        parser.add_argument(
            "study", nargs="?", help="its slug, as `manage.py study list` names it; every study if none"
        )
        parser.add_argument(
            "--ledger", type=Path, metavar="FILE", help="what simulated people were told, as JSON lines"
        )
        parser.add_argument("--backup", type=Path, metavar="FILE",
                            help="restore it into a database of its own, verify that, and throw it away")  # fmt: skip
        parser.add_argument("--late", type=float, metavar="SECONDS", default=LATE_AFTER_SECONDS,
                            help="how long due work may wait for its turn; %(default)g unless given")  # fmt: skip
        parser.add_argument("--at", type=_instant, metavar="INSTANT",
                            help="by what time work is late, such as a backup's; now unless given")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="report as JSON: of one study, or a list of all")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Report; nothing but the report goes to the standard output."""
        if options["backup"]:
            self._verify_backup(options)
            return
        try:
            studies = [study_named(options["study"])] if options["study"] else list(Study.objects.order_by("slug"))
            ledger = Ledger.read(options["ledger"]) if options["ledger"] else ()
        except StudyError as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
        except (OSError, ValueError, TypeError) as error:
            text = f"{options['ledger']} is no ledger that can be read: {error}"
            raise CommandError(text, returncode=UNUSABLE) from error
        if options["ledger"] and not options["study"]:
            raise CommandError("a ledger is of one study: name it", returncode=UNUSABLE)
        if not studies:
            raise CommandError("there is no study to verify", returncode=UNUSABLE)
        late = {"late_after_seconds": options["late"], "at": options["at"]}
        reports = [check(study, ledger, progress=_Shown(), **late) for study in studies]
        for study, report in zip(studies, reports, strict=True):
            if is_masked(study):
                report.hold_back()
        self._tell(reports, is_one=bool(options["study"]), as_json=options["json"])
        if not all(report.is_clean for report in reports):
            sys.exit(DIFFERS)

    def _tell(self, reports: list[Report], *, is_one: bool, as_json: bool) -> None:
        if not as_json:
            self.stdout.write("\n\n".join(report.as_text() for report in reports))
            return
        told = [report.as_json() for report in reports]
        self.stdout.write(told[0] if is_one else f"[{', '.join(told)}]")

    def _verify_backup(self, options: dict[str, Any]) -> None:
        """What is said of the file goes to the standard error: the standard output is the report's."""
        more = [options["study"]] if options["study"] else []
        more += ["--late", str(options["late"])]
        more += ["--ledger", str(options["ledger"].resolve())] if options["ledger"] else []
        more += ["--json"] if options["json"] else []
        try:
            done = drill(options["backup"], *more)
        except (BackupError, SetupError) as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
        manifest = done.restored.manifest
        rows = f"{manifest.total} rows of {len(manifest.rows)} tables"
        sys.stderr.write(f"{options['backup']}: checksums agree; restored {rows} in {done.restored.seconds:.0f} s\n")
        sys.stderr.write(done.errors)
        self.stdout.write(done.said.rstrip())
        if done.status:
            sys.exit(done.status)


def _instant(said: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise ArgumentTypeError(f"{said!r}: write it as 2026-11-26T03:00:00+00:00") from error
    if at.tzinfo is None:
        raise ArgumentTypeError(f"{said!r} has no time zone: add +00:00 for UTC")
    return at


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
