"""What a study asks to see whether people understood, noticed and read: which items, and what is expected of whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from studies.asked import asked_at
from studies.definition import definition
from studies.models import Version
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_stages import BriefingStage, QuizStage, SurveyStage
from studies.variables import given_after

Kind = Literal["comprehension", "manipulation", "attention"]
KINDS: tuple[Kind, ...] = ("comprehension", "manipulation", "attention")
Levels = Mapping[str, str]


@dataclass(frozen=True)
class Probe:
    """One item that is asked for that purpose.

    Attributes:
        place: Of its stage, from 0.
        factor: Whose check it is; of a condition page that by which the page is chosen; "" for neither.
        expected: Level of `factor` (or "" without one) → answers that are expected, as text.
        held: The factors whose levels hold when it is asked.
        key: Of its field on the page, where that is not the item.
    """

    kind: Kind
    stage: str
    place: int
    item: str
    factor: str
    expected: Mapping[str, Sequence[str]]
    held: Sequence[str]
    key: str = ""

    def expected_of(self, levels: Levels) -> Sequence[str]:
        """What somebody with these levels is expected to answer; nothing where their level is not known."""
        return self.expected.get(levels.get(self.factor, "") if self.factor else "", ())

    def levels_then(self, levels: Levels) -> dict[str, str]:
        """Those of somebody's levels that hold when it is asked."""
        return {factor: level for factor, level in levels.items() if factor in self.held}


@lru_cache(maxsize=64)
def probes_of(version_id: int) -> Sequence[Probe]:
    """Every probe of a version, in the order in which it is asked."""
    version = Version.objects.get(pk=version_id)
    found = [*_in_stages(version), *_of_factors(version)]
    return sorted(found, key=lambda one: (one.place, KINDS.index(one.kind)))


def _in_stages(version: Version) -> Iterator[Probe]:
    said = definition(version)
    for place, stage in enumerate(said.stages):
        held = _held(said, place)
        if isinstance(stage, BriefingStage):
            for check in stage.check:
                by_level = {level if stage.by else "": [right] for level, right in check.correct.items()}
                yield Probe("comprehension", stage.id, place, check.id, stage.by or "", by_level, held)
        if isinstance(stage, QuizStage | SurveyStage):
            kind: Kind = "comprehension" if isinstance(stage, QuizStage) else "attention"
            for item in asked_at(version, stage):
                if item.correct is not None:
                    right = {"": [str(item.correct)]}
                    yield Probe(kind, stage.id, place, item.id, "", right, held, key=item.field.key)


def _of_factors(version: Version) -> Iterator[Probe]:
    said = definition(version)
    for name, factor in said.factors.items():
        if factor.check is not None:
            place = _place_of(version, factor.check.item)
            expected = {level: factor.check.answers(level) for level in factor.levels}
            stage = said.stages[place].id
            yield Probe("manipulation", stage, place, factor.check.item, name, expected, _held(said, place))


def _place_of(version: Version, item: str) -> int:
    """The place of the survey or condition page that asks an item; the study's check lets no other file through."""
    for place, stage in enumerate(definition(version).stages):
        asked: Sequence[str] = ()
        if isinstance(stage, BriefingStage):
            asked = [check.id for check in stage.check]
        elif isinstance(stage, SurveyStage):
            asked = [one.id for one in asked_at(version, stage)]
        if item in asked:
            return place
    raise StudyError("item_unknown", f'{version} asks "{item}" nowhere')


def _held(said: StudyFile, place: int) -> Sequence[str]:
    """The factors whose levels have been given before a stage."""
    given = [rule.factors or said.conditions.cross for rule in said.allocations if given_after(said, rule) < place]
    return [name for name in said.factors if any(name in one for one in given)]
