"""The verbs of `manage.py study` about playing a study again without its models: write a recording, and play one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

from bots.recording import differences, read, write
from bots.replay import play
from bots.run import Progress
from studies import queries
from studies.definition import definition
from studies.models import Study, Version
from studies.problems import StudyError

MOST_TOLD = 20


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any

    def say(self, text: str) -> None:
        """Print one line of good news."""


def counting(command: Teller) -> Callable[[Progress], None]:
    """Tells how far a run has come, in one line that is written over."""

    def report(done: Progress) -> None:
        if not command.stdout.isatty():
            return
        line = f"{done.finished} of {done.wanted} groups, {done.turns} turns, {done.calls} calls of models"
        command.stdout.write(f"\r{line}", ending="")
        command.stdout.flush()

    return report


def recording_verb(command: Teller, options: dict[str, Any]) -> None:
    """Write what models said in the groups without people of a version, and what was done there."""
    version = queries.version_of(queries.study_named(options["study"]), options["number"])
    if options["with_seed"]:
        refuse_to_tell_seed(version)
    groups, calls = write(version, Path(options["out"]))
    command.say(f"{groups} groups and {calls} calls of {version} in {options['out']}")
    if options["with_seed"]:
        command.stdout.write(f"To play them again: manage.py study freeze FOLDER --seed {version.seed}")


def refuse_to_tell_seed(version: Version) -> None:
    """Whoever knows the seed knows beforehand who is given what.

    Raises:
        StudyError: "seed": people may still be given conditions by it.
    """
    study = version.study
    has_people = any(plan.humans for plan in definition(version).groups.values())
    if has_people and study.status != Study.Status.CLOSED and not (study.is_demo or study.is_simulated):
        what = f"the seed of {study.slug} says who will be given what, and is told when the study is closed"
        remedy = "to record runs before that, freeze the folder under another id with a --seed of your own"
        raise StudyError("seed", f"{what}; {remedy}")


def play_again(command: Teller, options: dict[str, Any]) -> None:
    """Play the groups of a recording, and say whether they did and said what they did then."""
    version = queries.version_of(queries.study_named(options["study"]), None)
    recording = read(Path(options["recorded"]))
    done = play(version, recording, counting(command), most=options["groups"])
    command.stdout.write("")
    found = list(differences(recording))
    for line in found[:MOST_TOLD]:
        command.stdout.write(line)
    if found:
        raise CommandError(f"{done.finished} groups played again, and {len(found)} differences from the recording")
    command.say(f"{done.finished} groups played again: every decision and every message is as recorded")


VERBS = {"recording": recording_verb}
