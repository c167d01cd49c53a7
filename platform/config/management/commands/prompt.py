"""`manage.py prompt show STUDY`: what a language model would be told at any seat and step, before anybody comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.refusal import SetupError
from config.supervisor.screens import Source, asked_elsewhere, source_of
from screens.asked import Asked, Wanted, beside, difference, told
from screens.differing import pairs
from screens.errors import ScreensError
from screens.rehearsal import check_wanted
from studies.allocation_plan import conditions_of
from studies.problems import StudyError

MOST_NAMED = 12  # conditions


class Command(BaseCommand):
    """One verb."""

    help = (
        "What a language model would be told in a seat of a study, to the letter: on people and words that are made "
        "up, in an installation of its own, where no model is asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verb."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        show = verbs.add_parser("show", help="print the messages with their hashes, or what differs in two conditions")
        show.add_argument("study", help="the id of a study, or a folder that is not frozen yet")
        which = show.add_mutually_exclusive_group()
        which.add_argument("--condition", help="such as label=hidden; needed where there are several")
        text = "two conditions, or two levels of a factor: print only what differs"
        which.add_argument("--diff", nargs=2, metavar=("A", "B"), help=text)
        show.add_argument("--stage", default="", help="the id of a game (default: every one)")
        show.add_argument("--step", default="", help="a step of its experiment (default: every one)")
        show.add_argument("--seat", default="", metavar="ROLE", help="any role (default: those of programs)")
        show.add_argument("--partner", default="", help="an entry of `partners` with a model, to sit there")
        show.add_argument("--persona", default="", metavar="FILE", help="one of its files, in place of the one drawn")
        show.add_argument("--visit", type=int, help="which visit, from 1 (default: every one)")
        show.add_argument("--round", type=int, help="which round (default: the first in which a step comes)")
        show.add_argument("--seed", default="1", help="settles names, words and numbers (default: 1)")
        show.add_argument("--json", metavar="FILE", help="write what is found there, too")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find, and print."""
        try:
            self._show(options)
        except StudyError as error:
            raise CommandError("\n".join([*map(str, error.problems), str(error)])) from error
        except (ScreensError, SetupError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}") from error

    def _show(self, options: dict[str, Any]) -> None:
        source = source_of(options["study"], seed=options["seed"])
        wanted = Wanted(
            stage=options["stage"], step=options["step"], role=options["seat"], partner=options["partner"],
            persona=options["persona"], visit=options["visit"], round=options["round"],
        )  # fmt: skip
        check_wanted(source.study, wanted)  # refused before anything is started
        sides = pairs(source.study, *options["diff"]) if options["diff"] else []
        wanted_conditions = [one for pair in sides for one in pair] or [_condition(source, options["condition"])]
        plan = source.plan.model_copy(update={"conditions": list(dict.fromkeys(wanted_conditions)), "asked": wanted})
        found = asked_elsewhere(plan, say=self.stderr.write)
        if options["json"]:
            said = [one.model_dump(mode="json") for one in found]
            Path(options["json"]).write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
        for line in _differences(sides, found) if sides else _each(found):
            self.stdout.write(line)


def _condition(source: Source, said: str | None) -> str:
    """The condition that is wanted; the only one where none was named."""
    known = conditions_of(source.study)
    if said is None and len(known) == 1:
        return known[0]
    if said is None or said not in known:
        there = "; ".join(known[:MOST_NAMED]) + ("; …" if len(known) > MOST_NAMED else "")
        problem = "there are several conditions" if said is None else f'"{said}" is no condition'
        raise ScreensError("condition_unknown", f"{problem}: write --condition and one of: {there}")
    return said


def _each(found: Sequence[Asked]) -> Iterator[str]:
    for one in found:
        yield from told(one)
        yield ""
    yield f"{len(found)} prompts; the people, their words and their numbers are made up"


def _differences(sides: Sequence[tuple[str, str]], found: Sequence[Asked]) -> Iterator[str]:
    """What differs, place by place; and at how many places."""
    differing = places = 0
    for pair in sides:
        first, second = ([one for one in found if one.condition == condition] for condition in pair)
        for one, other in beside(first, second):
            places += 1
            lines = difference(one, other)
            if lines:
                differing += 1
                yield from _difference([side for side in (one, other) if side is not None], lines)
    yield f"{differing} of {places} prompts differ; the people, their words and their numbers are made up"


def _difference(sides: Sequence[Asked], lines: Sequence[str]) -> Iterator[str]:
    yield f"=== {', '.join(filter(None, sides[0].place))}"
    yield from (f"sha256 {side.sha256}, {side.condition}" for side in sides)
    yield from lines
    yield ""
