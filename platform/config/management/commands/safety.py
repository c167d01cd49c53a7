"""`manage.py safety STUDY`: what was found in people's words that may be danger, and what was done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.case_numbers import gone
from chat.errors import ChatError
from chat.models import SafetyStep
from chat.safety import services
from chat.safety.queries import Found, of_study, untold
from exports.found import GONE, is_open, minutes_since, state_of, where_of, who_of, words_of
from flow.drawing import plain
from studies.masking.services import note_look
from studies.masking.standing import is_masked, is_masked_for, monitor_named
from studies.models import Study
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Without options it lists what waits for an answer, without a word of anybody; `--read` prints the words.

    While the study is masked only a monitor reads. Danger does not wait for that: name one before people come.
    """

    help = "List what screening found in people's words, read it, or note that it was looked at and what was done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        parser.add_argument("--all", action="store_true", help="list notes and what is answered, too")
        parser.add_argument("--read", type=int, metavar="N", help="print the messages around it; mind who looks on")
        parser.add_argument("--answer", type=int, metavar="N", help="what the list calls so")
        text = "read though data are coming in, for a monitor; it is kept that you did"
        parser.add_argument("--monitor", default="", metavar="USERNAME", help=text)
        parser.add_argument("--verdict", default="", choices=["", *SafetyStep.Verdict.values], help="was there risk?")
        parser.add_argument("--done", default="", help="what was done about it; kept")

    def handle(self, *_args: Any, **options: Any) -> None:
        """List, read or answer; a refusal ends with status 1, says why, and changes nothing."""
        try:
            study = study_named(options["study"])
            found = {one.case.number: one for one in of_study(study)}
            if options["answer"] is not None:
                number = options["answer"]
                row = self._numbered(study, found, number)
                services.answer(row, verdict=options["verdict"], words=options["done"], by=options["monitor"])
                self.stdout.write(f"number {number} is answered")
            elif options["read"] is not None:
                row = self._numbered(study, found, options["read"])
                reader = monitor_named(study, options["monitor"]).pk if options["monitor"] else None
                if is_masked_for(study, reader):
                    raise CommandError("masked while data come in: a monitor reads with --monitor USERNAME")
                if reader is not None and is_masked(study):
                    note_look(study, user_id=reader, what="safety")
                self._read(row)
            else:
                self._list(found, {one.case.number for one in untold(study)}, everything=options["all"])
                if options["all"]:
                    self._list_gone(study)
        except (ChatError, StudyError) as error:
            raise CommandError(str(error)) from error

    def _numbered(self, study: Study, found: Mapping[int, Found], number: int) -> Found:
        if number in found:
            return found[number]
        if number in gone(study):
            raise CommandError(f"number {number}: {GONE}. A number is never given again")
        raise CommandError(f"there is no number {number} in {study.slug}: --all lists every one")

    def _list_gone(self, study: Study) -> None:
        for number in gone(study):
            self.stdout.write(f"{number}  {GONE}")

    def _list(self, found: Mapping[int, Found], untold: Collection[int], *, everything: bool) -> None:
        waiting = 0
        for number, one in found.items():
            waits = is_open(one)
            waiting += waits
            if waits or everything:
                told = "  nobody on call was told" if number in untold else ""
                self.stdout.write(f"{number}  {one.tier}  {one.source}  {who_of(one)}  {state_of(one)}{told}")
        self.stdout.write(f"{waiting} of {len(found)} open")

    def _read(self, one: Found) -> None:
        where = f"{who_of(one)} at {where_of(one)}, {minutes_since(one)} min ago"
        self.stdout.write(f"{one.tier}  {', '.join(one.rules)}  {where}")
        for who, text in words_of(one):
            for line in plain(text).splitlines():
                self.stdout.write(f"    {who}{line}")
