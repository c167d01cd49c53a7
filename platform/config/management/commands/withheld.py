"""`manage.py withheld STUDY`: read, and release, what is held back because a partner asked for deletion."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exports.errors import ExportError
from exports.services import review
from studies.masking.standing import refuse_while_masked
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Without `--release` it lists; it prints people's words, so mind who looks on."""

    help = "List the words that datasets hold back because a partner asked for deletion, or release those of one seat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        parser.add_argument(
            "--release",
            nargs=2,
            metavar=("MATCH", "SEAT"),
            help="as the list names them; for answers the group and the seat",
        )
        parser.add_argument("--reason", default="", help="who has read them, and why they may go out; kept")

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or release; a refusal ends with status 1, says why, and changes nothing."""
        try:
            study = study_named(options["study"])
            refuse_while_masked(study, "what people wrote")
            if options["release"]:
                match, seat = options["release"]
                review.release(study, match=match, seat=seat, reason=options["reason"])
                self.stdout.write(f"the words of {seat} in {match} are in datasets again")
                return
            found = list(review.withheld(study))
        except (ExportError, StudyError) as error:
            raise CommandError(str(error)) from error
        for one in found:
            self.stdout.write(f"{one.match} {one.seat}")
            self.stdout.write("\n".join(f"    {text}" for text in one.texts))
        self.stdout.write(f"{len(found)} held back")
