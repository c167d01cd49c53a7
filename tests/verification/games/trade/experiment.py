"""A game with every kind of step: a gift, a talk, a loop, a belief that voids nothing and may win, a page to read."""

from collections.abc import Mapping
from typing import Any

from paradigm import (
    Belief,
    Bonus,
    Choice,
    Decision,
    Experiment,
    Field,
    Matching,
    MatchPlan,
    Option,
    Parameters,
    Place,
    Play,
    Points,
    Rating,
    Repeat,
    Role,
    Show,
    State,
    Talk,
    Text,
    Turn,
    View,
    setting,
)


class Trade(Parameters):
    """Its numbers."""

    rounds: int = setting(2, "Rounds", unit="rounds", ge=1, le=9)
    endowment: int = setting(10, "Endowment", unit="points", ge=1, le=100)
    prize: int = setting(0, "What a guess can win", unit="points", ge=0, le=100)

    half = property(lambda self: self.endowment / 2)


def pairs(matching: Matching) -> list[MatchPlan]:
    """Giver i with taker i."""
    givers = [seat.number for seat in matching.seats if seat.role == "giver"]
    takers = [seat.number for seat in matching.seats if seat.role == "taker"]
    return [MatchPlan({"A": giver, "B": taker}) for giver, taker in zip(givers, takers, strict=False)]


def given(state: State) -> int:
    """The gift."""
    return int(next(iter(state.acts("give").values()), {}).get("given", 0))


def view(place: Place, state: State) -> View:
    """The gift after it was made."""
    return View(facts={"given": given(state) if state.path != "give" else 0})


def payoff(state: State) -> Mapping[int, int]:
    """The giver keeps the rest, the taker has the gift doubled, and a point for each thing that was said."""
    words = len(state.entries("chat"))
    kept = state.parameters.endowment - given(state)
    return {place.seat: (kept if place.role == "giver" else 2 * given(state)) + words for place in state.places}


def half(turn: Turn) -> Mapping[str, Any]:
    """Half of everything, few words, and no bargaining."""
    if turn.step == "chat":
        return {"entries": [{"kind": "message", "text": f"Hello {turn.rng.randint(1, 99)}"}]}
    return {"given": 5, "note": "", "more": "no", "trust": 4}


def came_true(play: Play, field: Field) -> int:
    """The gift, on the scale of what was guessed."""
    del field
    return min(7, max(1, int(next(iter(play.acts["give"].values()))["given"])))


MORE = Choice("more", options=[Option("yes", "Yes"), Option("no", "No")])

GUESS = Rating("trust", low=1, high=7, belief=Belief("return"))

experiment = Experiment(
    name="trade",
    roles={"giver": Role(), "taker": Role()},
    parameters=Trade,
    pairing=pairs,
    steps=[
        Decision("give", by="giver", fields=[Points("given", high="endowment"), Text("note", required=False)]),
        Talk("chat", by=["giver", "taker"], seconds=60, quota=2),
        Repeat(
            "bargain",
            times=2,
            until=lambda state: all(act.get("more") == "no" for act in state.acts("say").values()),
            steps=[Decision("say", by="*", fields=[MORE])],
        ),
        Decision("guess", by="taker", fields=[GUESS], voids_match=False),
        Show("result"),
    ],
    payoff=payoff,
    void_points=5,
    view=view,
    policies={"half": half},
    bonus=Bonus(prize="prize", truth=came_true),
)
