"""`manage.py withheld STUDY`: read, and release, what is held back because a partner asked for deletion."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exports.errors import ExportError
from exports.held import withheld
from exports.services import review
from studies.masking.services import note_look
from studies.masking.standing import is_masked, monitor_named, refuse_while_masked
from studies.models import Study
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Without `--release` it lists; it prints people's words, so mind who looks on."""

    help = "List the words that datasets hold back because a partner asked for deletion; release or delete one seat's."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        parser.add_argument(
            "--release",
            nargs=2,
            metavar=("MATCH", "SEAT"),
            help="as the list names them; for answers the group and the seat",
        )
        text = "delete them for good instead, because they tell of who left"
        parser.add_argument("--delete", nargs=2, metavar=("MATCH", "SEAT"), help=text)
        parser.add_argument("--reason", default="", help="who has read them, and why they may go out, or must go; kept")
        text = "read and decide though data are coming in, as a monitor; it is kept that you did"
        parser.add_argument("--monitor", default="", metavar="USERNAME", help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or release; a refusal ends with status 1, says why, and changes nothing."""
        try:
            study = study_named(options["study"])
            self._let_in(study, options["monitor"])
            if options["release"] or options["delete"]:
                self._decide(study, options)
                return
            found = list(withheld(study))
        except (ExportError, StudyError) as error:
            raise CommandError(str(error)) from error
        for one in found:
            self.stdout.write(f"{one.match} {one.seat}")
            self.stdout.write("\n".join(f"    {text}" for text in one.texts))
        self.stdout.write(f"{len(found)} held back")

    @staticmethod
    def _let_in(study: Study, monitor: str) -> None:
        """Words would tell conditions: while data come in they are for a monitor alone, and each look is kept."""
        reader = monitor_named(study, monitor).pk if monitor else None
        if reader is None:
            refuse_while_masked(study, "what people wrote")
        elif is_masked(study):
            note_look(study, user_id=reader, what="withheld")

    def _decide(self, study: Study, options: dict[str, Any]) -> None:
        if options["release"] and options["delete"]:
            raise CommandError("use --release or --delete, not both")
        match, seat = options["release"] or options["delete"]
        decided = {"match": match, "seat": seat, "reason": options["reason"]}
        if options["release"]:
            review.release(study, **decided)
            self.stdout.write(f"the words of {seat} in {match} are in datasets again")
            return
        rows = review.delete(study, **decided)
        self.stdout.write(f"the words of {seat} in {match} are deleted, in {rows} rows")
