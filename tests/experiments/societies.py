"""Groups that play partner selection in memory, for its tests."""

from collections.abc import Sequence
from random import Random
from typing import Any

from experiments.partner_selection.experiment import Settings, experiment
from experiments.partner_selection.rules import triads
from paradigm import Matching, MatchPlan, Place, Seat, View
from tests.language.rehearsal import Group, Match


def seats_of(selectors: int, humans: int, ais: int) -> list[Seat]:
    """Selectors, people and AI candidates, numbered in an order that mixes them."""
    who = [("selector", "human")] * selectors + [("candidate", "human")] * humans + [("candidate", "ai")] * ais
    Random(f"{selectors}/{humans}/{ais}").shuffle(who)
    return [Seat(number, role, kind) for number, (role, kind) in enumerate(who, start=1)]


def group_of(seats: Sequence[Seat], *, seed: str = "1", labels: bool = False, policy: str = "", **values: Any) -> Group:
    """A group with parameters; every seat has `policy`, or simulated values where it is empty."""
    shown = {seat.number: {"human": "Person", "ai": "AI"}[seat.kind] for seat in seats} if labels else {}
    policies = dict.fromkeys([seat.number for seat in seats], policy) if policy else {}
    return Group(experiment, seats, Settings(**values), labels=shown, policies=policies, seed=seed)


def rounds_of(seats: Sequence[Seat], rounds: int, *, seed: str) -> list[Sequence[MatchPlan]]:
    """Pair the same seats again and again."""
    past: list[Sequence[MatchPlan]] = []
    for number in range(1, rounds + 1):
        past.append(triads(Matching(seats, number, Random(f"{seed}/{number}"), Settings(), tuple(past))))
    return past


def shown_at(match: Match, path: str) -> list[tuple[Place, View]]:
    """Views of a step."""
    return [(place, view) for at, place, view in match.shown if at == path]
