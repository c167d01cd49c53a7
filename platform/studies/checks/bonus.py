"""Beliefs that are paid: the prize can be paid, and is told of no earlier than what the debrief tells."""

from paradigm import Decision, Experiment, Parameters
from paradigm.fields import plain
from paradigm.program import leaves, may_ask, may_come
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
from studies.schema_stages import DebriefStage, GameStage
from studies.yaml_file import Path


@needs("waves", "factors", "payments")
def prizes_can_be_paid(context: Context) -> None:
    """E423, E424: where a belief is paid, points are worth something, and the prize is within their maximum."""
    points = context.study.payments.points
    for path, prize in _prizes(context):
        if points is None:
            what = f"a belief can win {prize} points, but points pay nothing."
            context.say("E423", path, what, "Add payments.points, or pay no belief.")
        elif prize * points.rate > points.max:
            what = f"a belief can win {prize} points, which are {prize * points.rate}; points pay at most {points.max}."
            context.say("E424", path, what, "Lower the prize, or raise payments.points.max.")


def _prizes(context: Context) -> list[tuple[Path, int]]:
    """The highest prize of each game in which a belief is paid, at any level."""
    found: list[tuple[Path, int]] = []
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        if experiment is not None and experiment.bonus is not None:
            bonus = experiment.bonus
            prizes = [values.number(bonus.prize) for values in found_parameters(context.study, stage)]
            found += [((*path, "parameters"), max(prizes))] if max(prizes, default=0) else []
    return found


@needs("waves", "factors")
def prizes_tell_nothing_early(context: Context) -> None:
    """W426: a paid belief about who is an AI tells it on the last page, also where the debrief comes later."""
    late = [stage for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage) and stage.when != "exit"]
    for path, stage in context.stages("game") if late else ():
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        if experiment and any(_pays_type(experiment, values) for values in found_parameters(context.study, stage)):
            what = f"whether a belief about who is an AI has won tells it before the debrief ({late[0].when})."
            remedy = "Use debrief.when: exit, or ask for the return alone (beliefs_about: return_only)."
            context.say("W426", (*path, "parameters"), what, remedy)


def _pays_type(experiment: Experiment, values: Parameters) -> bool:
    pays = experiment.bonus is not None and bool(values.number(experiment.bonus.prize))
    return pays and asks_type(experiment, values)


def asks_type(experiment: Experiment, values: Parameters) -> bool:
    """Whether somebody can be asked who is an AI, under some parameters."""
    steps = [step for step in leaves(experiment.steps) if isinstance(step, Decision) and may_come(step, values)]
    asked = [one for step in steps for role in experiment.roles for one in may_ask(step, role, values)]
    beliefs = [plain(one).belief for one in asked]
    return any(belief is not None and belief.what == "type" for belief in beliefs)


CHECKS = [prizes_can_be_paid, prizes_tell_nothing_early]
