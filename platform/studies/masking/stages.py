"""What is said of the stages that somebody comes to while conditions are masked."""

from collections.abc import Mapping

from studies import definition
from studies.models import Study
from studies.schema import StudyFile
from studies.schema_when import ConditionalStage


def stages_of(study: Study) -> Mapping[str, str]:
    """As `stages_in`, for every version of a study; a stage of several is called as in the newest of them."""
    found: dict[str, str] = {}
    for version in study.versions.order_by("number"):
        found |= stages_in(definition.definition(version))
    return found


def stages_in(said: StudyFile) -> Mapping[str, str]:
    """Stage → what is said of who is there: its id, or "practice/lobby" of these two.

    That somebody is in a stage that only some conditions have would tell the condition. So it has one name with the
    next stage that everybody has, or with the last one where none follows.
    """
    together: list[list[str]] = [[]]
    for stage in said.stages:
        together[-1].append(stage.id)
        if not (isinstance(stage, ConditionalStage) and stage.when is not None):
            together.append([])
    *whole, rest = together
    if rest and whole:
        whole[-1].extend(rest)
    return {one: "/".join(several) for several in whole for one in several}
