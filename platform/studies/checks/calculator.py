"""Worked examples on pages: the rules can be asked for them, and they do not ask for too much."""

from collections.abc import Iterator
from random import Random

from paradigm.imagined import ImaginedError, Scene
from paradigm.worked import work_out
from studies import scripts
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of
from studies.markdown import slot_names
from studies.schema_stages import GameStage, InstructionsStage
from studies.yaml_file import Path

SLOT = "calculator"
SEED, SEEDS = "check/worked example", 5


@needs("waves", "groups", "factors")
def examples_can_be_worked_out(context: Context) -> None:
    """E446, E447, E448: a page with the slot has a game, whose payoff follows from few numbers and choices."""
    games = [(path, one) for path, one in context.stages("game") if isinstance(one, GameStage)]
    for path, file, game in _holders(context, games):
        if SLOT not in slot_names(context.read(file, path) or ""):
            continue
        if game is None:
            context.say("E446", path, f"{file} holds a calculator, and there is no game.", "Remove the slot.")
        else:
            _worked_out(context, path, game)


def _worked_out(context: Context, path: Path, game: GameStage) -> None:
    experiment, by_level = found_experiment(game), found_parameters(context.study, game)
    if experiment is None or group_of(context.study, game.id) not in context.study.groups:
        return
    try:
        scenes = [scripts.scene_of(context.study, game.id, experiment, each, seed=SEED) for each in by_level]
        worked = [_try(scene) for scene in scenes]
    except ImaginedError as error:
        context.say("E447", path, f"{experiment.name}: {error}.", "Write the example out on the page instead.")
        return
    except Exception as error:  # the experiment's own rules: whatever they raise stands in the way
        what = f"{experiment.name}: no example can be worked out: {type(error).__name__}: {error}."
        context.say("E446", path, what, "Its rules must do without words, labels and levels.")
        return
    if path[-2] == "pages" and any(each != worked[0] for each in worked):
        what = "a factor decides what the example would be, and nobody has a level of it yet."
        context.say("E448", path, what, "Put the slot on a page of the game.")


def _try(scene: Scene) -> object:
    """Fill in examples by chance, one field after the other, as the bounds of a later one follow from the earlier."""
    found: list[object] = []
    for seed in range(SEEDS):
        rng = Random(f"{SEED}/{seed}")  # noqa: S311  reproducible on purpose
        raw: dict[str, str] = {}
        while (worked := work_out(scene, raw)).points is None:
            field = next(one.field for one in worked.tried if one.field.key not in raw)
            raw[field.key] = str(field.simulate(rng))
        found.append((raw, worked.points))
    return found


def _holders(context: Context, games: list[tuple[Path, GameStage]]) -> Iterator[tuple[Path, str, GameStage | None]]:
    """Every page that may hold a calculator, with its game."""
    for path, stage in context.stages("instructions"):
        assert isinstance(stage, InstructionsStage)
        for at, file in enumerate(stage.pages):
            yield (*path, "pages", at), file, games[0][1] if games else None
    for path, game in games:
        for file in context.source.listed(game.pages, ".md"):
            yield (*path, "pages"), file, game


CHECKS = [examples_can_be_worked_out]
