"""What is made up for practice: the answers of others, from a file of the study or as the experiment declares them."""

from collections.abc import Iterator, Mapping
from typing import Any

from paradigm import Experiment, Parameters
from paradigm.experiment import Script
from paradigm.imagined import Scene
from studies import grammar, yaml_file
from studies.definition import group_of, seats_of
from studies.markdown import fill
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_items import placeholder


def scene_of(study: StudyFile, game: str, experiment: Experiment, parameters: Parameters, *, seed: str) -> Scene:
    """The group that would play at a game stage, with nobody in it.

    Args:
        seed: Settles all chance of it.
    """
    return Scene(experiment, parameters, seats_of(study.groups[group_of(study, game)]), seed)


def roles_of_people(study: StudyFile, game: str) -> list[str]:
    """The roles of a game that people may have, in the order of the study file."""
    return [role for role, seats in study.groups[group_of(study, game)].roles.items() if seats.humans]


def parse(text: str) -> Script:
    """What a script's file says. Raises StudyError: "script", saying what it must look like."""
    document = yaml_file.parse(text, name="script")
    if document.problems:
        raise StudyError("script", document.problems[0].what.rstrip("."))
    said = document.data
    if not (_is_mapping(said) and all(_is_mapping(one) for one in _steps(said))):
        raise StudyError(
            "script", "a script says who (a position or role), at which step, gives which field which value"
        )
    return dict(said)


def script_of(text: str | None, experiment: Experiment, names: Mapping[str, object]) -> Script:
    """The experiment's script, and in place of its values those of a file, with every slot filled.

    Raises:
        StudyError: "script", and those of `studies.grammar`.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for said in (experiment.script, parse(text) if text is not None else {}):
        for who, steps in said.items():
            for step, values in steps.items():
                filled = {name: _filled(value, names) for name, value in values.items()}
                found.setdefault(who, {}).setdefault(step, {}).update(filled)
    return found


def _filled(value: Any, names: Mapping[str, object]) -> Any:
    if not isinstance(value, str):
        return value
    if placeholder(value):
        return grammar.parse(value.strip()[2:-2]).value(names)
    return fill(value, names)


def _steps(said: Mapping[str, Any]) -> Iterator[Any]:
    for steps in said.values():
        yield steps
        yield from steps.values() if _is_mapping(steps) else ()


def _is_mapping(said: object) -> bool:
    return isinstance(said, Mapping) and all(isinstance(key, str) for key in said)
