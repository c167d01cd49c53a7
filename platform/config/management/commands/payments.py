"""`manage.py payments STUDY`: what everybody is owed who has left the study, those who withdrew included."""

from __future__ import annotations

import csv
from contextlib import nullcontext
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from participants.private_file import new_private_file
from recruitment.queries import Payment, payments_of
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """One line of CSV for each person. The only place that tells the pay of somebody whose data are to be deleted."""

    help = "Print as CSV what everybody is owed who has left the study, those who withdrew included."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study and, if wanted, the file."""
        parser.add_argument("study", help="its slug; `manage.py study list` names them")
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file, instead of the screen")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write all lines, or refuse and write none."""
        try:
            found = payments_of(study_named(options["study"]))
            place = new_private_file(options["out"]) if options["out"] else None
        except StudyError as error:
            raise CommandError(str(error)) from error
        except FileExistsError as error:
            raise CommandError(f"{options['out']} exists already; name a new file") from error
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}") from error
        with place or nullcontext(self.stdout) as out:
            lines = csv.writer(out, lineterminator="\n")
            lines.writerow(field.name for field in fields(Payment))
            lines.writerows(astuple(payment) for payment in found)
        if options["out"]:
            self.stdout.write(f"{options['out']}: {len(found)} people")
