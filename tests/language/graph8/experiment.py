"""Eight seats on a small-world graph agree on a colour by messages to their neighbours only."""

from collections.abc import Mapping, Sequence
from typing import Any

from paradigm import Choice, Each, Experiment, Line, Matching, MatchPlan, Option, Place, Role, State, Text, Turn, View
from paradigm.parameters import Parameters, setting
from paradigm.state import neighbours
from paradigm.steps import Decision, Repeat

COLOURS = ("red", "blue")


class Settings(Parameters):
    turns: int = setting(4, "Turns of messages before the answer", unit="turns", ge=1, le=20)
    rewired: float = setting(0.4, "Chance that a link is rewired", ge=0, le=1, source="Watts & Strogatz 1998")


def small_world(matching: Matching) -> Sequence[MatchPlan]:
    """A ring in which each is linked with the next two, some links rewired (Watts and Strogatz)."""
    names, rng = [str(seat.number) for seat in matching.seats], matching.rng
    edges = [(a, b) for hop in (1, 2) for a, b in zip(names, names[hop:] + names[:hop], strict=True)]
    for at, (one, _) in enumerate(edges):
        linked = {one, *(end for edge in edges if one in edge for end in edge)}
        if rng.random() < matching.parameters.rewired:
            edges[at] = (one, rng.choice([name for name in names if name not in linked]))
    return [MatchPlan({str(seat.number): seat.number for seat in matching.seats}, edges)]


def view(place: Place, state: State) -> View:
    turn = state.repetition - 1 if state.repetition else state.parameters.turns
    sent = state.acts("message", turn) if turn else {}
    heard = {p.position: sent.get(p.seat, {}).get(f"note@{place.position}", "") for p in state.places}
    lines = [Line(position, heard[position]) for position in neighbours(place, state) if heard[position]]
    return View(facts={"me": place.position, "turn": turn + 1}, lines=lines)


def majority(turn: Turn) -> Mapping[str, Any]:
    """Tell the colour that most neighbours told; before anybody has spoken, one drawn by chance."""
    told = [line.text for line in turn.view.lines]
    colour = max(COLOURS, key=told.count) if told else turn.rng.choice(COLOURS)
    return {one.key: colour for one in turn.fields}


MESSAGE = Decision("message", by="node", fields=[Each(Text("note", max_chars=80), neighbours)])
experiment = Experiment(
    name="graph8",
    roles={"node": Role()},
    parameters=Settings,
    pairing=small_world,
    steps=[
        Repeat("talking", [MESSAGE], times="turns"),
        Decision("final", by="node", fields=[Choice("colour", options=[Option(c, c) for c in COLOURS])]),
    ],
    view=view,
    policies={"majority": majority},
)
