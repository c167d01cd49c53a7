"""A small game for tests: givers send, takers answer, both see; dyads re-formed each round, an odd seat sits out."""

from paradigm import (
    Choice,
    Decision,
    Experiment,
    Matching,
    MatchPlan,
    Option,
    Parameters,
    Place,
    Points,
    Repeat,
    Role,
    Show,
    State,
    Text,
    View,
    setting,
)


class Gift(Parameters):
    """Its numbers."""

    rounds: int = setting(2, "Rounds", unit="rounds", ge=1, le=9)
    endowment: int = setting(10, "Endowment", unit="points", ge=1, le=100)
    seconds: int = setting(30, "Time for each act", unit="s", ge=1, le=600)


def pairs(matching: Matching) -> list[MatchPlan]:
    """Giver i with taker i, rotated each round."""
    givers = [s.number for s in matching.seats if s.role == "giver"]
    takers = [s.number for s in matching.seats if s.role == "taker"]
    return [
        MatchPlan({"A": giver, "B": takers[(i + matching.round) % len(takers)]})
        for i, giver in enumerate(givers[: len(takers)])
    ]


def view(place: Place, state: State) -> View:
    """The gift after it was made, and the last round's."""
    sent = next((act["sent"] for act in state.acts("give").values()), "")
    return View(facts={"sent": sent if sent != "" else "?", "last": len(state.last(place.seat))})


def payoff(state: State) -> dict[int, int]:
    """The giver keeps what was not sent; the taker gets it doubled, if thanked."""
    sent = next(iter(state.acts("give").values()))["sent"]
    return {p.seat: (10 - sent) if p.role == "giver" else 2 * sent for p in state.places}


experiment = Experiment(
    name="gift",
    roles={"giver": Role(), "taker": Role()},
    parameters=Gift,
    pairing=pairs,
    steps=[
        Decision("give", by="giver", fields=[Points("sent", high="endowment")], seconds="seconds"),
        Repeat(
            "haggle",
            times=2,
            until=lambda state: all(act["more"] == "no" for act in state.acts("say").values()),
            steps=[
                Decision(
                    "say",
                    by={
                        "giver": [Choice("more", options=[Option("yes", "Yes"), Option("no", "No")])],
                        "taker": [
                            Choice("more", options=[Option("yes", "Yes"), Option("no", "No")]),
                            Text("words", max_chars=20, required=False),
                        ],
                    },
                    seconds="seconds",
                )
            ],
        ),
        Show("seen", seconds=15),
    ],
    view=view,
    payoff=payoff,
    void_points=5,
)
