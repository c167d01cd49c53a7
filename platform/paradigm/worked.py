"""A worked example: from numbers that somebody tries out to what all would earn, by the experiment's own rules. Pure.

Asked for is whatever the seats of one match decide and that is a number or a choice. Words are left out: no payoff that
can be worked out beforehand depends on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paradigm.fields import Choice, Field, FieldError, Points
from paradigm.imagined import Imagined, ImaginedError, Scene, is_in_the_game
from paradigm.state import Place, Values

MOST_FIELDS = 12


@dataclass(frozen=True)
class Tried:
    """One thing that is tried out: who would decide it, and the field under a name of its own."""

    place: Place
    field: Field


@dataclass(frozen=True)
class Worked:
    """An example as far as it was filled in.

    Attributes:
        values: What was sent, by the key of the field.
        errors: What was refused, by the same; only for what was sent.
        points: Place → what it would earn; None until everything is filled in.
    """

    tried: Sequence[Tried]
    values: Mapping[str, str]
    errors: Mapping[str, FieldError]
    points: Sequence[tuple[Place, int]] | None


def work_out(scene: Scene, raw: Mapping[str, str]) -> Worked:
    """What everybody in a match would earn.

    Args:
        raw: By the key of each field, as a form sends it. Other keys are ignored.

    Raises:
        ImaginedError: the match asks for too much, or no seat ever meets anybody.
    """
    state = scene.begin(scene.seats[0].number)
    tried: list[Tried] = []
    errors: dict[str, FieldError] = {}
    path = state.first()
    while path is not None:
        state = state.at(path)
        if is_in_the_game(state.step):
            here = [(place, one) for place in state.places for one in state.asked(place)]
            tried += [Tried(place, _named(state, place, one)) for place, one in here if _is_tried(one)]
            if len(tried) > MOST_FIELDS:
                raise ImaginedError(f"a match asks for more than {MOST_FIELDS} numbers and choices")
            state = state.after(_acts(state, here, raw, errors))
        path = state.at("").following(path)
    values = {one.field.key: raw.get(one.field.key, "") for one in tried}
    is_whole = all(values.values()) and not errors
    points = state.points() if is_whole else {}
    earned = [(place, int(points.get(place.seat, 0))) for place in state.places] if is_whole else None
    return Worked(tried, values, errors, earned)


def _named(state: Imagined, place: Place, field: Field) -> Field:
    """The field under a name that says whose it is and where: no form of the game has one like it."""
    return replace(field, name=f"{place.position}.{state.path}.{field.name}", required=True)


def _is_tried(field: Field) -> bool:
    return isinstance(field, Points | Choice)


def _acts(
    state: Imagined, here: Sequence[tuple[Place, Field]], raw: Mapping[str, str], errors: dict[str, FieldError]
) -> dict[int, Values]:
    """What everybody does: what was tried out, and something that fits where nothing was, or nothing that is taken."""
    acts: dict[int, dict[str, Any]] = {}
    for place, field in here:
        named = _named(state, place, field)
        said = raw.get(named.key, "") if _is_tried(field) else ""
        value: Any = None
        if said:
            try:
                value = named.clean(said)
            except FieldError as error:
                errors[named.key] = error
        acts.setdefault(place.seat, {})[field.key] = _anything(field) if value is None else value
    return dict(acts)


def _anything(field: Field) -> Any:
    """The least that a field takes."""
    if isinstance(field, Points):
        return int(field.low)
    return field.offered[0].value if isinstance(field, Choice) else ""
