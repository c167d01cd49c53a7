"""The verbs of `manage.py study` about playing a study again without its models: write a recording, and play one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

from bots.recording import differences, read, write
from bots.replay import play
from bots.run import Progress
from studies import queries

MOST_TOLD = 20


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any

    def say(self, text: str) -> None:
        """Print one line of good news."""


def counting(command: Teller) -> Callable[[Progress], None]:
    """Tells how far a run has come, in one line that is written over."""

    def report(done: Progress) -> None:
        line = f"{done.finished} of {done.wanted} groups, {done.turns} turns, {done.calls} calls of models"
        command.stdout.write(f"\r{line}", ending="")
        command.stdout.flush()

    return report


def recording_verb(command: Teller, options: dict[str, Any]) -> None:
    """Write what models said in the groups without people of a version, and what was done there."""
    version = queries.version_of(queries.study_named(options["study"]), options["number"])
    groups, calls = write(version, Path(options["out"]))
    command.say(f"{groups} groups and {calls} calls of {version} in {options['out']}")


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
