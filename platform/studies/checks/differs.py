"""Places where pages may differ by a factor: each must be one that the study has."""

from paradigm.program import leaves
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment
from studies.schema_stages import GameStage

EXITS, BETWEEN = "exits", "between_visits"
PLACES_OF_OURS = frozenset({EXITS, BETWEEN})
OF_EVERY_GAME = frozenset({"void", "sit_out"})


@needs("factors", "waves")
def places_exist(context: Context) -> None:
    """E210: every place named under `differs` is a stage, or a step of a game stage."""
    known = _places(context)
    for name, factor in context.study.factors.items():
        for at, each in enumerate(factor.differs):
            if each.at not in known:
                path = ("factors", name, "differs", at, "at")
                context.say("E210", path, f'"{each.at}" is no stage and no step of a game.', meant(each.at, known))


def _places(context: Context) -> set[str]:
    found = {EXITS} if len(context.study.waves) == 1 else {EXITS, BETWEEN}
    for _path, stage in context.stages():
        found.add(stage.id)
        experiment = found_experiment(stage) if isinstance(stage, GameStage) else None
        if experiment is not None:
            found |= {f"{stage.id}/{name}" for name in {step.name for step in leaves(experiment.steps)} | OF_EVERY_GAME}
    return found


CHECKS = [places_exist]
