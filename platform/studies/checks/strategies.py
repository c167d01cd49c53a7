"""Strategies of games: the numbers they are given, whether they can play, and the pools they are drawn from."""

from collections.abc import Iterable, Mapping
from typing import Any

from paradigm import Experiment
from paradigm.moves import moves_of
from paradigm.strategies import Strategy
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment
from studies.definition import group_of
from studies.pools import ways_of
from studies.schema_partners import AutomatedPartner, GroupPlan, PolicyPartner
from studies.schema_pools import DrawnNumber, Pool
from studies.schema_stages import GameStage
from studies.yaml_file import Path


@needs("waves", "groups", "partners")
def strategies_can_play(context: Context) -> None:
    """E890 to E892: numbers are known and within bounds, and there are moves to make."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment, name = found_experiment(stage), group_of(context.study, stage.id)
        if experiment is None or name not in context.study.groups:
            continue
        plan = context.study.groups[name]
        for entry in plan.automated:
            partner = context.study.partners.get(entry)
            if isinstance(partner, PolicyPartner):
                named = {each: experiment.policies[each] for each in partner.policies if each in experiment.policies}
                path: Path = ("partners", entry)
                _numbers(context, (*path, "settings"), partner.settings, named)
                for policy, own in (partner.pool.settings if partner.pool else {}).items():
                    of = {policy: named[policy]} if policy in named else {}
                    _numbers(context, (*path, "pool", "settings", policy), own, of)
                _moves(context, (*path, "policies"), experiment, [each for each in named if _is_one(named[each])], plan)


def _is_one(policy: Any) -> bool:
    return isinstance(policy, Strategy)


def _numbers(context: Context, path: Path, said: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    """Any policy that is no strategy may read whatever it likes."""
    strategies = {name: one for name, one in named.items() if isinstance(one, Strategy)}
    known = {key for one in strategies.values() for key in one.knobs}
    for key, value in said.items():
        if key not in known and len(strategies) == len(named) and named:
            what = f"no strategy of this partner has a number of this name ({', '.join(sorted(named))})."
            context.say("E890", (*path, key), what, meant(key, known))
        values = [value.low, value.high] if isinstance(value, DrawnNumber) else [value]
        problems = {one.knobs[key].problem(v) for one in strategies.values() if key in one.knobs for v in values}
        for problem in sorted(problems - {""}):
            context.say("E891", (*path, key), f"{problem}.", "Write a number within the bounds.")


def _moves(context: Context, path: Path, experiment: Experiment, names: Iterable[str], plan: GroupPlan) -> None:
    roles = [role for role, seats in plan.roles.items() if seats.ai and role in experiment.roles]
    lacking = [role for role in roles if moves_of(experiment.moves, role) is None]
    for name in names if lacking else ():
        what = f"{name} is a strategy, and {experiment.name} declares no moves of a {lacking[0]}."
        context.say("E892", path, what, "Declare `moves` in the experiment, or take another policy.")


@needs("groups", "partners")
def pools_fit(context: Context) -> None:
    """E893, E894, W890: a pool names what can be drawn, by a rule that can hold."""
    for name, partner in context.study.partners.items():
        if isinstance(partner, AutomatedPartner) and partner.pool is not None:
            _pool(context, ("partners", name, "pool"), partner, partner.pool)
            most = [plan.ai for plan in context.study.groups.values() if name in plan.ais]
            if partner.pool.draw == "without_replacement" and most and max(most) == 1:
                what = "a group has one seat of this partner, so that nothing could be drawn twice in it."
                context.say("W890", ("partners", name, "pool", "draw"), what, "For turns over groups, write balanced.")


def _pool(context: Context, path: Path, partner: AutomatedPartner, pool: Pool) -> None:
    ways = ways_of(partner)
    for way in [way for way in pool.weights if way not in ways]:
        context.say("E893", (*path, "weights", way), "this partner has no such policy or persona.", meant(way, ways))
    policies = ways if isinstance(partner, PolicyPartner) else []
    for way in [way for way in pool.settings if way not in policies]:
        context.say("E893", (*path, "settings", way), "this partner has no such policy.", meant(way, policies))
    for way, own in pool.settings.items():
        for key, value in own.items():
            if isinstance(value, DrawnNumber) and value.low > value.high:
                what = f"nothing is from {value.low} to {value.high}."
                context.say("E893", (*path, "settings", way, key), what, "Write the lower bound first.")
    if partner.is_lasting:
        what = "the partner is drawn once for each person, and stays."
        context.say("E894", path, what, "Leave the pool out, or let it be another in each group.")


CHECKS = [strategies_can_play, pools_fit]
