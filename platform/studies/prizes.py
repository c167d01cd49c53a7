"""What a belief can win in place of its round, as the study file says it: people are told before they decide."""

from studies import definition
from studies.models import Version
from studies.schema import StudyFile
from studies.schema_stages import GameStage

_may_win: dict[str, bool] = {}  # by the sha256 of the definition, which is frozen


def prizes_in(study: StudyFile, game: GameStage) -> list[int]:
    """Points that one belief can win at each combination of the levels on which a game's parameters depend; 0: nothing.

    Raises as `definition.parameters_of`.
    """
    bonus = definition.experiment(game.experiment).bonus
    return [values.number(bonus.prize) if bonus else 0 for _, values in definition.parameters_by_level(study, game)]


def prizes_of(study: StudyFile) -> list[int]:
    """The same of all games of a study."""
    return [prize for stage in study.stages if isinstance(stage, GameStage) for prize in prizes_in(study, stage)]


def may_win(version: Version) -> bool:
    """Whether a belief can win anything in a version, at any level: what is told of it is told at every level alike."""
    known = _may_win.get(version.sha256)
    if known is None:
        if len(_may_win) >= definition.MOST_PARSED:
            _may_win.clear()
        known = _may_win[version.sha256] = any(prizes_of(definition.definition(version)))
    return known
