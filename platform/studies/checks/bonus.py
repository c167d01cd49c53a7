"""Beliefs that are paid: the prize can be paid, the scale can be drawn on, and nothing is told before the debrief."""

from collections.abc import Iterator
from typing import Any, cast

from paradigm import Decision, Experiment, Field, Parameters, Points
from paradigm.bonus import MOST_STEPS, Bonus, has_tickets
from paradigm.fields import plain
from paradigm.program import Beforehand, leaves, may_ask, may_come
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
def scales_can_be_drawn_on(context: Context) -> None:
    """E455: a paid belief has a scale with tickets to draw, on which everything lies that can come true."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        for values in found_parameters(context.study, stage) if experiment else ():
            assert experiment is not None
            for what in _misfits(experiment, values):
                remedy = "Change the parameters that its bounds follow from, pay no belief, or mend the experiment."
                context.say("E455", (*path, "parameters"), what, remedy)


def _misfits(experiment: Experiment, values: Parameters) -> Iterator[str]:
    """What is wrong with the bounds of beliefs, as far as they are known before anybody plays."""
    if not _pays(experiment, values):
        return
    true = _decided(experiment, values)
    for field in _beliefs(experiment, values):
        asked = _bounds(field, values)
        if asked is None:
            continue
        low, high = asked
        said = f'the belief "{field.name}" is asked from {low} to {high}'
        if not has_tickets(low, high):
            yield f"{said}; one that is paid needs 1 to {MOST_STEPS} steps."
        elif field.belief and field.belief.what == "return" and true and not low <= true[0] <= true[1] <= high:
            yield f"{said}, but what it is about may be {true[0]} to {true[1]}: what lies outside is never paid."


def _decided(experiment: Experiment, values: Parameters) -> tuple[int, int] | None:
    """The bounds of the number that a return is compared with; None where they cannot be known."""
    bonus = cast(Bonus, experiment.bonus)
    path, name = bonus.decided or ("", "")
    steps = [step for step in leaves(experiment.steps) if step.name == path.rpartition("/")[2]]
    decisions = [step for step in steps if isinstance(step, Decision)]
    fields = [plain(one) for step in decisions for role in experiment.roles for one in step.fields_of(role)]
    return next((_bounds(field, values) for field in fields if field.name == name), None)


def _bounds(field: Field, values: Parameters) -> tuple[int, int] | None:
    """From where to where a field takes numbers; None where it takes none, or it depends on how the game goes."""
    nobody, state = cast(Any, None), cast(Any, Beforehand(values))
    try:
        found = field.resolve(nobody, state)
    except Exception:  # it depends on how the game goes
        return None
    return (int(found.low), int(found.high)) if isinstance(found, Points) else None


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
    return _pays(experiment, values) and asks_type(experiment, values)


def asks_type(experiment: Experiment, values: Parameters) -> bool:
    """Whether somebody can be asked who is an AI, under some parameters."""
    return any(field.belief and field.belief.what == "type" for field in _beliefs(experiment, values))


def _pays(experiment: Experiment, values: Parameters) -> bool:
    """Whether a belief can win anything."""
    return experiment.bonus is not None and values.number(experiment.bonus.prize) > 0


def _beliefs(experiment: Experiment, values: Parameters) -> list[Field]:
    """What can be asked about beliefs under some parameters, as declared."""
    steps = [step for step in leaves(experiment.steps) if isinstance(step, Decision) and may_come(step, values)]
    asked = [plain(one) for step in steps for role in experiment.roles for one in may_ask(step, role, values)]
    return [field for field in asked if field.belief is not None]


CHECKS = [prizes_can_be_paid, scales_can_be_drawn_on, prizes_tell_nothing_early]
