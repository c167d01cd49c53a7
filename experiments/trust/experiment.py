"""The trust game, after Berg, Dickhaut & McCabe 1995: A sends, it grows, B sends back. Its defaults are ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paradigm import (
    Decision,
    Experiment,
    Matching,
    MatchPlan,
    Moves,
    Parameters,
    Place,
    Points,
    Role,
    Show,
    State,
    View,
    setting,
)
from paradigm.state import Values
from paradigm.strategies import STRATEGIES, strategies


class Settings(Parameters):
    """What a study may set; `pot` follows from it and is the most that B can hold."""

    rounds: int = setting(1, "Rounds", unit="rounds", ge=1, le=100)
    endowment: int = setting(10, "What A may keep or send", unit="points", ge=1, le=1_000_000)
    multiplier: int = setting(3, "Points that B receives for each point sent", unit="points", ge=1, le=10)
    act_seconds: int = setting(120, "Time to send, and to send back", unit="s", ge=5, le=3600)
    result_seconds: int = setting(60, "Longest time the result is shown", unit="s", ge=3, le=3600)

    pot = property(lambda self: self.endowment * self.multiplier)


@dataclass(frozen=True)
class Returned(Points):
    """At most what B received."""

    def resolve(self, place: Place, state: State) -> "Returned":
        return replace(self, low=0, high=received(state))


def amount(acts: Mapping[int, Values], name: str) -> int:
    """What the one who acted at a step gave, in points."""
    return int(next(iter(acts.values()))[name])


def sent(state: State) -> int:
    """What A sent, in points."""
    return amount(state.acts("send"), "sent")


def received(state: State) -> int:
    """What B got of it, in points."""
    return sent(state) * int(state.parameters.multiplier)


def pairs(matching: Matching) -> Sequence[MatchPlan]:
    """Each sender with a receiver, drawn anew each round."""
    senders = [seat.number for seat in matching.seats if seat.role == "sender"]
    receivers = [seat.number for seat in matching.seats if seat.role == "receiver"]
    drawn = matching.rng.sample(receivers, k=len(receivers))
    return [MatchPlan({"A": one, "B": other}) for one, other in zip(senders, drawn, strict=False)]


def payoff(state: State) -> Mapping[int, int]:
    """A has what was kept and what came back; B has the rest of the pot."""
    back, kept = amount(state.acts("back"), "returned"), int(state.parameters.endowment) - sent(state)
    return {p.seat: kept + back if p.role == "sender" else received(state) - back for p in state.places}


def view(place: Place, state: State) -> View:
    """A move is told once it is made; one's own points with the result."""
    told: dict[str, str | int] = {}
    if state.path in ("back", "result"):
        told |= {"sent": sent(state), "received": received(state)}
    if state.path == "result":
        told |= {"returned": amount(state.acts("back"), "returned"), "points": payoff(state)[place.seat]}
    return View(facts=told)


def most_back(acts: Mapping[str, Mapping[int, Values]], parameters: Settings) -> int:
    """What B could send back of what A sent, in points."""
    return amount(acts["send"], "sent") * parameters.multiplier


experiment = Experiment(
    name="trust",
    roles={"sender": Role(title="Player A"), "receiver": Role(title="Player B")},
    parameters=Settings,
    pairing=pairs,
    steps=[
        Decision("send", "sender", [Points("sent", "Points you send to Player B", high="endowment")], "act_seconds"),
        Decision("back", "receiver", [Returned("returned", "Points you send back", high="pot")], "act_seconds"),
        Show("result", "result_seconds"),
    ],
    payoff=payoff,
    view=view,
    policies={"half": STRATEGIES["share"], **strategies("reciprocate")},
    moves={
        "sender": Moves("send", "sent", memory="anyone"),
        "receiver": Moves("back", "returned", most=most_back, memory="anyone"),
    },
    script={
        "sender": {"send": {"sent": "{{ endowment }}"}},
        "receiver": {"back": {"returned": "{{ endowment }}"}},
    },
)
