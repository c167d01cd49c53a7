"""`manage.py simulate STUDY`: let simulated people play the newest version of a study, in a database of their own."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from pydantic import ValidationError

from config.refusal import SetupError
from config.supervisor.simulate import simulate
from events import clock
from simulation.conduct import check_policies
from simulation.errors import SimulationError
from simulation.play import REALTIME_SECONDS, START, Mode, Plan
from simulation.profile import Profile
from simulation.services import record_run
from simulation.visits import longest_stay
from studies import queries
from studies.models import Version
from studies.problems import StudyError

FOLDER = "simulations"  # in the installation's home


class Command(BaseCommand):
    help = (
        "Let simulated people play the newest frozen version of a study through its real pages, in a scratch "
        "installation of its own. Ends with a table; exit code 1 when anything went wrong. Nothing of it enters this "
        "installation's data but the record that the version was simulated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare who plays, how, and on which clock."""
        parser.add_argument("study")
        parser.add_argument("--participants", type=int, required=True, metavar="N", help="how many people come")
        parser.add_argument("--seed", default="1", metavar="S", help="settles all chance of the run (default: 1)")
        modes = parser.add_mutually_exclusive_group()
        ordered = "one thing at a time: the same seed gives byte-identical tables"
        modes.add_argument("--ordered", dest="mode", action="store_const", const=Mode.ORDERED, help=ordered)
        realtime = "by the clock on the wall, with every process and every socket"
        modes.add_argument("--realtime", dest="mode", action="store_const", const=Mode.REALTIME, help=realtime)
        parser.set_defaults(mode=Mode.FULL_SPEED)
        assume = "another assumption about people than the default; may be repeated"
        parser.add_argument("--assume", action="append", default=[], metavar="NAME=VALUE", help=assume)
        start = "the day on which people come first, such as 2027-03-20: to cross a change of clocks"
        parser.add_argument("--start", type=_day, metavar="DAY", help=start)
        policy = "how people in a role decide (default: by a policy drawn for each); may be repeated"
        parser.add_argument("--policy", action="append", default=[], metavar="ROLE=NAME", help=policy)
        models = "ask real language models, which costs money; otherwise their replies are made up"
        parser.add_argument("--with-models", action="store_true", help=models)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Play, print the table, keep the record."""
        try:
            version = queries.version_of(queries.study_named(options["study"]))
            plan = _plan(version, options)
            started_at = clock.now()
            connection.close()  # idle for as long as the play lasts
            report = simulate(plan, with_models=options["with_models"], say=self._say)
            record_run(version, report, started_at=started_at, finished_at=clock.now())
        except KeyboardInterrupt as error:
            raise CommandError("interrupted before anything was reached") from error
        except (StudyError, SimulationError, SetupError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"\n{report.as_text()}")
        self._say(f"dataset, ledger and report are in {plan.out}")
        if not report.is_clean:
            raise CommandError(f"not a clean run: {'; '.join(report.not_clean_because)}")

    def _say(self, line: str) -> None:
        self.stdout.write(f"simulate: {line}")
        self.stdout.flush()


def _plan(version: Version, options: dict[str, Any]) -> Plan:
    """What was asked for; refusals name what is wrong and what there is."""
    if options["participants"] < 1:
        raise CommandError(f"--participants {options['participants']}: at least 1 person must come")
    if not queries.code_matches(version):
        raise CommandError(
            f"the installed experiment is not the one {version} was frozen with: install that one, or accept this one "
            "with `manage.py study amend --code REASON`"
        )
    if options["mode"] == Mode.REALTIME:
        _check_by_the_wall(version, options)
    policies = dict(_pair("--policy", word) for word in options["policy"])
    check_policies(version, policies)
    return Plan(
        number=version.number,
        definition=version.definition,
        files=queries.texts(version),
        participants=options["participants"],
        seed=options["seed"],
        mode=options["mode"],
        profile=_profile(options["assume"]),
        policies=policies,
        start=options["start"],
        out=_folder(version),
    )


def _day(word: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(word), START.timetz())
    except ValueError as error:
        raise ArgumentTypeError(f'"{word}" is no day; write year, month and day, such as 2027-03-20') from error


def _check_by_the_wall(version: Version, options: dict[str, Any]) -> None:
    """Refuse what the clock on the wall cannot do."""
    if options["start"]:
        raise CommandError("--start: the clock on the wall is where it is; leave out --realtime, or --start")
    hours, most = ceil(longest_stay(version) / timedelta(hours=1)), REALTIME_SECONDS / 3600
    if hours > most:
        raise CommandError(
            f"--realtime: the last visit can close {hours} hours after somebody came, and a run by the wall ends "
            f"{most:g} hours after the last arrival. Leave out --realtime, and the clock goes from one instant to the "
            "next; or play a copy of the study whose windows are minutes"
        )


def _profile(words: list[str]) -> Profile:
    known = Profile.model_fields
    for name, _ in (_pair("--assume", word) for word in words):
        if name not in known:
            raise CommandError(f"--assume {name}: no such assumption; there are: {', '.join(known)}")
    try:
        return Profile.from_words(words)
    except ValidationError as error:
        said = "; ".join(f"{each['loc'][0]}={each['input']}: {each['msg'].lower()}" for each in error.errors())
        raise CommandError(f"--assume {said}") from error


def _pair(option: str, word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not (name and sign and value):
        raise CommandError(f'{option} "{word}": write NAME=VALUE')
    return name, value


def _folder(version: Version) -> Path:
    name = f"{version.study.slug}-v{version.number}-{clock.now():%Y%m%d-%H%M%S}"
    folder: Path = settings.PLACES.home / FOLDER / name
    return folder
