"""`manage.py group …`: see where a group is, or end it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flow import standing
from flow.errors import FlowError
from flow.services import rescue
from studies.masking.standing import is_masked


class Command(BaseCommand):
    """One subcommand per verb."""

    help = "Show a group, or end its game."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        showing: CommandParser = verbs.add_parser("show", help="its seats and the matches of its round")
        showing.add_argument("code", help="the group's code")
        ending: CommandParser = verbs.add_parser("end", help="end the game; people go on with what follows it")
        ending.add_argument("code", help="the group's code")
        ending.add_argument("--reason", default="", help="why; kept with what was done")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the verb; a refusal ends with status 1, says why, and changes nothing."""
        try:
            if options["verb"] == "end":
                rescue.end_group(options["code"], reason=options["reason"])
            group = rescue.group_named(options["code"])
            found = standing.of_group(group, is_masked=is_masked(group.version.study))
        except FlowError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(f"{name:10} {value}" for name, value in found.items()))
