"""What a group plays: its experiment, the study file's entry for it, and the parameters."""

from dataclasses import dataclass

from flow.errors import FlowError
from matching.models import Group
from paradigm import Experiment, Parameters
from studies import definition
from studies.models import Version
from studies.schema_stages import GameStage


@dataclass(frozen=True)
class Game:
    """Everything frozen that a match needs."""

    version: Version
    config: GameStage
    experiment: Experiment
    parameters: Parameters

    @property
    def void_points(self) -> int:
        """What each seat that did not miss its act gets from a void match."""
        return self.parameters.number(self.experiment.void_points)

    @property
    def prize(self) -> int:
        """What one belief of a seat can win when the game is over; 0 where none is paid."""
        return self.parameters.number(self.experiment.bonus.prize) if self.experiment.bonus else 0


def game_of(group: Group) -> Game:
    """The game of a group, from its version's frozen definition."""
    version = group.version
    config = definition.stage_named(version, group.stage)
    if not isinstance(config, GameStage):
        raise FlowError("not_here", f"group {group.code} was formed for {config.id}, which is no game")
    return Game(
        version=version,
        config=config,
        experiment=definition.experiment(config.experiment),
        parameters=definition.parameters(version, group.stage, group.condition),
    )
