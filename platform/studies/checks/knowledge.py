"""Who knows what: facts that an experiment deals, and acts that are written before they are done."""

from collections.abc import Iterator
from typing import get_args

from paradigm import Decision, Experiment, Parameters
from paradigm.program import decides, leaves, may_come
from paradigm.state import Known
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of
from studies.schema_partners import GroupPlan
from studies.schema_stages import GameStage
from studies.yaml_file import Path

KNOWN = get_args(Known)


@needs("waves", "groups", "factors")
def people_decide_for_themselves(context: Context) -> None:
    """E924: nobody writes beforehand what a person does."""
    for path, stage, experiment, parameters in _games(context):
        plan = context.study.groups.get(group_of(context.study, stage.id))
        for step in _written(experiment, parameters) if plan is not None else ():
            assert plan is not None
            for role in _of_people(plan, step):
                what = f"what a {role} does at {step.name} is written before, and a person may sit there."
                remedy = "Give the role automated seats only, or the parameters a value under which nothing is written."
                context.say("E924", (*path, "parameters"), what, remedy)


def _written(experiment: Experiment, parameters: Parameters) -> Iterator[Decision]:
    for step in leaves(experiment.steps):
        if isinstance(step, Decision) and may_come(step, parameters) and not decides(step, parameters):
            yield step


def _of_people(plan: GroupPlan, step: Decision) -> list[str]:
    return [role for role, seats in plan.roles.items() if seats.humans and step.fields_of(role)]


@needs("waves", "factors")
def knowledge_is_declared_soundly(context: Context) -> None:
    """E925: what an experiment says of who knows what is one of the words for it."""
    for path, _, experiment, parameters in _games(context):
        for role in experiment.roles if experiment.knows is not None else ():
            try:
                found: object = experiment.known_by(role, parameters)
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            if found not in KNOWN:
                what = f"{experiment.name} says of what a {role} knows: {found}."
                context.say("E925", (*path, "experiment"), what, f"It may be {', '.join(KNOWN)}: mend the experiment.")


def _games(context: Context) -> Iterator[tuple[Path, GameStage, Experiment, Parameters]]:
    """Each game under each set of parameters that it may have."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        for parameters in found_parameters(context.study, stage) if experiment is not None else ():
            assert experiment is not None
            yield path, stage, experiment, parameters


CHECKS = [people_decide_for_themselves, knowledge_is_declared_soundly]
