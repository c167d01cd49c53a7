"""Two who know a fact each talk. With `leaks` the view tells everybody everything: a fault, unless `known` says so."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from paradigm import Card, Chat, Experiment, Parameters, Place, Role, Seat, State, Talk, View, setting

KEY, DOOR = "The key lies under the third stone.", "The door opens at five to nine."


class Settings(Parameters):
    leaks: int = setting(0, "Whether the view tells everybody everything", unit="", ge=0, le=1)
    known: str = setting("own", "What the experiment says that each is told")
    quota: int = setting(0, "Entries each; 0: as many as they like", unit="entries", ge=0, le=50)


def deal(seats: Sequence[Seat], parameters: Any, rng: Random) -> Mapping[int, Mapping[str, Any]]:
    given = [{"facts": {"f1": KEY}}, {"facts": {"f2": DOOR}}]
    return {seat.number: given[at % 2] for at, seat in enumerate(seats)}


def knows(role: str, parameters: Any) -> Any:
    del role
    return parameters.known


def view(place: Place, state: State) -> View:
    shown = [one.seat for one in state.places] if state.parameters.number("leaks") else [place.seat]
    facts = [text for seat in shown for text in state.dealt(seat).get("facts", {}).values()]
    return View(page="talk", cards=[Card(f"Fact {at}", "", text) for at, text in enumerate(facts, start=1)])


experiment = Experiment(
    name="telling",
    roles={"talker": Role()},
    parameters=Settings,
    steps=[Talk("talk", Chat(max_chars=200), quota="quota", seconds=600)],
    view=view,
    deal=deal,
    knows=knows,
)
