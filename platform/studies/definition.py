"""What a frozen version says. A running study reads this and never the disk."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db.models.base import ModelState

from paradigm import Experiment, Parameters, Seat
from studies import registry
from studies.models import Version, VersionFile, levels_of
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_partners import GroupPlan, Partner
from studies.schema_stages import GameStage, StageConfig
from studies.topics import TOPIC
from studies.varied import Levels, combinations, filled, under, varied

FROZEN = "frozen"  # the key of the definition that holds what freezing added: files, experiments, seed_sha256
MOST_PARSED = 256
# By the sha256 of the definition, so that an entry is never out of date.
_parsed: dict[str, StudyFile] = {}
_parameters: dict[tuple[str, str, str, str], Parameters] = {}


def version_of(version_id: int) -> Version:
    """A version by its primary key. It is frozen, so it is read once; its study is not, so it is not kept with it."""
    known, found, state = _version(version_id), Version.__new__(Version), ModelState()
    state.adding, state.db = False, known._state.db
    found.__dict__.update(known.__dict__, _state=state)  # as copy.copy, which every page would pay for seventy times
    return found


@lru_cache(maxsize=MOST_PARSED)
def _version(version_id: int) -> Version:
    return Version.objects.get(pk=version_id)


def definition(version: Version) -> StudyFile:
    """The study file of a version, resolved with every default."""
    found = _parsed.get(version.sha256)
    if found is None:
        if len(_parsed) >= MOST_PARSED:
            _parsed.clear()
        found = _parsed[version.sha256] = read(version.definition)
    return found


def read(said: Mapping[str, Any]) -> StudyFile:
    """The study file of a definition that is in no version here."""
    return StudyFile.model_validate({key: value for key, value in said.items() if key != FROZEN})


def text(version: Version, path: str) -> str:
    """The frozen text of a file that the version names.

    Raises:
        StudyError: "file_unknown".
    """
    return _text(version.pk, path)


@lru_cache(maxsize=1024)
def _text(version_id: int, path: str) -> str:
    row = VersionFile.objects.filter(version_id=version_id, path=path).select_related("file").first()
    if row is None:
        raise StudyError(
            "file_unknown", f'version {version_id} has no file "{path}"; `manage.py study check` lists the files'
        )
    return row.file.text


def text_sha256(version: Version, path: str) -> str:
    """The sha256 of a frozen file: what a consent keeps.

    Raises:
        StudyError: "file_unknown".
    """
    files: dict[str, str] = version.definition[FROZEN]["files"]
    if path not in files:
        raise StudyError("file_unknown", f'{version} has no file "{path}"')
    return files[path]


def experiment(name: str) -> Experiment:
    """The experiment a study file names. Raises StudyError: "experiment_unknown", "experiment_broken"."""
    return registry.experiment(name)


def stage(version: Version, index: int) -> StageConfig:
    """The stage at a place of the study, from 0.

    Raises:
        StudyError: "stage_unknown".
    """
    stages = definition(version).stages
    if not 0 <= index < len(stages):
        raise StudyError("stage_unknown", f"{version} has {len(stages)} stages; there is none at {index}")
    return stages[index]


def places(version: Version, wave: str) -> range:
    """Where the stages of a wave stand among those of the study."""
    study, start = definition(version), 0
    for one in study.waves:
        if one.id == wave or len(study.waves) == 1:
            return range(start, start + len(one.stages))
        start += len(one.stages)
    raise StudyError("wave_unknown", f'{version} has no wave "{wave}"')


def visit_number(version: Version, wave: str, repeat: int) -> int:
    """Which visit of a person this is, from 1. Raises StudyError: "wave_unknown"."""
    before = 0
    for one in definition(version).waves:
        if one.id == wave:
            return before + repeat
        before += one.repeat
    if len(definition(version).waves) == 1:
        return repeat
    raise StudyError("wave_unknown", f'{version} has no wave "{wave}"')


def visits_with(study: StudyFile, experiment_name: str) -> dict[str, range]:
    """Wave → the numbers of its visits, counted from 1 over all visits in which an experiment is played."""
    found: dict[str, range] = {}
    before = 0
    for one in study.waves:
        if any(isinstance(each, GameStage) and each.experiment == experiment_name for each in one.stages):
            found[one.id] = range(before + 1, before + one.repeat + 1)
            before += one.repeat
    return found


def visit_name(version: Version, wave: str, repeat: int) -> str:
    """What a visit is called where visits are told apart: "chat 3", or "final" where the wave has one."""
    is_repeated = any(one.id == wave and one.repeat > 1 for one in definition(version).waves)
    return f"{wave} {repeat}" if is_repeated else wave


def stage_named(version: Version, stage_id: str) -> StageConfig:
    """The stage with an id. Raises StudyError: "stage_unknown"."""
    for found in definition(version).stages:
        if found.id == stage_id:
            return found
    raise StudyError("stage_unknown", f'{version} has no stage "{stage_id}"')


def game(version: Version, stage_id: str) -> GameStage:
    """The game stage with an id. Raises StudyError: "stage_unknown"."""
    found = stage_named(version, stage_id)
    if not isinstance(found, GameStage):
        raise StudyError("stage_unknown", f'stage "{stage_id}" of {version} is no game')
    return found


def parameters(version: Version, stage_id: str, condition: str = "", topic: str = "") -> Parameters:
    """The experiment's parameters at a game stage, for a group of a condition; without one, where no factor decides.

    Args:
        topic: What the group talks about, where the game has topics.

    Raises:
        StudyError: "stage_unknown"; "level_missing" where the condition lacks a level on which a parameter depends.
    """
    known = _parameters.get((version.sha256, stage_id, condition, topic))
    if known is None:
        if len(_parameters) >= MOST_PARSED:
            _parameters.clear()
        known = parameters_of(game(version, stage_id), levels_of(condition), topic)
        _parameters[version.sha256, stage_id, condition, topic] = known
    return known


def parameters_of(game: GameStage, levels: Mapping[str, str], topic: str = "") -> Parameters:
    """The parameters a game stage sets, at some levels; of its topics the first, unless one is named.

    Raises:
        StudyError: "level_missing".
        ValidationError: pydantic's, where they do not fit the experiment.
    """
    said = under(game.parameters, levels) | ({TOPIC: topic or game.topic.pool[0]} if game.topic else {})
    return experiment(game.experiment).parameters.model_validate(said)


def parameters_by_topic(game: GameStage) -> list[Parameters]:
    """The parameters of a game with each of its topics, at levels that do not matter; [] where it has none.

    Raises as `parameters_of`.
    """
    first = {name: next(iter(one.values)) for name, one in varied(game.parameters).items()}
    levels = {varied(game.parameters)[name].by: level for name, level in first.items()}
    return [parameters_of(game, levels, topic) for topic in game.topic.pool] if game.topic else []


def parameters_by_level(study: StudyFile, game: GameStage) -> list[tuple[Levels, Parameters]]:
    """The parameters of a game at every combination of the levels on which they depend, none where they do not.

    Raises as `parameters_of`.
    """
    factors = {name: factor.levels for name, factor in study.factors.items()}
    return [(levels, parameters_of(game, levels)) for levels in combinations(game.parameters, factors)]


def first_parameters(study: StudyFile, game: GameStage) -> Parameters:
    """The parameters where no group has a condition: of one that a factor decides, the value at the first level.

    Raises as `parameters_of`.
    """
    return parameters_by_level(study, game)[0][1]


def complete_parameters(study: StudyFile, game: GameStage) -> dict[str, Any]:
    """The parameters of a game with every default, as freezing stores them. Raises as `parameters_of`."""
    found = parameters_by_level(study, game)
    complete = filled(game.parameters, [(levels, values.model_dump(mode="json")) for levels, values in found])
    return {name: value for name, value in complete.items() if name != TOPIC or game.topic is None}


def group_of(study: StudyFile, stage_id: str) -> str:
    """The group that plays at a stage: the one formed by the last waiting room before it.

    A study without a waiting room has only groups that nobody enters: its one group, or "".
    """
    has_room = any(found.kind == "waiting_room" for found in study.stages)
    formed = next(iter(study.groups), "") if not has_room and len(study.groups) == 1 else ""
    for found in study.stages:
        if found.kind == "waiting_room":
            formed = found.forms
        if found.id == stage_id:
            return formed
    return formed


def seats_of(plan: GroupPlan) -> list[Seat]:
    """The seats of a full group."""
    kinds = [
        (role, kind)
        for role, seats in plan.roles.items()
        for kind, count in (("human", seats.humans), ("ai", seats.ai))
        for _ in range(count)
    ]
    return [Seat(number, role, kind) for number, (role, kind) in enumerate(kinds, start=1)]


def labels_for(partner: Partner, levels: Mapping[str, str]) -> Mapping[str, int]:
    """What a partner may be called under some levels, with weights: one entry where nothing is drawn."""
    return partner.label.under(levels.get(partner.label.by or ""))


def label_for(partner: Partner, levels: Mapping[str, str]) -> str | None:
    """What a partner is always called under some levels, "" for nothing; None where it is drawn for each match."""
    found = labels_for(partner, levels)
    return next(iter(found)) if len(found) == 1 else None


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the text whose sha256 names a definition."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def code_is_current(version: Version) -> bool:
    """Whether the installed experiments are those the version was frozen with."""
    frozen: Mapping[str, str] = version.experiment_sha256
    try:
        return all(registry.code_sha256(name) == sha256 for name, sha256 in frozen.items())
    except StudyError:
        return False
