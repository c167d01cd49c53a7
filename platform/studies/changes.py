"""What differs between two definitions, in the words of the file; which of it may change after people have come."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from studies.definition import FROZEN
from studies.problems import StudyError
from studies.schema import StudyFile

_STEP = re.compile(r"([^.\[\]]+)|\[([^\[\]]+)\]")
AMENDABLE = [
    re.compile(pattern)
    for pattern in (
        r"^(version|title|note|estimated_minutes)$",
        r"^contact\.",
        r"^sample\.(target|counts|until|pilot(\.target)?)$",
        r"^preregistration\.(url|registered_on)$",
        r"^retention(\.\w+)?$",  # of the versions under which people came the shortest holds
        r"(^|\.)note$",
        r"^budget(\.|$)|\.model\.((values|draw)\.\w+\.)?(daily_cost_usd|price(\.\w+)?)$",  # nobody meets another by it
        r"^safety\.(on_call|helplines)\.|^safety\.staffed\.hours",
        r"^waves\[\w+\]\.stages\[\w+\]\.(max_wait_seconds|ready_seconds|pay_per_minute)$",
    )
]
"""Fields that neither change what somebody is shown or paid for the same acts, nor what an outcome means."""
AMENDABLE_TEXTS = {"consent": "document", "waiting_room": "page", "debrief": "page"}
"""Kind of stage → the key whose file may be reworded; so may pages of exits; never instructions, items, games."""


@dataclass(frozen=True)
class Change:
    """One difference; None stands for what is not there."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if self.old is None:
            return f"+ {self.path}: {_short(self.new)}"
        if self.new is None:
            return f"- {self.path}: {_short(self.old)}"
        return f"~ {self.path}: {_short(self.old)} → {_short(self.new)}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Everything that differs between two definitions, the seed aside, in the order of their paths."""
    before, after = dict(_flat(_comparable(old), "")), dict(_flat(_comparable(new), ""))
    paths = sorted(before.keys() | after.keys())
    return [Change(p, before.get(p), after.get(p)) for p in paths if before.get(p) != after.get(p)]


def not_amendable(changes: list[Change], definition: Mapping[str, Any]) -> list[Change]:
    """Those that would change the study for people who come later."""
    texts = _amendable_files(definition)
    return [
        change
        for change in changes
        if not any(pattern.search(change.path) for pattern in AMENDABLE)
        and not (change.path.startswith("files[") and change.path[6:-1] in texts)
        and not change.path.startswith("code[")
    ]


def applied(definition: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The study file of a definition with some values replaced.

    Args:
        values: Path → value, such as {"sample.target": 30, "waves[main].stages[lobby].ready_seconds": 30}.

    Raises:
        StudyError: "path_unknown", when the parent of a path is not there.
    """
    said = deepcopy({key: value for key, value in definition.items() if key != FROZEN})
    for path, value in values.items():
        steps = [one or two for one, two in _STEP.findall(path)]
        if not steps:
            raise StudyError("path_unknown", f'"{path}" is no path; write for example sample.target')
        here: Any = said
        for step in steps[:-1]:
            here = _child(here, step, path)
        if isinstance(here, dict):
            here[steps[-1]] = value
        else:
            raise StudyError("path_unknown", f'"{path}": only named values can be set')
    return said


def _child(here: Any, step: str, path: str) -> Any:
    if isinstance(here, dict) and step in here:
        return here[step]
    if isinstance(here, list):
        for at, each in enumerate(here):
            if step == str(at) or (isinstance(each, dict) and each.get("id") == step):
                return each
    raise StudyError("path_unknown", f'"{path}": there is no "{step}"')


def _comparable(definition: Mapping[str, Any]) -> dict[str, Any]:
    frozen = definition.get(FROZEN, {})
    said = {key: value for key, value in definition.items() if key != FROZEN}
    return _in_full(said) | {"files": frozen.get("files", {}), "code": frozen.get("experiments", {})}


def _in_full(said: dict[str, Any]) -> dict[str, Any]:
    """With what a definition that was frozen earlier does not say yet, because its default was the only way."""
    try:
        return StudyFile.model_validate(said).model_dump(mode="json", by_alias=True)
    except ValidationError:  # what is no study file is compared as it stands
        return said


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}[{key}]" if path in {"files", "code"} else f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for at, each in enumerate(value):
            yield from _flat(each, f"{path}[{each.get('id', at)}]")
    else:
        yield path, value


def _amendable_files(definition: Mapping[str, Any]) -> set[str]:
    """Files that may be reworded: those of the fields above, unless another stage shows the same file."""
    stages = [stage for wave in definition["waves"] for stage in wave["stages"]]
    free = {exit_["page"] for exit_ in definition["exits"].values()} | _cards(definition)
    fixed: set[str] = set()
    for stage in stages:
        for key, value in stage.items():
            (free if AMENDABLE_TEXTS.get(stage["kind"]) == key else fixed).update(_words(value))
    return free - fixed


def _cards(definition: Mapping[str, Any]) -> set[str]:
    """The cards with resources: a helpline may change its number at any time."""
    return set((definition.get("safety") or {}).get("card", {}).values())


def _words(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _words(each)


def _short(value: Any) -> str:
    text = str(value)
    return f"{text[:12]}…" if re.fullmatch(r"[0-9a-f]{64}", text) else text[:100]
