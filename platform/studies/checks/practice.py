"""Practice: a game to practise, roles that are known, answers for all others, and rules that can do without people."""

from collections.abc import Iterator, Sequence, Set
from random import Random

from paradigm import Decision, Each, Experiment, Parameters, Talk
from paradigm.experiment import Script
from paradigm.imagined import ImaginedError
from paradigm.practice import Practice
from paradigm.program import leaves
from paradigm.state import Values
from studies import scripts
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment, found_parameters
from studies.checks.quiet_words import REMEDY, giving_away
from studies.definition import group_of
from studies.problems import StudyError
from studies.schema_practice import PracticeStage
from studies.schema_stages import GameStage
from studies.slots import parameter_slots, study_slots
from studies.yaml_file import Path

SEEDS = 5
MOST_PAGES = 400  # of one rehearsal


@needs("waves")
def game_follows(context: Context) -> None:
    """E442: what is practised is a game, and still to come."""
    for path, stage in _practices(context):
        later = [one.id for place, one in context.stages("game") if place > path]
        if stage.game not in later:
            what = f'"{stage.game}" is no game that comes later.'
            context.say("E442", (*path, "game"), what, meant(stage.game, later))


@needs("waves", "groups")
def role_is_known(context: Context) -> None:
    """E443: one's own role is known once there is a seat."""
    for path, stage in _practices(context):
        rooms = [place for place, _ in context.stages("waiting_room") if place < path]
        if stage.roles == "own" and not rooms:
            what = f'"{stage.id}" comes before the waiting room, where nobody has a role.'
            context.say("E443", (*path, "roles"), what, "Move it behind the waiting room, or write roles: each.")


@needs("waves", "groups", "payments", "exits", "factors", "horizon")
def others_answer(context: Context) -> None:
    """E444, E445, W443, W701: everybody else has answers that their fields take, and the rules can be asked for it."""
    for path, stage in _practices(context):
        game = next((one for _, one in context.stages("game") if one.id == stage.game), None)
        if not isinstance(game, GameStage) or group_of(context.study, game.id) not in context.study.groups:
            continue
        experiment, by_level = found_experiment(game), found_parameters(context.study, game)
        text = context.read(stage.script, (*path, "script")) if stage.script else None
        if experiment is None or (stage.script and text is None):
            continue
        _keep_quiet(context, stage, text or "")
        if not _talks(context, path, experiment):
            told = [_rehearsed(context, path, stage, game, experiment, each, text) for each in by_level]
            if any(each != told[0] for each in told):
                what = "a factor decides what is practised, and everybody practises what its first level says."
                context.say("W443", (*path, "game"), what, "Tell people so, or practise behind the waiting room.")


def _keep_quiet(context: Context, stage: PracticeStage, text: str) -> None:
    """Words that would be read; what cannot be read as a script is said elsewhere."""
    try:
        said = scripts.parse(text) if stage.script else {}
    except StudyError:
        return
    for value in (value for steps in said.values() for values in steps.values() for value in values.values()):
        if stage.script and isinstance(value, str) and (what := giving_away(context, value)):
            context.say_of_file("W701", stage.script, None, what, REMEDY)


def _talks(context: Context, path: Path, experiment: Experiment) -> bool:
    talks = [step.name for step in leaves(experiment.steps) if isinstance(step, Talk)]
    if talks:
        what = f'{experiment.name} has a talk, "{talks[0]}", in which nothing can be made up.'
        context.say("E445", (*path, "game"), what, "Explain it on an instructions page instead.")
    return bool(talks)


def _rehearsed(
    context: Context, path: Path, stage: PracticeStage, game: GameStage, experiment: Experiment,
    parameters: Parameters, text: str | None,
) -> Sequence[object]:  # fmt: skip
    """What the pages of one rehearsal told; nothing where something is wrong with it."""
    where: Path = (*path, "script") if stage.script else (*path, "game")
    try:
        names = study_slots(context.study, game.id) | parameter_slots(parameters.slots())
        script = scripts.script_of(text, experiment, names)
        roles = scripts.roles_of_people(context.study, game.id)
        scene = scripts.scene_of(context.study, game.id, experiment, parameters, seed="check/practice")
        met = {at for role in roles for at in scene.begin(scene.seat_in(role)).plan.seats}
        _names_known(context, where, script, experiment, {*met, *experiment.roles})
        found: list[Sequence[object]] = []
        for seed in range(SEEDS):
            scene = scripts.scene_of(context.study, game.id, experiment, parameters, seed=f"check/practice/{seed}")
            found.append(
                _rehearse(Practice(scene, script, [role for role in roles for _ in range(stage.rounds)]), seed)
            )
        return found[0]
    except (StudyError, ImaginedError) as error:
        remedy = "Write it as: A: {reply: {message: I share.}}; who, at which step, which field."
        context.say("E444", where, f"{error}.", remedy)
    except Exception as error:  # the experiment's own rules: whatever they raise stands in the way
        what = f"{experiment.name} cannot be practised: {type(error).__name__}: {error}."
        context.say("E445", (*path, "game"), what, "Its rules must do without labels, levels and beliefs.")
    return []


def _rehearse(practice: Practice, seed: int) -> Sequence[object]:
    """Go through all of it with answers by chance, and look at every page; what they told and asked."""
    rng = Random(f"check/practice/{seed}")  # noqa: S311  reproducible on purpose
    answers: list[Values] = []
    told: list[object] = []
    while (stop := practice.stop_after(answers)) is not None:
        if len(answers) >= MOST_PAGES:
            raise ImaginedError(f"it has more than {MOST_PAGES} pages")
        told.append((stop.view.as_json(), [field.schema() for field in stop.fields]))
        answers.append({field.key: field.clean(field.simulate(rng)) for field in stop.fields})
    return told


def _names_known(context: Context, path: Path, script: Script, experiment: Experiment, people: Set[str]) -> None:
    """Who is named meets others, and steps and fields are the experiment's."""
    decisions = {step.name: _fields_of(step, experiment) for step in leaves(experiment.steps)
                 if isinstance(step, Decision)}  # fmt: skip
    for who, steps in script.items():
        if who not in people:
            context.say("E444", path, f'nobody is called "{who}".', meant(who, people))
        for step, values in steps.items():
            if step not in decisions:
                context.say("E444", path, f'{who}: {experiment.name} has no decision "{step}".', meant(step, decisions))
                continue
            for name in values:
                field = name.partition("@")[0]
                if field not in decisions[step]:
                    what = f'{who}, {step}: the decision has no field "{field}".'
                    context.say("E444", path, what, meant(field, decisions[step]))


def _fields_of(decision: Decision, experiment: Experiment) -> Sequence[str]:
    declared = [each for role in experiment.roles for each in decision.fields_of(role)]
    return [each.field.name if isinstance(each, Each) else each.name for each in declared]


def _practices(context: Context) -> Iterator[tuple[Path, PracticeStage]]:
    for path, stage in context.stages("practice"):
        assert isinstance(stage, PracticeStage)
        yield path, stage


CHECKS = [game_follows, role_is_known, others_answer]
