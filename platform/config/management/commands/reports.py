"""`manage.py reports STUDY`: what people reported of conversations, and what was done about it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import reports, services
from chat.errors import ChatError
from chat.models import Report
from events import clock
from exports.codes import match_code, seat_code
from flow.drawing import plain
from studies.masking.services import note_look
from studies.masking.standing import is_masked, is_masked_for, monitor_named
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Without `--answer` it lists; it prints people's words, so mind who looks on.

    While the study is masked it tells nobody but a monitor more than the reason and the state of each.
    """

    help = "List what people reported of conversations, or note that a report was looked at and what was done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        parser.add_argument("--answer", type=int, metavar="N", help="the report, as the list numbers it")
        text = "print words, people and places though data are coming in, for a monitor; it is kept that you did"
        parser.add_argument("--monitor", default="", metavar="USERNAME", help=text)
        parser.add_argument("--done", default="", help="what was done about it; kept")

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or answer; a refusal ends with status 1, says why, and changes nothing."""
        try:
            study = study_named(options["study"])
            found = {one.case.number: one for one in reports.of_study(study)}
            number = options["answer"]
            if number is not None:
                if number not in found:
                    raise CommandError(f"there is no report {number}: the list ends with {max(found, default=0)}")
                services.answer_report(found[number].pk, answer=options["done"])
                self.stdout.write(f"report {number} is answered")
                return
            reader = monitor_named(study, options["monitor"]).pk if options["monitor"] else None
            if reader is not None and is_masked(study):
                note_look(study, user_id=reader, what="reports")
        except (ChatError, StudyError) as error:
            raise CommandError(str(error)) from error
        is_held = is_masked_for(study, reader)
        for number, one in found.items():
            self._print(number, one, is_held=is_held)
        self.stdout.write(f"{sum(one.answered_at is None for one in found.values())} of {len(found)} open")
        if is_held and found:
            self.stdout.write("Masked while data come in: a monitor reads them with --monitor USERNAME.")

    def _print(self, number: int, one: Report, *, is_held: bool) -> None:
        minutes = int(((one.answered_at or clock.now()) - one.at).total_seconds() // 60)
        state = f"answered after {minutes} min" if one.answered_at else f"OPEN for {minutes} min"
        if is_held:
            self.stdout.write(f"{number}  {one.reason}  {state}")
            return
        match, person = one.conversation.match, one.seat.participant
        where = f"{match_code(match.group.code, match.round, match.number)} {one.conversation.path}"
        seat, who = seat_code(match.group.code, one.seat.number), person.code if person else "nobody"
        self.stdout.write(f"{number}  {one.reason}  {who} in {seat} at {where}, entry {one.last_seq}  {state}")
        if one.is_apart:
            self.stdout.write("    does not want to meet the others of it again")
        self._quote("reported: ", one.text)
        self._quote("done: ", one.answer)

    def _quote(self, what: str, text: str) -> None:
        """Somebody's words, each line set in, so that none can look like a line of the list."""
        for line in plain(text).splitlines():
            self.stdout.write(f"    {what}{line}")
