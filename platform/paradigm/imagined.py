"""A match that nobody plays: for practice against made-up answers, and to work out what an example would earn. Pure.

The experiment's own pairing, steps, fields, view and payoff are asked; what differs is where the acts come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from paradigm.experiment import Experiment, Matching, MatchPlan, Script
from paradigm.fields import Field, FieldError, Points, Text, resolve
from paradigm.parameters import Parameters
from paradigm.program import first, following, names_step, repetition, step_at
from paradigm.state import Entry, Place, Play, Seat, State, Values
from paradigm.steps import Decision, Leaf, Show
from paradigm.view import View

MOST_TRIES = 20  # at a pairing in which a seat does not rest


class ImaginedError(Exception):
    """Something cannot be imagined: a made-up answer is missing or not accepted, or a seat never meets anybody."""


@dataclass(frozen=True)
class Scene:
    """Everything from which an imagined match follows.

    Args:
        seats: Of a full group.
        seed: Settles all chance.
    """

    experiment: Experiment
    parameters: Parameters
    seats: Sequence[Seat]
    seed: str

    def chance(self, purpose: str) -> Random:
        """Chance that is the same whenever asked."""
        return Random(f"{self.seed}/{purpose}")  # noqa: S311  seeded on purpose: reproducible

    @cached_property
    def rounds(self) -> int:
        """How many rounds a game would have."""
        return self.experiment.rounds(self.parameters, self.chance("rounds"))

    @cached_property
    def dealt(self) -> Mapping[int, Mapping[str, Any]]:
        """What each seat would be given."""
        deal = self.experiment.deal
        return deal(self.seats, self.parameters, self.chance("deal")) if deal else {}

    def seat_in(self, role: str) -> int:
        """The number of a seat of a role. Raises ImaginedError."""
        found = sorted((seat for seat in self.seats if seat.role == role), key=lambda seat: seat.kind != "human")
        if not found:
            raise ImaginedError(f'no seat has the role "{role}"')
        return found[0].number

    def begin(self, seat: int, round_number: int = 1, past: Sequence["Imagined"] = ()) -> "Imagined":
        """A match in which a seat meets others, before its first step. Raises ImaginedError."""
        met = tuple([one.plan] for one in past)
        for attempt in range(MOST_TRIES):
            rng = self.chance(f"pairing/{round_number}/{attempt}")
            plans = self.experiment.pairing(Matching(self.seats, round_number, rng, self.parameters, met))
            for plan in plans:
                if seat in plan.seats.values():
                    return Imagined(self, plan, round_number, past=tuple(past))
        raise ImaginedError(f"seat {seat} never meets anybody")


@dataclass(frozen=True)
class Imagined(State):
    """Implements `paradigm.State` in memory. Nobody has a label, no level holds, and it is the only visit.

    Args:
        done: What was done so far: path → seat → values, in order.
        past: Earlier imagined matches of the same seat, over.
    """

    scene: Scene
    plan: MatchPlan
    number: int
    path: str = ""
    done: tuple[tuple[str, Mapping[int, Values]], ...] = ()
    past: tuple["Imagined", ...] = ()

    def at(self, path: str) -> "Imagined":
        """The same match at another step; "" between steps, and when it is over."""
        return replace(self, path=path)

    def after(self, acts: Mapping[int, Values]) -> "Imagined":
        """The same match once these seats have acted at the open step."""
        return replace(self, path="", done=(*self.done, (self.path, acts)))

    @property
    def parameters(self) -> Any:
        return self.scene.parameters

    @property
    def levels(self) -> Mapping[str, str]:
        return {}

    @property
    def round(self) -> int:
        return self.number

    @property
    def rounds(self) -> int:
        return self.scene.rounds

    @property
    def visit(self) -> int:
        return 1

    @property
    def visits(self) -> int:
        return 1

    @property
    def is_last_visit(self) -> bool:
        return True

    @property
    def repetition(self) -> int:
        return repetition(self.path)

    @property
    def places(self) -> Sequence[Place]:
        roles = {seat.number: seat.role for seat in self.scene.seats}
        return [Place(self.plan.seats[at], roles[self.plan.seats[at]], at) for at in sorted(self.plan.seats)]

    @property
    def edges(self) -> Sequence[tuple[str, str]]:
        return self.plan.edges

    def place_of(self, seat: int) -> Place:
        """The place of a seat."""
        return next(place for place in self.places if place.seat == seat)

    def acts(self, step: str, repetition: int | None = None) -> Mapping[int, Values]:
        found = [acts for path, acts in self.done if names_step(path, step, repetition)]
        return found[-1] if found else {}

    def last(self, seat: int, k: int = 1) -> Sequence[Play]:
        mine = [one for one in self.past if seat in one.plan.seats.values()]
        return [one.as_play() for one in mine[-k:]] if k > 0 else []

    def entries(self, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
        del talk, after, limit
        return []

    def dealt(self, seat: int) -> Mapping[str, Any]:
        return self.scene.dealt.get(seat, {})

    def random(self, purpose: str) -> Random:
        return self.scene.chance(f"{self.number}/{self.path}/{purpose}")

    def points(self) -> Mapping[int, int]:
        """What each seat would earn, by the experiment's own payoff."""
        return self.scene.experiment.payoff(self.at(""))

    def as_play(self) -> Play:
        """The match as its seats remember it."""
        return Play(self.number, self.places, dict(self.done), self.points())

    def following(self, path: str) -> str | None:
        """The path after a step."""
        return following(self.scene.experiment.steps, path, self)

    def first(self) -> str | None:
        """The path of the first step."""
        return first(self.scene.experiment.steps, self)

    @property
    def step(self) -> Leaf:
        """The open step."""
        return step_at(self.scene.experiment.steps, self.path)

    def asked(self, place: Place) -> list[Field]:
        """The fields that a place fills in at the open step; no beliefs, which are beside the game."""
        step = self.step
        fields = resolve(step.fields_of(place.role), place, self) if isinstance(step, Decision) else []
        return [field for field in fields if field.belief is None]

    def view(self, place: Place) -> View:
        """What a place is told at the open step, the name of its page worked out."""
        told = self.scene.experiment.view(place, self)
        return replace(told, page=told.page or f"{self.path.rpartition('/')[2]}_{place.role}")


