"""`manage.py reminders STUDY`: the outbox of a study, what of it needs a person, and what that person has found out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from flow.errors import FlowError
from flow.services.reminding import doubt, resolve
from scheduling.models import Reminder
from scheduling.reminders import State
from studies.models import Study
from studies.problems import StudyError
from studies.queries import study_named

NEEDS_A_PERSON = (State.UNKNOWN, State.FAILED, State.SENDING)
SENT, NOT_SENT = "sent", "not_sent"


class Command(BaseCommand):
    """Without `--resolve` it lists. It names people by their codes, and no address."""

    help = "Count the reminders of a study by state, list those that failed or of which nobody knows, or resolve one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", nargs="?", help="its id")
        text = "a reminder of which nobody knows whether it was sent, as the list names it"
        parser.add_argument("--resolve", metavar="NAME", help=text)
        parser.add_argument("--as", dest="outcome", choices=[SENT, NOT_SENT], help="what you have found out")
        parser.add_argument("--reason", default="", help="how you know; kept")
        text = "after a restore and its migrations: send nothing of any study that is due by now, it may have been sent"
        parser.add_argument("--restored", action="store_true", help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or resolve; a refusal ends with status 1, says why, and changes nothing."""
        if options["restored"]:
            self.stdout.write(f"{doubt()} reminders may have been sent since the backup, and are not sent again")
            return
        if options["study"] is None:
            raise CommandError("name a study, as in `manage.py study list`")
        try:
            study = study_named(options["study"])
            if options["resolve"]:
                self._resolve(study, options)
                return
        except (FlowError, StudyError) as error:
            raise CommandError(str(error)) from error
        rows = Reminder.objects.filter(scheduled__participant__study=study)
        counted = rows.values_list("state", "reason").annotate(n=Count("pk")).order_by("state", "reason")
        for state, reason, count in counted:
            self.stdout.write(f"{count:>8}  {f'{state}: {reason}' if reason else state}")
        found = rows.filter(state__in=NEEDS_A_PERSON).select_related("scheduled__participant")
        for row in found.order_by("pk"):
            at = f"{row.claimed_at:%Y-%m-%d %H:%M} UTC" if row.claimed_at else "never claimed"
            self.stdout.write(f"{row.state.upper():8} {name_of(row)}  {row.reason or 'under way'}, {at}")
        unknown = sum(row.state == State.UNKNOWN for row in found)
        self.stdout.write(f"{unknown} of which nobody knows whether they were sent; none of these is sent again")

    def _resolve(self, study: Study, options: dict[str, Any]) -> None:
        if options["outcome"] is None:
            raise CommandError(f"say what you have found out: --as {SENT} or --as {NOT_SENT}")
        resolve(_named(study, options["resolve"]), is_sent=options["outcome"] == SENT, reason=options["reason"])
        self.stdout.write(f"{options['resolve']} is noted as {options['outcome']}")


def name_of(row: Reminder) -> str:
    """Participant, number of the visit as in planned_sessions, number of the reminder, channel."""
    return f"{row.scheduled.participant.code}/{row.scheduled.number}/{row.number}/{row.channel}"


def _named(study: Study, name: str) -> Reminder:
    code, _, rest = name.partition("/")
    visit, _, rest = rest.partition("/")
    number, _, channel = rest.partition("/")
    if not (visit.isdecimal() and number.isdecimal()):
        raise CommandError(f'"{name}" names no reminder: copy a name from the list, such as pabc2345678/3/1/email')
    rows = Reminder.objects.filter(scheduled__participant__study=study, scheduled__participant__code=code)
    found = rows.filter(scheduled__number=int(visit), number=int(number), channel=channel).first()
    if found is None:
        raise CommandError(f"there is no reminder {name} in {study.slug}")
    return found
