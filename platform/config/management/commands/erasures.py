"""`manage.py erasures`: who asked that their data be deleted, what is left to do; and, after a restore, once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups import services as backups
from config.backups.errors import BackupError
from config.backups.listed import LIST
from exports.errors import ExportError
from exports.services import wishes as services
from exports.wishes import SAID, Wish, wishes
from participants.models import ErasureRequest
from studies.masking.standing import is_masked
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """It prints codes and days, and nothing that anybody wrote."""

    help = "List who asked that their data be deleted, and what is left to do; or, after a restore, delete again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", nargs="?", help="its id; every study unless given")
        parser.add_argument("--all", action="store_true", dest="with_done", help="also those of which nothing is left")
        text = "after a restore: delete again what was deleted since the backup, as the list beside the backups says"
        parser.add_argument("--again", action="store_true", help=text)
        parser.add_argument("--list", type=Path, metavar="FILE", default=settings.BACKUP_FOLDER / LIST,
                            help="that list; %(default)s unless given")  # fmt: skip
        text = "there is no list, for this reason: open the restored database without it; kept"
        parser.add_argument("--without-list", default="", metavar="REASON", help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """List, or delete again; a refusal ends with status 1 and says why."""
        try:
            if options["again"]:
                self._delete_again(options)
                return
            study = study_named(options["study"]) if options["study"] else None
            services.settle(study)
            found = list(wishes(study, with_done=True))
        except (BackupError, ExportError, StudyError) as error:
            raise CommandError(str(error)) from error
        waiting = [one for one in found if one.request.done_at is None]
        for one in found:
            # Only people's words wait to be read: who is done and who is not would tell whom somebody had met.
            is_held = is_masked(one.request.participant.study)
            if is_held or options["with_done"] or one in waiting:
                self._print(one, "masked while data come in" if is_held else self._told(one))
        overdue = sum(one.is_overdue for one in waiting)
        self.stdout.write(f"{len(waiting)} to be done, {overdue} overdue")

    def _print(self, one: Wish, told: str) -> None:
        request, person = one.request, one.request.participant
        days = f"asked {request.asked_at:%Y-%m-%d}, due {request.due_at:%Y-%m-%d}"
        how = "by letter" if request.by == ErasureRequest.By.RESEARCHER else "on the page"
        self.stdout.write(f"{person.study.slug:32} {person.code:14} {days}, {how}  {told}")

    @staticmethod
    def _told(one: Wish) -> str:
        if one.request.done_at is not None:
            return f"done {one.request.done_at:%Y-%m-%d}"
        return f"{'OVERDUE: ' if one.is_overdue else ''}{'; '.join(SAID[what] for what in one.left)}"

    def _delete_again(self, options: dict[str, Any]) -> None:
        if reason := options["without_list"].strip():
            backups.open_without_list(reason)
            self.stdout.write("opened without a list; it is kept that you said so")
            return
        done = backups.delete_again(options["list"])
        self.stdout.write(
            f"{done.listed} in the list: {done.asked} people asked again, {done.erased} of them are deleted, "
            f"{done.purged} purges done again; {done.known} were known already, {done.unknown} came after the backup"
        )
        if done.asked > done.erased:
            self.stdout.write("Whoever sits in a group is deleted when it is over; nothing of theirs leaves before.")