def is_in_the_game(step: Leaf) -> bool:
    """Whether a step is a move or a page, and no question beside the game."""
    return isinstance(step, Show) or (isinstance(step, Decision) and step.voids_match)


def made_up(state: Imagined, script: Script, *, but: int) -> dict[int, Values]:
    """What all seats but one answer at the open step, by a script.

    A number that the field would not take, because of what somebody did before, is the nearest that it takes.

    Raises:
        ImaginedError: an answer is missing, or not accepted.
    """
    others = [place for place in state.places if place.seat != but]
    asked = {place.seat: (place, state.asked(place)) for place in others}
    return {seat: {f.key: _said(script, place, state, f) for f in fields} for seat, (place, fields) in asked.items()
            if fields}  # fmt: skip


def _said(script: Script, place: Place, state: Imagined, field: Field) -> Any:
    step = state.path.rpartition("/")[2]
    where = f"{place.position}, {step}, {field.key}"
    for who in (place.position, place.role):
        said = script.get(who, {}).get(step, {})
        value = said.get(field.key, said.get(field.name))
        if value is not None:
            break
    else:
        value = None
    if isinstance(field, Text) and value is not None:
        value = str(value)
    elif isinstance(field, Points) and isinstance(value, int) and not isinstance(value, bool):
        value = min(max(value, int(field.low)), int(field.high))
    try:
        return field.clean(value)
    except FieldError as error:
        missing = "is missing" if value is None else f"is refused: {error}"
        raise ImaginedError(f"the answer of {where} {missing}") from error
