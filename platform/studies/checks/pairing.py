"""Whether an experiment can pair the seats that a group has, full and at its smallest."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from paradigm import Decision, Experiment, Matching, MatchPlan, Parameters, Seat
from paradigm.program import leaves
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of, seats_of
from studies.schema import RELATIONS
from studies.schema_partners import GroupPlan
from studies.schema_stages import GameStage
from studies.yaml_file import Path

_OWN, PARTNERS, RIVALS = RELATIONS
SEEDS = 5
MOST_ROUNDS = 60
MOST_BLIND = 128  # above that, a step ends by the clock instead of waiting for all


class PairingError(Exception):
    """What a pairing rule did that it must not do."""


@needs("waves", "groups", "factors")
def seats_can_be_paired(context: Context) -> None:
    """E404, E413: every round of a game forms matches from the seats there are."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment, name = found_experiment(stage), group_of(context.study, stage.id)
        plan = context.study.groups.get(name)
        if experiment is None or plan is None or set(plan.roles) != set(experiment.roles):
            continue
        full, least = seats_of(plan), smallest(plan, stage)
        for parameters in found_parameters(context.study, stage):
            is_paired = _try(context, ("groups", name, "roles"), experiment, parameters, full)
            if is_paired and least and len(least) < len(full):
                _try(context, (*path, "min_active"), experiment, parameters, least)


def _try(context: Context, path: Path, experiment: Experiment, parameters: Parameters, seats: Sequence[Seat]) -> bool:
    """Whether it goes well; says why not."""
    who = ", ".join(f"{count} {role}" for role, count in sorted(Counter(seat.role for seat in seats).items()))
    try:
        largest = max(_largest(_paired(experiment, parameters, seats, seed)) for seed in range(SEEDS))
    except PairingError as error:
        context.say("E404", path, f"{experiment.name} cannot pair {who}: {error}.", "Change the numbers of seats.")
        return False
    except Exception as error:
        what = f"{experiment.name} cannot pair {who}: {type(error).__name__}: {error}."
        context.say("E404", path, what, "Change the numbers of seats, or mend the pairing rule.")
        return False
    is_blind = any(isinstance(step, Decision) and step.blind for step in leaves(experiment.steps))
    if largest > MOST_BLIND and is_blind:
        what = f"{largest} seats act blind in one match; {MOST_BLIND} may."
        context.say("E413", path, what, "Use smaller matches, or a decision that is not blind.")
    return largest <= MOST_BLIND or not is_blind


def met_by_people(context: Context, name: str) -> set[tuple[str, str]]:
    """What automated seats of a group are to people who meet them: the person's role, and partners or rivals.

    Under some seeds, with every seat taken. Nothing where the seats cannot be paired, which is said elsewhere.
    """
    found: set[tuple[str, str]] = set()
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        if experiment is not None and group_of(context.study, stage.id) == name:
            seats = seats_of(context.study.groups[name])
            for parameters in found_parameters(context.study, stage):
                found |= _met(experiment, parameters, seats)
    return found


def _met(experiment: Experiment, parameters: Parameters, seats: Sequence[Seat]) -> set[tuple[str, str]]:
    said = {seat.number: (seat.role, seat.kind) for seat in seats}
    try:
        rounds = [plans for seed in range(SEEDS) for plans in _paired(experiment, parameters, seats, seed)]
    except Exception:
        return set()
    matches = {frozenset(said[number] for number in plan.seats.values()) for plans in rounds for plan in plans}
    found: set[tuple[str, str]] = set()
    for match in matches:
        is_mixed = len({role for role, _ in match}) > 1
        people, programs = ([role for role, kind in match if kind == one] for one in ("human", "ai"))
        found |= {(one, RIVALS if is_mixed and one == other else PARTNERS) for one in people for other in programs}
    return found


def _paired(
    experiment: Experiment, parameters: Parameters, seats: Sequence[Seat], seed: int
) -> list[Sequence[MatchPlan]]:
    """Pair every round once."""
    rng = Random(f"check/pairing/{seed}")  # noqa: S311  reproducible on purpose
    past: list[Sequence[MatchPlan]] = []
    rounds = experiment.rounds(parameters, rng)
    if rounds < 1:
        raise PairingError("it plays no round")
    for number in range(1, min(rounds, MOST_ROUNDS) + 1):
        plans = experiment.pairing(Matching(seats, number, rng, parameters, tuple(past)))
        _refuse_odd(plans, seats)
        past.append(plans)
    return past


def _largest(rounds: Sequence[Sequence[MatchPlan]]) -> int:
    """The size of the largest match."""
    return max(len(plan.seats) for plans in rounds for plan in plans)


def _refuse_odd(plans: Sequence[MatchPlan], seats: Sequence[Seat]) -> None:
    if not plans:
        raise PairingError("a round has no match")
    placed = [number for plan in plans for number in plan.seats.values()]
    if len(set(placed)) < len(placed):
        raise PairingError("a seat is in two matches of one round")
    if not set(placed) <= {seat.number for seat in seats}:
        raise PairingError("a match has a seat that is not there")


def smallest(plan: GroupPlan, stage: GameStage) -> list[Seat]:
    """The seats that are left when as many people as may have gone; automated seats never leave."""
    kept: list[Seat] = []
    for role, seats in plan.roles.items():
        named = stage.min_active.get(role, 0)
        least = seats.ai + named if seats.humans else max(named, seats.ai)
        of_role = sorted((seat for seat in seats_of(plan) if seat.role == role), key=lambda seat: seat.kind)
        kept += of_role[:least]
    return sorted(kept, key=lambda seat: seat.number)


CHECKS = [seats_can_be_paired]
