"""A repeated dilemma without people: a new partner each round, and a seeded end of each supergame."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from paradigm import Choice, Experiment, Option, Parameters, Role, State, Table, Turn, View, setting
from paradigm.experiment import Matching, MatchPlan
from paradigm.pairing import least_met, rested_first
from paradigm.steps import Decision, Repeat

PAIRS = [("C", "C"), ("C", "D"), ("D", "C"), ("D", "D")]


class Settings(Parameters):
    rounds: int = setting(4, "Supergames, each with a new partner", unit="rounds", ge=1, le=40)
    go_on: float = setting(0.8, "Chance of another turn", ge=0, lt=1)
    worth: tuple[int, int, int, int] = setting((3, 0, 5, 1), "For CC, CD, DC and DD, own move first", unit="points")


def dyads(matching: Matching) -> Sequence[MatchPlan]:
    numbers = [seat.number for seat in rested_first(matching)]
    half = len(numbers) // 2
    pairs = least_met(numbers[:half], numbers[half : 2 * half], matching.past)
    return [MatchPlan({"1": one, "2": other}) for one, other in pairs.items()]


def moves(seat: int, state: State) -> list[tuple[str, str]]:
    other = next(place.seat for place in state.places if place.seat != seat)
    turns = [state.acts("move", turn) for turn in range(1, 51)]
    return [(turn[seat]["move"], turn[other]["move"]) for turn in turns if len(turn) == 2]


def payoff(state: State) -> Mapping[int, int]:
    worth = dict(zip(PAIRS, state.parameters.worth, strict=True))
    return {place.seat: sum(worth[pair] for pair in moves(place.seat, state)) for place in state.places}


def is_over(state: State) -> bool:
    turn = len(moves(state.places[0].seat, state))
    return bool(state.random(f"after{turn}").random() > state.parameters.go_on)


def memory_one(turn: Turn, *, then: str) -> Mapping[str, Any]:
    """Cooperate first; `then` says what to do after CC, CD, DC and DD."""
    rows = [(str(row[0]), str(row[1])) for row in turn.view.tables[0].rows]
    return {"move": dict(zip(PAIRS, then, strict=True))[rows[-1]] if rows else "C"}


MOVE = Decision("move", by="player", fields=[Choice("move", options=[Option("C", "Left"), Option("D", "Right")])])
experiment = Experiment(
    name="dilemma",
    roles={"player": Role()},
    parameters=Settings,
    pairing=dyads,
    steps=[Repeat("supergame", [MOVE], times=50, until=is_over)],
    payoff=payoff,
    view=lambda place, state: View(tables=[Table("So far", ("You", "The other"), moves(place.seat, state))]),
    policies={name: partial(memory_one, then=then) for name, then in [("tit_for_tat", "CDCD"), ("win_stay", "CDDC")]},
)
