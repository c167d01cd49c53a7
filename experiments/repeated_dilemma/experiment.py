"""Repeated dilemmas with a pool of partners, after Weis et al. 2026 (arXiv 2602.16301), as people can play them.

A round is a supergame: two players choose again and again, each time at once. All defaults are ours.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from paradigm import (
    Card,
    Chat,
    Choice,
    Decision,
    Experiment,
    Matching,
    MatchPlan,
    Moves,
    Option,
    Parameters,
    Place,
    Rating,
    Repeat,
    Role,
    Show,
    State,
    Table,
    Talk,
    View,
    Worth,
    setting,
)
from paradigm.pairing import least_met, rested_first
from paradigm.strategies import strategies

MOST_TURNS = 100


class Settings(Parameters):
    """What a study may set. The points are what one choice earns, by both choices: all are slots of the pages."""

    rounds: int = setting(5, "Supergames, each with another partner where there is one", unit="supergames", ge=1, le=40)
    transfer: int = setting(0, "Of these the last ones in which people meet people", unit="supergames", ge=0, le=40)
    turns: int = setting(10, "Most choices of a supergame", unit="choices", ge=1, le=MOST_TURNS)
    go_on: float = setting(1.0, "Chance that another choice follows, up to the most; 1: a fixed end", ge=0, le=1)
    reward: int = setting(3, "For each of two who cooperate (R)", unit="points", ge=0, le=1000)
    sucker: int = setting(0, "For who cooperates with a defector (S)", unit="points", ge=0, le=1000)
    temptation: int = setting(5, "For who defects on a cooperator (T)", unit="points", ge=0, le=1000)
    punishment: int = setting(1, "For each of two who defect (P)", unit="points", ge=0, le=1000)
    talk: Literal["none", "first", "every"] = setting("none", "Before which choices of a supergame the two may write")
    expects: Literal["never", "every"] = setting("never", "Before which choices it is asked what the other will choose")
    history: int = setting(10, "How many past choices of a supergame are shown", unit="choices", ge=1, le=MOST_TURNS)
    move_seconds: int = setting(30, "Time to choose", unit="s", ge=5, le=3600)
    talk_seconds: int = setting(60, "Longest time to write", unit="s", ge=10, le=3600)
    result_seconds: int = setting(10, "Longest time the result is shown", unit="s", ge=3, le=3600)


def partners(matching: Matching) -> Sequence[MatchPlan]:
    """People meet programs, whom they have met least first; in the last supergames people. Who is left, whoever is."""
    here = rested_first(matching)
    people = [seat.number for seat in here if seat.kind == "human"]
    programs = [seat.number for seat in here if seat.kind != "human"]
    is_transfer = matching.round > matching.parameters.rounds - matching.parameters.transfer
    met = _among(people, matching) if is_transfer or not programs else {}
    rest = [one for one in people if one not in {*met, *met.values()}]
    mixed = min(len(rest), len(programs))
    met |= least_met(rest[:mixed], programs, matching.past) if mixed else {}
    met |= _among(rest[mixed:] if people else programs, matching)
    return [MatchPlan({"1": one, "2": other}) for one, other in met.items()]


def _among(numbers: Sequence[int], matching: Matching) -> dict[int, int]:
    half = len(numbers) // 2
    return least_met(numbers[:half], numbers[half : 2 * half], matching.past)


def worth(of: Settings) -> Worth:
    """What a choice earns."""
    return Worth(cc=of.reward, cd=of.sucker, dc=of.temptation, dd=of.punishment)


def choices(seat: int, state: State) -> list[tuple[bool, bool]]:
    """The choices of this supergame so far, own first; True is cooperation."""
    other = next(place.seat for place in state.places if place.seat != seat)
    turns = [state.acts("move", turn) for turn in range(1, state.parameters.turns + 1)]
    return [(turn[seat]["choice"] == "C", turn[other]["choice"] == "C") for turn in turns if len(turn) == 2]


def payoff(state: State) -> Mapping[int, int]:
    """The sum over all choices."""
    points = worth(state.parameters)
    return {p.seat: int(sum(points.of(*pair) for pair in choices(p.seat, state))) for p in state.places}


def is_over(state: State) -> bool:
    """Whether chance ends the supergame after this choice."""
    done = len(choices(state.places[0].seat, state))
    return bool(state.random(f"after{done}").random() >= state.parameters.go_on)


def may_write(state: State) -> bool:
    """Whether the two may write before the choice that comes; it has no number yet where the supergame begins."""
    asked = state.parameters.talk
    return asked == "every" or (asked == "first" and not choices(state.places[0].seat, state))


def view(place: Place, state: State) -> View:
    """Who is met, the choices so far, and what each earned. Options have letters, and no names that judge."""
    so_far, points = choices(place.seat, state), worth(state.parameters)
    shown = [(number, _letter(own), _letter(other), int(points.of(own, other)))
             for number, (own, other) in enumerate(so_far, start=1)][-state.parameters.history :]  # fmt: skip
    told: dict[str, str | int] = {"turn": len(so_far) + 1}
    if state.path.endswith("result"):
        told |= {"turn": len(so_far), "own": shown[-1][1], "other": shown[-1][2], "points": shown[-1][3]}
    tables = [Table("This game so far", ("Choice", "You", "The other", "You earned"), shown)] if shown else []
    others = [Card(each.position, each.label) for each in state.places if each.seat != place.seat]
    return View(facts=told, cards=others, tables=tables)


def _letter(cooperates: bool) -> str:
    return "X" if cooperates else "Y"


CHOICE = Choice("choice", "Your choice", options=[Option("C", "X"), Option("D", "Y")])
EXPECTED = Rating("expected", "How likely is it that the other player chooses X now?", False, low=0, high=100,
                  unit="per cent", low_label="certainly not", high_label="certainly")  # fmt: skip

experiment = Experiment(
    name="repeated_dilemma",
    roles={"player": Role(title="Player")},
    parameters=Settings,
    pairing=partners,
    steps=[
        Repeat(
            "supergame",
            [
                Talk("talk", Chat(max_chars=300), seconds="talk_seconds", when=may_write),
                Decision(
                    "expect", "player", [EXPECTED], "move_seconds", voids_match=False,
                    when=lambda state: state.parameters.expects == "every",
                ),
                Decision("move", "player", [CHOICE], "move_seconds"),
                Show("result", "result_seconds"),
            ],
            times="turns",
            until=is_over,
        )
    ],
    payoff=payoff,
    view=view,
    policies=strategies(),
    moves=Moves("move", "choice", worth=worth),
    script={"player": {"move": {"choice": "C"}}},
)  # fmt: skip
