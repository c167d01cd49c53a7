"""What an experiment declares about its seats' acts: the export reads the same declaration as forms and prompts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paradigm import Choice, Decision, Each, Experiment, Field, Parameters, Points
from paradigm.program import leaves, step_at
from studies import definition, items
from studies.models import Version
from studies.schema_items import TextItem
from studies.schema_stages import QuizStage, SurveyStage


@dataclass(frozen=True)
class _Bounds:
    """The part of a state that bounds need: where only the parameters are known."""

    parameters: Parameters


@dataclass(frozen=True)
class Declared:
    """One game stage: its experiment and parameters."""

    experiment: Experiment
    parameters: Parameters

    @classmethod
    def of(cls, version: Version, stage: str) -> "Declared":
        """The game stage of a version, by id."""
        config: Any = definition.stage_named(version, stage)
        return cls(definition.experiment(config.experiment), definition.parameters(version, stage))

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
        """(step, role, field, whether it is asked once per partner) for all decisions in order."""
        for step in leaves(self.experiment.steps):
            if not isinstance(step, Decision):
                continue
            for role in self.experiment.roles:
                for declared in step.fields_of(role):
                    each = isinstance(declared, Each)
                    yield (
                        step.name,
                        role,
                        self._bounded(declared.field if isinstance(declared, Each) else declared),
                        each,
                    )

    def picks_a_partner(self, path: str, role: str) -> Choice | None:
        """The field by which a role picks among those it meets: a choice whose options come from the match."""
        fields = self.fields(path, role).values()
        return next((f for f in fields if isinstance(f, Choice) and callable(f.options) and f.belief is None), None)

    def states_a_number(self, path: str, role: str) -> Points | None:
        """The number a partner states at the step at which one of them is picked."""
        fields = self.fields(path, role).values()
        return next((f for f in fields if isinstance(f, Points) and f.belief is None), None)

    def _plain(self, decision: Decision, role: str) -> Sequence[Field]:
        return [self._bounded(one.field if isinstance(one, Each) else one) for one in decision.fields_of(role)]

    def _bounded(self, field: Field) -> Field:
        if isinstance(field, Choice):
            return field
        state: Any = _Bounds(self.parameters)
        return field.resolve(state, state)


def is_free_answer(version: Version, stage: str, item: str) -> bool:
    """Whether an item of a quiz or survey is answered in one's own words."""
    config = definition.stage_named(version, stage)
    said = items.parse(definition.text(version, config.items)) if isinstance(config, QuizStage | SurveyStage) else ()
    return any(isinstance(one, TextItem) and one.id == item for one in said)


def split_key(key: str) -> tuple[str, str]:
    """("expected", "A") of "expected@A"."""
    name, _, about = key.partition("@")
    return name, about
