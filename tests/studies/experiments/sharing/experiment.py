"""A small game for the tests of study files: a giver shares an endowment with a taker, both see what came of it."""

from collections.abc import Sequence

from paradigm import (
    Decision,
    Experiment,
    Matching,
    MatchPlan,
    Parameters,
    Place,
    Points,
    Role,
    Show,
    State,
    Text,
    Turn,
    View,
    setting,
)


class SharingParameters(Parameters):
    rounds: int = setting(2, "Rounds", unit="rounds", ge=1, le=50)
    endowment: int = setting(10, "Endowment", unit="points", ge=1, le=1000)
    give_seconds: int = setting(60, "Time to give", unit="s", ge=5, le=600)

    @property
    def half(self) -> float:
        return self.endowment / 2


def dyads(matching: Matching) -> Sequence[MatchPlan]:
    givers = [seat.number for seat in matching.seats if seat.role == "giver"]
    takers = [seat.number for seat in matching.seats if seat.role == "taker"]
    matching.rng.shuffle(takers)
    return [MatchPlan({"A": giver, "B": taker}) for giver, taker in zip(givers, takers, strict=False)]


def view(place: Place, state: State) -> View:
    given = sum(act["given"] for act in state.acts("give").values())
    return View(facts={"given": given} if state.path == "result" else {})


def half_of_it(turn: Turn) -> dict[str, object]:
    return {"given": turn.fields[0].high // 2, "note": ""}  # type: ignore[attr-defined]


experiment = Experiment(
    name="sharing",
    roles={"giver": Role(human=True), "taker": Role()},
    parameters=SharingParameters,
    pairing=dyads,
    steps=[
        Decision(
            "give",
            by="giver",
            fields=[Points("given", low=0, high="endowment"), Text("note", required=False)],
            seconds="give_seconds",
        ),
        Show("result", seconds=20),
    ],
    view=view,
    policies={"half": half_of_it},
    texts=["void"],
)
