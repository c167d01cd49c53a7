"""`manage.py export STUDY --out DIR`: write a study's dataset; while data come in, what may leave of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exports.errors import ExportError
from exports.services.bundle import export
from studies.masking.services import note_look
from studies.masking.standing import is_masked, is_masked_for, monitor_named
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Tidy CSV files, a codebook and a manifest; the same data give the same bytes."""

    help = "Write a study's dataset: tidy CSV files, codebook, manifest."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study and the folder."""
        parser.add_argument("study", help="its slug; `manage.py study list` names them")
        parser.add_argument("--out", required=True, type=Path, help="a folder that is new or empty")
        text = "write everything though data are coming in, for a monitor; it is kept that you did"
        parser.add_argument("--monitor", default="", metavar="USERNAME", help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write it and say how many rows each table has."""
        try:
            study = study_named(options["study"])
            reader = monitor_named(study, options["monitor"]).pk if options["monitor"] else None
            if reader is not None and is_masked(study):
                note_look(study, user_id=reader, what="export")
            written = export(study, options["out"], reader=reader)
        except (ExportError, StudyError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            text = f"{error.filename or options['out']} cannot be written: {error.strerror or error}"
            raise CommandError(text) from error
        for file in written:
            rows = "" if file.rows is None else f"{file.rows} rows"
            self.stdout.write(f"{file.name:24} {rows:>12}  {file.sha256[:12]}")
        if is_masked_for(study, reader):
            self.stdout.write(
                "Masked while data come in: letters for conditions, outcomes pooled; README.md says more."
            )
