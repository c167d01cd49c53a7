"""Games against their experiment: parameters, roles, policies, imputations."""

from collections.abc import Collection, Iterator, Mapping
from random import Random
from typing import Any, cast

from pydantic import ValidationError

from paradigm import Decision, Experiment, FieldError, Parameters
from paradigm.fields import plain
from paradigm.program import Beforehand, leaves
from studies import registry
from studies.checks.context import Context, meant, needs
from studies.checks.schema import shape_problems
from studies.definition import group_of, parameters_by_level, parameters_by_topic
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_partners import GroupPlan, PolicyPartner
from studies.schema_stages import GameStage
from studies.varied import combinations, under, varied
from studies.yaml_file import Document, Path

SEEDS = 5


def found_experiment(game: GameStage) -> Experiment | None:
    """The experiment a stage names, if it can be had."""
    try:
        return registry.experiment(game.experiment)
    except StudyError:
        return None


def found_parameters(study: StudyFile, game: GameStage) -> list[Parameters]:
    """The parameters a stage sets, at every combination of the levels on which they depend; none unless all are valid.

    Who asks for them needs the section `factors`.
    """
    try:
        parameters_by_topic(game)
        return [values for _, values in parameters_by_level(study, game)]
    except (KeyError, StudyError, ValidationError):
        return []


def round_counts(context: Context) -> Iterator[int]:
    """How many rounds the games have, under some seeds."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        for parameters in found_parameters(context.study, stage) if experiment else ():
            assert experiment is not None
            yield from rounds_of(experiment, parameters)


def rounds_of(experiment: Experiment, parameters: Parameters) -> Iterator[int]:
    """How many rounds a game has, under some seeds."""
    for seed in range(SEEDS):
        try:
            yield experiment.rounds(parameters, Random(f"check/rounds/{seed}"))  # noqa: S311  reproducible
        except Exception:  # said by the check of pairing
            return


@needs("waves")
def experiments_exist(context: Context) -> None:
    """E507: the experiment is installed and imports."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        try:
            registry.experiment(stage.experiment)
        except StudyError as error:
            remedy = (
                meant(stage.experiment, registry.names()) if error.code == "experiment_unknown" else "Mend its code."
            )
            context.say("E507", (*path, "experiment"), f"{error}.", remedy)


@needs("waves", "factors")
def parameters_fit(context: Context) -> None:
    """E101, E102, E100: parameters are the experiment's, within their bounds; E507: it names only those it has.

    At every level on which they depend. Which factors decide, and whether they can, is checked elsewhere.
    """
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        for levels in _levels(context, stage) if experiment else ():
            assert experiment is not None
            try:
                values = experiment.parameters.model_validate(under(stage.parameters, levels))
            except ValidationError as error:
                places = _places(stage, levels, experiment.parameters.model_fields)
                _misfit(context, (*path, "parameters"), experiment, error, places)
            else:
                _names_known(context, path, experiment, values)


def _levels(context: Context, stage: GameStage) -> list[dict[str, str]]:
    """Every combination of levels that has a value of each parameter."""
    factors = {name: factor.levels for name, factor in context.study.factors.items()}
    try:
        found = combinations(stage.parameters, factors)
        for levels in found:
            under(stage.parameters, levels)
    except (KeyError, StudyError, ValidationError):
        return []
    return found


def _places(stage: GameStage, levels: Mapping[str, str], known: Collection[str]) -> dict[str, Path]:
    """Where the value of each parameter stands that a factor decides."""
    decided = {name: one for name, one in varied(stage.parameters).items() if name in known}
    return {name: (name, "values", levels[one.by]) for name, one in decided.items()}


def _misfit(
    context: Context, at: Path, experiment: Experiment, error: ValidationError, moved: Mapping[str, Path]
) -> None:
    document = Document(context.data, context.lines)
    found = shape_problems(error, at=at, document=document, model=experiment.parameters, moved=moved)
    context.problems += [one for one in found if one not in context.problems]


def _names_known(context: Context, path: Path, experiment: Experiment, values: Parameters) -> None:
    named = [(step.name, step.seconds) for step in leaves(experiment.steps)] + [("void_points", experiment.void_points)]
    for owner, name in named:
        try:
            values.number(name)
        except (KeyError, TypeError, ValueError):
            what = f'{experiment.name}: {owner} names "{name}", which is no number among its parameters.'
            context.say("E507", (*path, "experiment"), what, "Mend the experiment.")


