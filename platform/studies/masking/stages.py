"""What is said of the stages that somebody comes to while conditions are masked."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from studies import definition
from studies.models import Study, Version
from studies.schema import StudyFile
from studies.schema_stages import StageConfig
from studies.schema_when import ConditionalStage
from studies.varied import varied

BETWEEN = "/"  # stands in no stage's id
SEEN_COMING = ("waiting_room", "game", "debrief")
"""Kinds of stages that leave a trace elsewhere once somebody is there: a ticket, a seat or round, a row of debriefings.
Whoever has the name of such a stage, and no trace, is not there."""
SEEN_LEAVING = ("consent", *SEEN_COMING)
"""Those that leave one once somebody has gone on."""


@dataclass(frozen=True)
class _Run:
    """Stages for some only, one behind the other: what they share a name with, and whether that hides who is there.

    Args:
        places: Theirs in the wave, and that of the neighbour, in order.
    """

    places: Sequence[int]
    ids: Sequence[str]
    is_hidden: bool


def stages_of(study: Study) -> Mapping[str, str]:
    """As `stages_in`, for every version of a study; a stage of several is called as in the newest of them."""
    found: dict[str, str] = {}
    for version in study.versions.order_by("number"):
        found |= stages_in(definition.definition(version))
    return found


def stages_in(said: StudyFile) -> Mapping[str, str]:
    """Stage → what is said of who is there: its id, or "quiz/practice" of these two.

    That somebody is in a stage that only some conditions have would tell the condition. So it has one name with the
    next stage that everybody has; with the one before, where the next leaves a trace of who has come to it and the one
    before leaves none of who has gone on.
    """
    found: dict[str, str] = {}
    for wave in said.waves:
        joined = {at for run in _runs(wave.stages, _given_after(said)) for at in run.places[:-1]}
        together: list[list[str]] = []
        for at, stage in enumerate(wave.stages):
            if at - 1 in joined:
                together[-1].append(stage.id)
            else:
                together.append([stage.id])
        found |= {one: BETWEEN.join(several) for several in together for one in several}
    return found


def seen_in(said: StudyFile) -> list[str]:
    """The stages for some only of which no name can hide who is there: the stages on both sides leave traces."""
    given_after = _given_after(said)
    runs = (run for wave in said.waves for run in _runs(wave.stages, given_after))
    return [stage for run in runs if not run.is_hidden for stage in run.ids]


def is_of_several(name: str) -> bool:
    """Whether a name stands for stages that are not told apart. Then no time is told either that began with one."""
    return BETWEEN in name


def is_for_some(stage: StageConfig) -> bool:
    """Whether only some conditions have a stage."""
    return isinstance(stage, ConditionalStage) and stage.when is not None


def _given_after(said: StudyFile) -> frozenset[str]:
    """The stages after which somebody is allocated: from then on their row has a letter."""
    return frozenset(rule.at for rule in said.allocations if isinstance(rule.at, str))


def _runs(stages: Sequence[StageConfig], given_after: Set[str]) -> Iterator[_Run]:
    for is_some, found in groupby(range(len(stages)), key=lambda at: is_for_some(stages[at])):
        if not is_some:
            continue
        places = list(found)
        ids = [stages[at].id for at in places]
        before, behind = stages[: places[0]][-1:], stages[places[-1] + 1 :][:1]
        is_with_next = any(one.kind not in SEEN_COMING for one in behind) and not given_after & set(ids)
        is_with_last = any(one.kind not in SEEN_LEAVING and one.id not in given_after for one in before)
        if behind and (is_with_next or not is_with_last):
            places = [*places, places[-1] + 1]
        elif before:
            places = [places[0] - 1, *places]
        yield _Run(places, ids, is_hidden=is_with_next or is_with_last)


def plays_alike(version: Version, stage: str) -> bool:
    """Whether no factor decides a number of a game.

    Where one does, a step, its time or how many rounds there will be may be what differs.
    """
    return not varied(definition.game(version, stage).parameters)
