"""What people say they believe about partners, as a factor: when they are asked, about what, whether it is paid.

Any experiment may use it: `class Settings(BeliefSettings)`, the three steps of a `Beliefs` in their places, its
`bonus`, its `blocks` in the view, `deal_rounds` as (part of) its deal, and `belief_texts` for its texts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, Literal

from paradigm.bonus import Bonus
from paradigm.fields import Belief, Each, Field, Points, Rating
from paradigm.parameters import Parameters, setting
from paradigm.state import Place, Play, Seat, State
from paradigm.steps import Decision

BEFORE, AFTER, AT_THE_END = "forecast", "expect", "types"  # the steps
INCENTIVE = "beliefs_incentive"  # the parameter
DEALT = "belief_rounds"
When = Literal["before", "after"]
What = Literal["return", "type"]
ASKED: Mapping[str, Collection[str]] = {
    "return": ("return",),
    "return_only": ("return",),
    "type": ("type",),
    "both": ("return", "type"),
}
"""`beliefs_about` → what is asked beside a decision."""


class BeliefSettings(Parameters):
    """What a study may set about beliefs."""

    beliefs_ask: Literal["none", "checkpoints", "every_round", "random_rounds"] = setting(
        "checkpoints", "In which rounds people say what they believe; none: they are never asked, not even at the end"
    )
    beliefs_rounds: int = setting(
        3,
        "How many random rounds, or checkpoints, the last in the last round; at most all",
        unit="rounds",
        ge=1,
        le=100,
    )
    beliefs_position: When = setting("after", "Whether that is before or after the decision of the round")
    beliefs_about: Literal["return", "return_only", "type", "both"] = setting(
        "return",
        "What is asked; with return, who is an AI is asked too, but only once, after the last round; with return_only, "
        "never",
    )
    beliefs_incentive: Literal["none", "one_random_item"] = setting(
        "none", "Whether one answer of each person, drawn when the game is over, is paid instead of its round"
    )
    beliefs_prize: int = setting(20, "What that answer can win", unit="points", ge=1, le=10_000)
    belief_seconds: int = setting(40, "Time for a question on what one expects", unit="s", ge=5, le=600)

    @property
    def beliefs_stake(self) -> int:
        """Points that a belief can win; 0 where none is paid."""
        is_paid = self.beliefs_incentive == "one_random_item" and self.beliefs_ask != "none"
        return self.beliefs_prize if is_paid else 0


@dataclass(frozen=True)
class Beliefs:
    """Who is asked about whom.

    Args:
        by: The role that is asked.
        of: Positions of the partners it is asked about.
        decided: Step and field of the number that each of these decides: what the belief is about.
        field: How it is asked; its mark as a belief and its label are added.
        will: The label before the decision; `{about}` is the partner.
        did: The label after it.
    """

    by: str
    of: Callable[[Place, State], Sequence[str]]
    decided: tuple[str, str]
    field: Points
    will: str
    did: str

    @property
    def before(self) -> Decision:
        """The step before the decision of a round."""
        return self._step(BEFORE, [self._return("before"), self._type("before")], partial(_is_asked, "before"))

    @property
    def after(self) -> Decision:
        """The step after the decision, before its result is shown."""
        return self._step(AFTER, [self._return("after"), self._type("after")], partial(_is_asked, "after"))

    @property
    def at_the_end(self) -> Decision:
        """The step after the last result, where who is an AI was not asked before."""
        return self._step(AT_THE_END, [Each(_type_field("after"), self.of)], _is_asked_at_the_end)

    @property
    def bonus(self) -> Bonus:
        """One belief, paid where the study says so."""
        return Bonus(prize="beliefs_stake", truth=self._came_true, decided=self.decided)

    def blocks(self, place: Place, state: State) -> Sequence[str]:
        """The texts under a question: what it is about, and whether the answer can pay."""
        if place.role != self.by or state.path not in (BEFORE, AFTER, AT_THE_END):
            return []
        about: Collection[str] = ("type",) if state.path == AT_THE_END else ASKED[state.parameters.beliefs_about]
        asked = [f"beliefs_{what}" for what in about]
        return [*asked, "beliefs_paid" if state.parameters.beliefs_stake else "beliefs_unpaid"]

    def _step(self, name: str, fields: Sequence[Each], when: Callable[[State], bool]) -> Decision:
        # answers and not moves: one that does not come is a gap, and voids nothing
        return Decision(name, self.by, fields, seconds="belief_seconds", when=when, voids_match=False)

    def _return(self, when: When) -> Each:
        label = self.will if when == "before" else self.did
        field = replace(self.field, label=label, belief=Belief("return", when, INCENTIVE))
        return Each(field, partial(self._of, "return"))

    def _type(self, when: When) -> Each:
        return Each(_type_field(when), partial(self._of, "type"))

    def _of(self, what: What, place: Place, state: State) -> Sequence[str]:
        return self.of(place, state) if what in ASKED[state.parameters.beliefs_about] else ()

    def _came_true(self, play: Play, field: Field) -> int | None:
        step, name = self.decided
        partner = next(place.seat for place in play.places if place.position == field.about)
        number: int | None = play.acts.get(step, {}).get(partner, {}).get(name)
        return number


def _type_field(when: When) -> Rating:
    label = "How likely (in %) is {about} an AI?"
    return Rating("type_ai", label, belief=Belief("type", when, INCENTIVE), low=0, high=100, unit="%")


def deal_rounds(seats: Sequence[Seat], parameters: Any, rng: Random) -> Mapping[int, Mapping[str, Any]]:
    """The rounds of the questions, where chance says which: the same for all seats of a group, and on nobody's page."""
    if parameters.beliefs_ask != "random_rounds":
        return {}
    most = min(parameters.beliefs_rounds, parameters.rounds)
    rounds = sorted(rng.sample(range(1, parameters.rounds + 1), k=most))
    return {seat.number: {DEALT: rounds} for seat in seats}


def _is_asked(position: When, state: State) -> bool:
    numbers = state.parameters
    return numbers.beliefs_ask != "none" and numbers.beliefs_position == position and state.round in _rounds(state)


def _is_asked_at_the_end(state: State) -> bool:
    """The type after the last round: where beliefs are asked, and this one not oftener."""
    numbers = state.parameters
    return numbers.beliefs_ask != "none" and numbers.beliefs_about == "return" and state.round == state.rounds


def _rounds(state: State) -> Collection[int]:
    ask, rounds = state.parameters.beliefs_ask, state.rounds
    if ask == "every_round":
        return range(1, rounds + 1)
    if ask == "random_rounds":
        drawn: list[int] = state.dealt(state.places[0].seat)[DEALT]
        return drawn
    most = min(state.parameters.beliefs_rounds, rounds)
    return [-(-number * rounds // most) for number in range(1, most + 1)]


def belief_texts(*others: str) -> Mapping[str, Callable[[Any], bool]]:
    """The blocks, and under which parameters each can be shown; and an experiment's other texts, which always can."""
    return dict.fromkeys(others, _always) | {
        "beliefs_return": lambda numbers: numbers.beliefs_ask != "none" and "return" in ASKED[numbers.beliefs_about],
        # about the return with which the type is asked, too: once, at the end
        "beliefs_type": lambda numbers: numbers.beliefs_ask != "none" and numbers.beliefs_about != "return_only",
        "beliefs_paid": lambda numbers: numbers.beliefs_stake > 0,
        "beliefs_unpaid": lambda numbers: numbers.beliefs_ask != "none" and numbers.beliefs_stake == 0,
    }


def _always(_: Any) -> bool:
    return True
