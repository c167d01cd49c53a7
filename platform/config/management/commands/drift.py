"""`manage.py drift STUDY`: whether a study's language models answer as before, and confirming that one does not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bots.drift import services
from bots.drift.errors import DriftError
from bots.drift.queries import drifted, newest, stopping
from bots.drift.rules import Kind, Verdict
from bots.models import Drift
from studies.models import Study
from studies.problems import StudyError
from studies.queries import study_named, version_of


class Command(BaseCommand):
    """Without options it lists the newest reading of each model, and each change that nobody has confirmed."""

    help = "List what sentinel prompts found of a study's models, or confirm that one has changed and let people in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", help="its id")
        text = "this model's change is known: its newest reading is in force from now on, and people may come in"
        parser.add_argument("--confirm", default="", metavar="MODEL", help=text)
        parser.add_argument("--reason", default="", help="why; it goes into the dataset, so name nobody")
        parser.add_argument("--by", default="", metavar="NAME", help="whose decision it was; stays on the server")

    def handle(self, *_args: Any, **options: Any) -> None:
        """List or confirm; a refusal ends with status 1 and changes nothing."""
        try:
            study = study_named(options["study"])
            if options["confirm"]:
                services.confirm(study, options["confirm"], reason=options["reason"], by=options["by"])
                self.stdout.write(f"{options['confirm']}: confirmed. Say in the report of the study that it changed")
            self._list(study)
        except (DriftError, StudyError) as error:
            raise CommandError(str(error)) from error

    def _list(self, study: Study) -> None:
        for model, row in sorted(newest(study).items()):
            said = row.verdict or row.error_code or row.outcome
            served = f", served by {row.served}" if row.served else ""
            which = f"no. {row.number}" + (f", try {row.attempt}" if row.attempt > 1 else "")
            software = f", software {row.software}" if row.software else ""
            self.stdout.write(f"{model}  {row.day} {which}: {said}{served}{software}  {row.fingerprint[:12]}")
            if row.verdict == Verdict.REBASED:
                self.stdout.write("  the study asks otherwise since an amendment: only names were compared, no answers")
        waiting = drifted(study)
        for one in waiting:
            what, names = _told(one)
            remedy = "read its answers in the log of calls, then --confirm"
            self.stdout.write(self.style.WARNING(f"{what} since {one.at:%Y-%m-%d %H:%M} UTC{names}: {remedy}"))
        stops = stopping(version_of(study)) if waiting else ""
        if stops:
            self.stdout.write(self.style.WARNING(f"nobody new is let in until {stops} is confirmed (pin: strict)"))
        if not waiting:
            self.stdout.write("no change waits to be confirmed")


def _told(one: Drift) -> tuple[str, str]:
    """What differs of a model, and the names before and since where they do."""
    if one.kind == Kind.SOFTWARE:
        names = f" ({one.before.software} before, {one.after.software} since)"
        return f"the provider of {one.model} names other software", names
    is_other = one.before.served != one.after.served
    names = f" ({one.before.served} before, {one.after.served} since)" if is_other else ""
    return f"{one.model} answers otherwise", names
