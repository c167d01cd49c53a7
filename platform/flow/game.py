"""What a group plays: its experiment, the study file's entry for it, and the parameters."""

from dataclasses import dataclass

from flow.errors import FlowError
from matching.models import Group
from matching.queries import group_of
from paradigm import Experiment, Parameters
from paradigm.steps import Leaf
from scheduling.models import Session
from studies import definition
from studies.models import Version
from studies.schema_stages import GameStage
from studies.varied import varied


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

    def seconds_of(self, step: Leaf, round_number: int) -> int:
        """How long a step may take: in round 1, while everything is new, longer where the study file says so."""
        extra = self.config.first_round_extra_seconds if round_number == 1 else 0
        return self.parameters.number(step.seconds) + extra


def numbers_of(session: Session, game: GameStage) -> Parameters:
    """The parameters of a game as somebody has them who may not have come to it: their group's.

    Where a factor decides some, and there is no group yet, they are those at its first level, for everybody.
    """
    version = session.participant.version
    if not varied(game.parameters):
        return definition.parameters(version, game.id)
    group = group_of(session)
    if group is not None and group.stage == game.id:
        return definition.parameters(version, game.id, group.condition, group.topic)
    return definition.parameters_by_level(definition.definition(version), game)[0][1]


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
        parameters=definition.parameters(version, group.stage, group.condition, group.topic),
    )
