"""An experiment: roles, parameters, pairing, steps, payoff and view, on one screen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from paradigm.bonus import Bonus
from paradigm.fields import Field
from paradigm.moves import Moves, Played
from paradigm.parameters import Parameters
from paradigm.state import KNOWS_OWN, Known, Place, Seat, State, Values
from paradigm.steps import Step
from paradigm.view import Line, View


@dataclass(frozen=True)
class Role:
    """What a seat may do. `human` says that only people may take it."""

    human: bool = False
    title: str = ""


@dataclass(frozen=True)
class MatchPlan:
    """Who meets whom: seats by position, and links by position where the match is a graph."""

    seats: Mapping[str, int]
    edges: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Matching:
    """What a pairing rule may know: those present, which round, chance, and who met before.

    `past` holds every earlier round's plans, oldest first.
    """

    seats: Sequence[Seat]
    round: int
    rng: Random
    parameters: Any
    past: Sequence[Sequence[MatchPlan]] = ()


PairingRule = Callable[[Matching], Sequence[MatchPlan]]
ViewRule = Callable[[Place, State], View]
PayoffRule = Callable[[State], Mapping[int, int]]
Script = Mapping[str, Mapping[str, Values]]
KnowsRule = Callable[[str, Any], Known]
DealRule = Callable[[Sequence[Seat], Any, Random], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Recollection:
    """What a partner remembers beside what its page shows, as far as the study file lets it.

    Attributes:
        notes: What it noted of earlier conversations, a line for each thing.
        earlier: What was said and the page does not show, oldest first; `who` is "" for its own words.
    """

    notes: Sequence[str] = ()
    earlier: Sequence[Line] = ()


@dataclass(frozen=True)
class Turn:
    """What a policy is given when its seat must act.

    The view, the fields, seeded chance, its own settings, and what it remembers: nothing where the study file names no
    rule. `played` holds the moves so far, where the experiment declares what a move is.
    """

    step: str
    place: Place
    view: View
    fields: Sequence[Field]
    rng: Random
    settings: Mapping[str, Any]
    memory: Recollection = Recollection()
    played: Played | None = None


Policy = Callable[[Turn], Mapping[str, Any]]


def whole_group(matching: Matching) -> Sequence[MatchPlan]:
    """Everybody meets everybody: one match, positions "1" … "n"."""
    return [MatchPlan({str(seat.number): seat.number for seat in matching.seats})]


def nothing(state: State) -> Mapping[int, int]:
    """No points are at stake."""
    return {place.seat: 0 for place in state.places}


def one_round(parameters: Any, rng: Random) -> int:
    """`parameters.rounds` where there is one, else a single round."""
    del rng
    return int(getattr(parameters, "rounds", 1))


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A reusable design.

    Args:
        name: Its folder in `experiments/`.
        roles: By name.
        steps: What a match goes through, in order.
        view: Pure; the only source of what a seat is told about the game.
        parameters: What a study file may set.
        pairing: Pure; which seats meet in a round. Seats in no plan sit the round out.
        rounds: Pure; drawn once when a group is formed.
        payoff: Pure; points per seat number from a finished match.
        void_points: Points of each seat when a match is void; a number or a parameter's name.
        deal: Pure; what each seat is given at the start.
        knows: Pure; of the facts that are dealt, which a role is told under some parameters: "own", "all" or "nothing".
            The platform holds every model's prompt and every page against it. None: each is told its own.
        policies: How seats without a person or a model decide, by name.
        moves: Which decision is a move that `paradigm.strategies` can make; of every role, or by role. Declare it only
            where people are told the others' moves, too: strategies know those that are no longer hidden.
        texts: Names of text pages beyond "<step>_<role>" that views may ask for. A mapping says of each by a rule under
            which parameters that can happen.
        bonus: One belief of each seat that is drawn and paid when the game is over; None: beliefs are never paid.
        script: What made-up players answer in practice, where the study file says nothing else: position or role →
            step → field → value; numbers may be expressions in braces, such as "{{ pot / 2 }}".
    """

    name: str
    roles: Mapping[str, Role]
    steps: Sequence[Step]
    view: ViewRule
    parameters: type[Parameters] = Parameters
    pairing: PairingRule = whole_group
    rounds: Callable[[Any, Random], int] = one_round
    payoff: PayoffRule = nothing
    void_points: int | str = 0
    deal: DealRule | None = None
    knows: KnowsRule | None = None
    policies: Mapping[str, Policy] = field(default_factory=dict)
    moves: Moves | Mapping[str, Moves] | None = None
    texts: Collection[str] | Mapping[str, Callable[[Any], bool]] = ()
    bonus: Bonus | None = None
    script: Script = field(default_factory=dict)

    def known_by(self, role: str, parameters: Any) -> Known:
        """Which of the facts that were dealt a role is told."""
        return self.knows(role, parameters) if self.knows is not None else KNOWS_OWN
