"""Parameters that a factor decides: `{by: FACTOR, values: {LEVEL: VALUE}}` in the place of a value. Pure."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from studies.problems import StudyError
from studies.schema_types import Name, Part

Levels = dict[str, str]


class ByLevel(Part):
    """The values of one parameter."""

    by: Name
    values: dict[Name, Any]


def is_varied(value: object) -> bool:
    """Whether a factor decides, or is meant to."""
    return isinstance(value, Mapping) and "by" in value


def varied(said: Mapping[str, Any]) -> dict[str, ByLevel]:
    """Those of some parameters that a factor decides. Raises pydantic's ValidationError where one is ill formed."""
    return {name: ByLevel.model_validate(value) for name, value in said.items() if is_varied(value)}


def under(said: Mapping[str, Any], levels: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter's value at some levels.

    Raises:
        StudyError: "level_missing": a factor decides, and none of its levels that have a value is among these.
    """
    found = dict(said)
    for name, one in varied(said).items():
        level = levels.get(one.by, "")
        if level not in one.values:
            known = ", ".join(f"{one.by}={value}" for value in one.values)
            raise StudyError("level_missing", f'parameter "{name}" has a value for {known}, and not for "{level}"')
        found[name] = one.values[level]
    return found


def combinations(said: Mapping[str, Any], factors: Mapping[str, Sequence[str]]) -> list[Levels]:
    """Every combination of the levels on which some parameters depend; one without levels where none does.

    Args:
        factors: The levels of each factor.
    """
    names = sorted({one.by for one in varied(said).values()})
    return [dict(zip(names, levels, strict=True)) for levels in product(*(factors[name] for name in names))]


def filled(said: Mapping[str, Any], complete: Sequence[tuple[Levels, Mapping[str, Any]]]) -> dict[str, Any]:
    """The parameters with every default written out.

    Args:
        complete: Every combination of levels with all values that then hold.
    """
    found = dict(complete[0][1])
    for name, one in varied(said).items():
        found[name] = {"by": one.by, "values": {levels[one.by]: values[name] for levels, values in complete}}
    return found
