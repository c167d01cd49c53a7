"""Strategies of games: the numbers a study file gives them, and whether the experiment lets them play."""

from collections.abc import Iterable, Mapping
from typing import Any

from paradigm import Experiment
from paradigm.moves import moves_of
from paradigm.strategies import Strategy
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment
from studies.definition import group_of
from studies.schema_partners import GroupPlan, PolicyPartner
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
        problems = {one.knobs[key].problem(value) for one in strategies.values() if key in one.knobs}
        for problem in sorted(problems - {""}):
            context.say("E891", (*path, key), f"{problem}.", "Write a number within the bounds.")


def _moves(context: Context, path: Path, experiment: Experiment, names: Iterable[str], plan: GroupPlan) -> None:
    roles = [role for role, seats in plan.roles.items() if seats.ai and role in experiment.roles]
    lacking = [role for role in roles if moves_of(experiment.moves, role) is None]
    for name in names if lacking else ():
        what = f"{name} is a strategy, and {experiment.name} declares no moves of a {lacking[0]}."
        context.say("E892", path, what, "Declare `moves` in the experiment, or take another policy.")


CHECKS = [strategies_can_play]
