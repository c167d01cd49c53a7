"""Closeness by prompts of rising depth, after Aron et al. 1997: two answer the same prompts and take turns to begin.

Each prompt is a round. In odd rounds A answers first, in even ones B; who answers second has read the first answer, and
then both read both. The three sets come in a fixed order. The wording of the prompts is ours (`prompts.py`).
"""

from collections.abc import Sequence
from typing import Literal

from experiments.fast_friends.policies import POLICIES
from experiments.fast_friends.prompts import DEEP, SMALL_TALK
from paradigm import (
    Circles,
    Decision,
    Experiment,
    Line,
    Matching,
    MatchPlan,
    Parameters,
    Place,
    Role,
    Show,
    State,
    Table,
    Text,
    View,
    setting,
)

SETS = 3
SHOWN_BACK = 3
ARON = "Aron et al. 1997, as we recall it: three sets of 12; check before citing"


class Settings(Parameters):
    """What a study may set. `rounds` follows from it: one for each prompt."""

    style: Literal["deep", "small_talk"] = setting("deep", "Prompts of rising depth, or small talk as their control")
    prompts_per_set: int = setting(12, "Prompts in each of the three sets", unit="prompts", source=ARON, ge=1, le=12)
    own_prompts: str = setting("", "Prompts in place of ours, in their order, with | between them", max_length=20_000)
    answer_seconds: int = setting(150, "Time for an answer", unit="s", ge=15, le=3600)
    answer_chars: int = setting(800, "Longest answer", unit="characters", ge=50, le=4000)
    read_seconds: int = setting(60, "Longest time to read both answers", unit="s", ge=5, le=3600)
    asks_closeness: Literal["after_each_set", "never"] = setting(
        "after_each_set",
        "Whether both say after each set how close they are",
        source="Schneeberger et al. 2023: thrice",
    )

    @property
    def prompts(self) -> Sequence[str]:
        """The prompts that are used, in their order."""
        if self.own_prompts.strip():
            return tuple(one.strip() for one in self.own_prompts.split("|") if one.strip())
        sets = DEEP if self.style == "deep" else SMALL_TALK
        return tuple(prompt for each in sets for prompt in each[: self.prompts_per_set])

    rounds = property(lambda self: len(self.prompts))
    set_size = property(lambda self: -(-len(self.prompts) // SETS))


ANSWER = Text("answer", "Your answer", max_chars="answer_chars")
NEAR = Circles("near", "Which picture shows best how close you two are right now?", other="the other")


def pair(matching: Matching) -> Sequence[MatchPlan]:
    """The two of the group."""
    return [MatchPlan({seat.role.upper(): seat.number for seat in matching.seats})]


def a_begins(state: State) -> bool:
    """In odd rounds."""
    return state.round % 2 == 1


def b_begins(state: State) -> bool:
    """In even rounds."""
    return not a_begins(state)


def ends_a_set(state: State) -> bool:
    """Whether a set is over with this prompt, and closeness is asked for."""
    numbers = state.parameters
    is_end = state.round % numbers.set_size == 0 or state.round == numbers.rounds
    return bool(numbers.asks_closeness == "after_each_set" and is_end)


def answers(state: State) -> dict[int, str]:
    """What was answered to this prompt so far, by seat."""
    found = {**state.acts("begin"), **state.acts("middle"), **state.acts("follow")}
    return {seat: str(act["answer"]) for seat, act in found.items() if act.get("answer")}


def view(place: Place, state: State) -> View:
    """The prompt, what the other has answered already, and the last prompts with both answers."""
    number, size = state.round, state.parameters.set_size
    prompts = state.parameters.prompts
    facts: dict[str, str | int] = {
        "prompt": prompts[number - 1], "number": number, "prompts": len(prompts), "set": -(-number // size),
    }  # fmt: skip
    other = next(one for one in state.places if one.seat != place.seat)
    said = answers(state)
    called = {place.seat: "", other.seat: other.name or "The other"}
    order = [one.seat for one in sorted((place, other), key=lambda one: (one.role == "b") == a_begins(state))]
    lines = [Line(called[seat], said[seat]) for seat in order if seat in said]
    return View(facts=facts, lines=lines, tables=_before(place, other, state))


def _before(place: Place, other: Place, state: State) -> list[Table]:
    rows = []
    for play in state.last(place.seat, SHOWN_BACK):
        said = {
            seat: str(act["answer"]) for acts in play.acts.values() for seat, act in acts.items() if "answer" in act
        }
        if said:
            prompt = state.parameters.prompts[play.round - 1]
            rows.append([prompt, said.get(place.seat, ""), said.get(other.seat, "")])
    return [Table("The last prompts", ["Prompt", "You", other.name or "The other"], rows)] if rows else []


experiment = Experiment(
    name="fast_friends",
    roles={"a": Role(), "b": Role()},
    parameters=Settings,
    pairing=pair,
    steps=[
        Decision("begin", "a", [ANSWER], "answer_seconds", when=a_begins),
        Decision("middle", "b", [ANSWER], "answer_seconds"),
        Decision("follow", "a", [ANSWER], "answer_seconds", when=b_begins),
        Show("both", "read_seconds"),
        Decision("near", "*", [NEAR], "read_seconds", when=ends_a_set, voids_match=False),
    ],
    view=view,
    policies=POLICIES,
)
