"""`manage.py participant …`: see where somebody is, and help. Every change needs a reason, which is kept."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from config import parting_words
from flow import standing
from flow.errors import FlowError
from flow.services import parting, rescue
from participants.errors import ParticipantError
from studies.masking.services import note_look
from studies.masking.standing import is_masked, monitor_named
from studies.problems import StudyError

FOR_MONITORS = "a monitor does it with --monitor USERNAME"


class Command(BaseCommand):
    """One subcommand per verb."""

    help = "Show a participant; give more time, move, replace, excuse, part, end, delete data, or make a new link."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str) -> CommandParser:
            made: CommandParser = verbs.add_parser(name, help=text)
            made.add_argument("code", help="the participant's code")
            if name != "show":
                made.add_argument("--reason", default="", help="why; kept with what was done")
            return made

        verb("show", "where the participant is")
        extending = verb("extend", "more time at the open step or stage")
        extending.add_argument("--seconds", type=int, default=60, help="how much more; %(default)s unless given")
        verb("move", "to another stage, forward or back").add_argument("stage", help="its id in the study file")
        replacing = verb("replace", "let a declared stand-in play on")
        replacing.add_argument("policy", help="one of `fill.policies` in the study file")
        replacing.add_argument("--exit", required=True, help="the declared exit that tells the person what happened")
        verb("end", "end the participation").add_argument("--exit", required=True, help="a declared exit")
        excusing = verb("excuse", "let a visit be that is next, or was missed")
        excusing.add_argument("--visit", type=int, required=True, help="its number, as in planned_sessions")
        for name in ("delete", "withdraw"):  # one and the same
            deleting = verb(name, "delete their data, as they asked for; ends the participation; the pay stays")
            text = "when their letter came, such as 2027-03-31; the month in which it must be done counts from it"
            deleting.add_argument("--came", type=_day, metavar="DAY", help=text)
        verb("link", "revoke the old link and print a new one, once")
        parting = verb("part", "end the pair of somebody who has a partner that lasts; neither of the two is told why")
        parting.add_argument("--dry-run", action="store_true", help="only say what it would come to")
        text = "though data are coming in: it tells that somebody meets a person; that a monitor did is kept"
        parting.add_argument("--monitor", default="", metavar="USERNAME", help=text)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the verb; a refusal ends with status 1, says why, and changes nothing."""
        try:
            said = self._run(options["verb"], options)
        except (FlowError, ParticipantError, StudyError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(said)

    def _run(self, verb: str, options: dict[str, Any]) -> str:
        code, reason = options["code"], options.get("reason", "")
        if verb == "show":
            session = rescue.session_named(code)
            is_held = is_masked(session.participant.study)
            found = {
                **standing.of_session(session, is_masked=is_held),
                **standing.of_visits(session.participant, is_masked=is_held),
            }
            return "\n".join(f"{name:16} {value}" for name, value in found.items() if value is not None)
        if verb == "extend":
            until = rescue.extend(code, seconds=options["seconds"], reason=reason)
            return f"{code} has time until {until:%H:%M:%S} UTC"
        if verb == "move":
            rescue.move(code, stage=options["stage"], reason=reason)
            return f"{code} is at {options['stage']}"
        if verb == "replace":
            seat = rescue.replace(code, policy=options["policy"], reason=reason, exit_name=options["exit"])
            return f"seat {seat.number} ({seat.policy}) plays on from the next round; {code} left by {options['exit']}"
        return self._come_back(verb, options) if verb in ("excuse", "link") else self._end(verb, options)

    @staticmethod
    def _part(code: str, reason: str, options: dict[str, Any]) -> str:
        study = rescue.session_named(code).participant.study
        if options["monitor"]:
            note_look(study, user_id=monitor_named(study, options["monitor"]).pk, what="pairs")
        elif is_masked(study):
            raise StudyError("masked", f"whether {code} meets a person is held back while data come in: {FOR_MONITORS}")
        is_tried = options["dry_run"]
        found = parting.outlook(code) if is_tried else parting.part(code, reason=reason)
        lines = ["nothing was changed; it would come to this:"] if is_tried else []
        return "\n".join([*lines, *parting_words.lines_of(found)])

    @staticmethod
    def _come_back(verb: str, options: dict[str, Any]) -> str:
        code, reason = options["code"], options["reason"]
        if verb == "link":
            return f"{settings.ORIGIN}{reverse('landing', args=[rescue.link(code, reason=reason)])}"
        rescue.excuse(code, number=options["visit"], reason=reason)
        return f"visit {options['visit']} of {code} is excused"

    def _end(self, verb: str, options: dict[str, Any]) -> str:
        code, reason = options["code"], options["reason"]
        if verb == "part":
            return self._part(code, reason, options)
        if verb == "end":
            rescue.end(code, exit_name=options["exit"], reason=reason)
            return f"{code} left by {options['exit']}"
        left = rescue.withdraw(code, reason=reason, came_at=options["came"])
        return f"{code} has left by {left}; the data are deleted as soon as nobody plays with {code}"


def _day(said: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(said), time(), UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{said!r} is no day: write it as 2027-03-31") from error
