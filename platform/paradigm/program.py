"""Where a match stands in its steps. Pure: from a path and the state to the next path.

A path reads "reply", or "building:3/message" inside the third turn of a `Repeat` named building.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paradigm.experiment import Experiment
from paradigm.fields import Declared, Each
from paradigm.parameters import Parameters
from paradigm.state import State
from paradigm.steps import Decision, Leaf, Repeat, Show, Step


def step_at(steps: Sequence[Step], path: str) -> Leaf:
    """The step a path names.

    Raises:
        KeyError: no step has that path.
    """
    head, _, rest = path.partition("/")
    name = head.partition(":")[0]
    for step in steps:
        if step.name == name:
            if isinstance(step, Repeat):
                return step_at(step.steps, rest)
            return step
    raise KeyError(path)


def first(steps: Sequence[Step], state: State, prefix: str = "") -> str | None:
    """The path of the first step to take, or None when there is none."""
    return _from(steps, 0, state, prefix)


def following(steps: Sequence[Step], path: str, state: State, prefix: str = "") -> str | None:
    """The path after `path`, or None when the match is over."""
    head, _, rest = path.partition("/")
    name, _, turn = head.partition(":")
    index = next(i for i, step in enumerate(steps) if step.name == name)
    step = steps[index]
    if isinstance(step, Repeat):
        inside = following(step.steps, rest, state, f"{prefix}{head}/")
        if inside is not None:
            return inside
        again = _again(step, int(turn), state, prefix)
        if again is not None:
            return again
    return _from(steps, index + 1, state, prefix)


def _from(steps: Sequence[Step], index: int, state: State, prefix: str) -> str | None:
    for step in steps[index:]:
        if not step.when(state):
            continue
        if not isinstance(step, Repeat):
            return prefix + step.name
        if state.parameters.number(step.times) >= 1:
            inside = first(step.steps, state, f"{prefix}{step.name}:1/")
            if inside is not None:
                return inside
    return None


def _again(step: Repeat, turn: int, state: State, prefix: str) -> str | None:
    if turn >= state.parameters.number(step.times) or (step.until is not None and step.until(state)):
        return None
    return first(step.steps, state, f"{prefix}{step.name}:{turn + 1}/")


def repetition(path: str) -> int:
    """The turn of the innermost loop of a path, 0 outside any."""
    loops = [part for part in path.split("/")[:-1] if ":" in part]
    return int(loops[-1].partition(":")[2]) if loops else 0


def names_step(path: str, step: str, turn: int | None = None) -> bool:
    """Whether a path is that of a step, in a turn of its innermost loop where one is named."""
    return path.rpartition("/")[2] == step and (turn is None or repetition(path) == turn)


def leaves(steps: Sequence[Step]) -> Iterator[Leaf]:
    """Every step that a page may show, in order."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from leaves(step.steps)
        else:
            yield step


def is_decided(steps: Sequence[Step], path: str) -> bool:
    """Whether nothing is left, the step at `path` included, that could void the match or change what it pays.

    Only pages and answers beside the game (`voids_match=False`) are. Told by the program alone, whatever its conditions
    would say: so it may be False where no move follows, and is never True where one might.
    """
    name = path.partition("/")[0].partition(":")[0]
    index = next(i for i, step in enumerate(steps) if step.name == name)
    return not any(map(_is_move, leaves(steps[index:])))


def tells_result(steps: Sequence[Step], path: str) -> bool:
    """Whether the step at `path` is a page to read that comes when nothing can change the points any more."""
    return is_decided(steps, path) and isinstance(step_at(steps, path), Show)


def _is_move(step: Leaf) -> bool:
    return not (isinstance(step, Show) or (isinstance(step, Decision) and not step.voids_match))


@dataclass(frozen=True)
class Beforehand:
    """The part of a state that is known before anybody plays. Whatever asks for more cannot be answered yet."""

    parameters: Parameters


def may_come(step: Leaf, parameters: Parameters) -> bool:
    """Whether a step can be taken under some parameters: False where its condition says no from these alone."""
    state: Any = Beforehand(parameters)
    try:
        return step.when(state)
    except Exception:  # it depends on how the game goes
        return True


def decides(step: Decision, parameters: Parameters) -> bool:
    """Whether it is known from some parameters alone that whoever acts at a decision decides there, too.

    False where what they do may be written before.
    """
    if step.written is None:
        return True
    nobody: Any = Beforehand(parameters)
    try:
        return step.written(nobody, nobody) is None
    except Exception:  # it depends on what was written
        return False


def may_ask(step: Decision, role: str, parameters: Parameters) -> list[Declared]:
    """What a role can be asked at a decision under some parameters, whoever it will be about."""
    return [one for one in step.fields_of(role) if not isinstance(one, Each) or _has_partners(one, parameters)]


def _has_partners(each: Each, parameters: Parameters) -> bool:
    state: Any = Beforehand(parameters)
    try:
        return bool(each.of(state, state))
    except Exception:  # it depends on who is met
        return True


def may_show(experiment: Experiment, parameters: Parameters, roles: Collection[str]) -> set[str]:
    """The names of all text pages that a game can come to, under some parameters and from the seats of some roles."""
    steps = [step for step in leaves(experiment.steps) if may_come(step, parameters)]
    pages = {f"{step.name}_{role}" for step in steps for role in roles}
    texts = experiment.texts
    return pages | {name for name in texts if not isinstance(texts, Mapping) or texts[name](parameters)}
