"""`manage.py draw PLAN OUT`: what `study screens` and `prompt show` run inside the scratch installation they start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.clock import ClockError
from screens.errors import ScreensError
from screens.plan import Plan, ask, draw
from studies.problems import StudyError


class Command(BaseCommand):
    help = "Draw the pages, or what models are told, of a plan of another command. Not for use by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the plan's file, and where the pages go."""
        parser.add_argument("plan", type=Path)
        parser.add_argument("out", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Draw, and write the pages down as JSON."""
        plan = Plan.model_validate_json(options["plan"].read_text(encoding="utf-8"))
        found: Any
        try:
            if plan.asked is None:
                found = draw(plan, say=self.stdout.write).as_json()
            else:
                found = [one.model_dump(mode="json") for one in ask(plan, say=self.stdout.write)]
        except (ClockError, ScreensError, StudyError) as error:
            raise CommandError(str(error)) from error
        options["out"].write_text(json.dumps(found), encoding="utf-8")
