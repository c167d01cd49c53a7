"""Parameters that a factor decides: the factor has its levels, and they hold for a whole game of a group."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from studies.allocation_plan import Entry
from studies.checks.allocation import entries
from studies.checks.context import Context, needs
from studies.checks.references import covered
from studies.schema_stages import GameStage
from studies.varied import ByLevel, is_varied
from studies.yaml_file import Path

WIDE_ENOUGH = ("study", "group")  # units whose level everybody in a group has, from its forming to its end


@needs("waves", "factors")
def variations_are_sound(context: Context) -> None:
    """E217, E201, E202: each is `{by: FACTOR, values: {LEVEL: VALUE}}`, with a value for every level."""
    for path, name, said in _variations(context):
        try:
            one = ByLevel.model_validate(said)
        except ValidationError:
            what = f'"{name}" has the key `by`, but is not {{by: FACTOR, values: {{LEVEL: VALUE}}}}.'
            context.say("E217", path, what, "Write a value, or one for each level of a factor.")
            continue
        covered(context, (*path, "by"), (*path, "values"), one.by, one.values)


@needs("waves", "factors", "conditions", "allocation")
def variations_hold(context: Context) -> None:
    """E218: a factor that decides a parameter is given to whole groups, or to people who meet those of their level.

    And not anew in a later round or session.
    """
    for path, name, said in _variations(context):
        by = said.get("by")
        for _, entry in entries(context):
            if by in entry.factors and not is_of_the_group(entry):
                given = f"{entry.rule.unit} {entry.since}".rstrip()
                what = f'"{by}" is given by {given}, but a game has one value of "{name}".'
                remedy = "Give the factor by group at formation, by study, or by participant with meets: alike."
                context.say("E218", (*path, "by"), what, remedy)


def is_of_the_group(entry: Entry) -> bool:
    """Whether everybody in a group has the same level, from its forming to its end."""
    are_alike = entry.rule.unit == "participant" and entry.rule.meets == "alike"
    return (entry.rule.unit in WIDE_ENOUGH or are_alike) and not entry.has_moment


def _variations(context: Context) -> list[tuple[Path, str, Mapping[str, Any]]]:
    return [
        ((*path, "parameters", name), name, said)
        for path, stage in context.stages("game")
        if isinstance(stage, GameStage)
        for name, said in stage.parameters.items()
        if is_varied(said)
    ]


CHECKS = [variations_are_sound, variations_hold]
