"""What an experiment declares about its seats' acts: the export reads the same declaration as forms and prompts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flow.models import Act
from paradigm import Choice, Decision, Each, Experiment, Field, Parameters, Points, Text
from paradigm.fields import plain
from paradigm.program import Beforehand, leaves, may_ask, may_come, step_at
from studies import definition, items
from studies.models import Version
from studies.schema_items import TextItem
from studies.schema_stages import QuizStage, SurveyStage
from studies.varied import Levels


@dataclass(frozen=True)
class Declared:
    """One game stage under one condition: its experiment and parameters."""

    experiment: Experiment
    parameters: Parameters

    @classmethod
    def of(cls, version: Version, stage: str, condition: str) -> "Declared":
        """The game stage of a version, by id, for the groups of a condition."""
        experiment = definition.experiment(definition.game(version, stage).experiment)
        return cls(experiment, definition.parameters(version, stage, condition))

    def decision(self, path: str) -> Decision | None:
        """The decision a path names; None for a talk, a page to read, or the page of a void match."""
        try:
            step = step_at(self.experiment.steps, path)
        except KeyError:
            return None
        return step if isinstance(step, Decision) else None

    def fields(self, path: str, role: str) -> Mapping[str, Field]:
        """What a role is asked at a decision, by field name, bounds worked out; empty where it waits."""
        decision = self.decision(path)
        return {field.name: field for field in self._plain(decision, role)} if decision else {}

    def every_field(self) -> Iterator[tuple[str, str, Field, bool]]:
        """(step, role, field, whether it is asked once per partner) for all that can be asked, in order."""
        steps = [step for step in leaves(self.experiment.steps) if isinstance(step, Decision)]
        for step in steps:
            for role in self.experiment.roles if may_come(step, self.parameters) else ():
                for declared in may_ask(step, role, self.parameters):
                    yield step.name, role, self._bounded(plain(declared)), isinstance(declared, Each)

    def picks_a_partner(self, path: str, role: str) -> Choice | None:
        """The field by which a role picks among those it meets: a choice whose options come from the match."""
        fields = self.fields(path, role).values()
        return next((f for f in fields if isinstance(f, Choice) and callable(f.options) and f.belief is None), None)

    def states_a_number(self, path: str, role: str) -> Points | None:
        """The number a partner states at the step at which one of them is picked."""
        fields = self.fields(path, role).values()
        return next((f for f in fields if isinstance(f, Points) and f.belief is None), None)

    def _plain(self, decision: Decision, role: str) -> Sequence[Field]:
        return [self._bounded(plain(one)) for one in decision.fields_of(role)]

    def _bounded(self, field: Field) -> Field:
        if isinstance(field, Choice):
            return field
        state: Any = Beforehand(self.parameters)
        # where its own bounds depend on how the game goes, those that its kind declares hold whatever happens
        for kind in type(field).__mro__:
            with suppress(AttributeError):
                bounded: Field = kind.resolve(field, state, state)  # type: ignore[attr-defined]
                return bounded
        return field


def is_free_answer(version: Version, stage: str, item: str) -> bool:
    """Whether an item of a quiz or survey is answered in one's own words."""
    config = definition.stage_named(version, stage)
    path = config.items if isinstance(config, QuizStage | SurveyStage) else None
    said = items.parse(definition.text(version, path)) if path else ()
    return any(isinstance(one, TextItem) and one.id == item for one in said)


def is_free_decision(version: Version, act: Act, field: str) -> bool:
    """Whether a field of an act is filled in with one's own words; "answer@A" is asked about A."""
    group = act.match.group
    asked = Declared.of(version, group.stage, group.condition).fields(act.path, act.seat.role)
    return isinstance(asked.get(split_key(field)[0]), Text)


def once(by_level: Sequence[tuple[Levels, Sequence[dict[str, Any]]]]) -> Iterator[tuple[Levels, dict[str, Any]]]:
    """Rows at every combination of levels; those that are the same at all of them once, without levels.

    Args:
        by_level: Levels → the rows at these.
    """
    for number, (levels, rows) in enumerate(by_level):
        for row in rows:
            if any(row not in other for _, other in by_level):
                yield levels, row
            elif number == 0:
                yield {}, row


def split_key(key: str) -> tuple[str, str]:
    """("expected", "A") of "expected@A"."""
    name, _, about = key.partition("@")
    return name, about
