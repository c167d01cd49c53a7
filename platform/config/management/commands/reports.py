"""`manage.py reports STUDY`: what people reported of conversations, and what was done about it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import reports, services
from chat.errors import ChatError
from events import clock
from exports.codes import match_code, seat_code
from studies.problems import StudyError
from studies.queries import study_named


class Command(BaseCommand):
    """Without `--answer` it lists; it prints people's words, so mind who looks on."""

    help = "List what people reported of conversations, or note that a report was looked at and what was done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        parser.add_argument("--answer", type=int, metavar="N", help="the report, as the list numbers it")
        parser.add_argument("--done", default="", help="what was done about it; kept")

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or answer; a refusal ends with status 1, says why, and changes nothing."""
        try:
            found = reports.of_study(study_named(options["study"]))
            number = options["answer"]
            if number is not None:
                if not 0 < number <= len(found):
                    raise CommandError(f"there is no report {number}: the list ends with {len(found)}")
                services.answer_report(found[number - 1].pk, answer=options["done"])
                self.stdout.write(f"report {number} is answered")
                return
        except (ChatError, StudyError) as error:
            raise CommandError(str(error)) from error
        now = clock.now()
        for at, one in enumerate(found, start=1):
            match, person = one.conversation.match, one.seat.participant
            who = person.code if person else "nobody"
            minutes = int(((one.answered_at or now) - one.at).total_seconds() // 60)
            state = f"answered after {minutes} min: {one.answer}" if one.answered_at else f"OPEN for {minutes} min"
            where = f"{match_code(match.group.code, match.round, match.number)} {one.conversation.path}"
            seat = seat_code(match.group.code, one.seat.number)
            self.stdout.write(f"{at}  {one.reason}  {who} in {seat} at {where}, entry {one.last_seq}  {state}")
            if one.text:
                self.stdout.write(f"    {one.text}")
        self.stdout.write(f"{sum(one.answered_at is None for one in found)} of {len(found)} open")