@needs("waves", "groups")
def roles_fit(context: Context) -> None:
    """E506: the group has the experiment's roles, and people where only people may sit."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment, name = found_experiment(stage), group_of(context.study, stage.id)
        if experiment is None or name not in context.study.groups:
            continue
        plan = context.study.groups[name]
        for role in set(plan.roles) - set(experiment.roles):
            context.say(
                "E506",
                ("groups", name, "roles", role),
                f"{experiment.name} has no such role.",
                meant(role, experiment.roles),
            )
        for role in set(experiment.roles) - set(plan.roles):
            context.say(
                "E506", ("groups", name, "roles"), f'role "{role}" of {experiment.name} has no seats.', "Add it."
            )
        for role, seats in plan.roles.items():
            if role in experiment.roles and experiment.roles[role].human and seats.ai:
                context.say(
                    "E506", ("groups", name, "roles", role, "ai"), "only people may take this role.", "Use humans."
                )
        _active_fit(context, path, stage, plan)


def _active_fit(context: Context, path: Path, stage: GameStage, plan: GroupPlan) -> None:
    for role, least in stage.min_active.items():
        here: Path = (*path, "min_active", role)
        if role not in plan.roles:
            context.say("E506", here, "the group has no such role.", meant(role, plan.roles))
        elif least > (plan.roles[role].humans or plan.roles[role].ai):
            context.say("E506", here, f"{least} is more than the group ever has of people.", "Lower it.")


@needs("waves", "groups", "partners")
def policies_exist(context: Context) -> None:
    """E505: policies are the experiment's."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment, name = found_experiment(stage), group_of(context.study, stage.id)
        if experiment is None or name not in context.study.groups:
            continue
        plan = context.study.groups[name]
        named: list[tuple[Path, str]] = []
        if plan.fill:
            named += [(("groups", name, "fill", "policies", at), each) for at, each in enumerate(plan.fill.policies)]
        for ai in dict.fromkeys([*plan.ais, *plan.automated]):
            partner = context.study.partners.get(ai)
            if isinstance(partner, PolicyPartner):
                path: Path = ("partners", ai, "policies")
                named += [((*path, at), each) for at, each in enumerate(partner.policies)]
        for where, each in named:
            if each not in experiment.policies:
                what = f'{experiment.name} has no policy "{each}".'
                context.say("E505", where, what, meant(each, experiment.policies))


@needs("waves", "factors")
def imputations_fit(context: Context) -> None:
    """E409, W410: an imputation names a step and its fields, and is warned about."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment, parameters = found_experiment(stage), found_parameters(context.study, stage)
        if experiment is None or not parameters:
            continue
        decisions = {step.name: step for step in leaves(experiment.steps) if isinstance(step, Decision)}
        for step, values in stage.on_timeout.impute.items():
            here: Path = (*path, "on_timeout", "impute", step)
            if step not in decisions:
                context.say("E409", here, f"{experiment.name} has no such decision.", meant(step, decisions))
                continue
            what = "what nobody decided will be shown to others like a decision."
            context.say("W410", here, what, "Prefer the default: the round does not count.")
            fields = _fields_of(decisions[step], experiment)
            for name, value in values.items():
                _imputed(context, (*here, name), field=fields.get(name), value=value, known=(fields, parameters))


def _imputed(
    context: Context, path: Path, *, field: Any, value: Any, known: tuple[dict[str, Any], list[Parameters]]
) -> None:
    fields, by_level = known
    if field is None:
        context.say("E409", path, "the decision has no such field.", meant(str(path[-1]), fields))
    for parameters in by_level if field is not None else ():
        try:
            field.resolve(cast(Any, None), cast(Any, Beforehand(parameters))).clean(value)
        except FieldError as error:
            what = f"the field does not accept this: {error}"
            context.say("E409", path, what, "Name a value that a person could give.")
        except Exception:  # noqa: S110  options worked out from a running game cannot be known here
            pass


def _fields_of(decision: Decision, experiment: Experiment) -> dict[str, Any]:
    declared = [each for role in experiment.roles for each in decision.fields_of(role)]
    fields = [plain(each) for each in declared]
    return {field.name: field for field in fields}


CHECKS = [experiments_exist, parameters_fit, roles_fit, policies_exist, imputations_fit]
