"""Which people of a study stay partners over several visits, and in which of them they meet: read from its file."""

from studies.schema import StudyFile
from studies.schema_pairs import Lasting
from studies.schema_stages import StageConfig, WaitingRoomStage
from studies.schema_waves import Wave

MEETING = ("waiting_room", "briefing", "practice", "game")
"""Kinds of stages that belong to meeting others: from the waiting room to its game."""


def lasting_group(study: StudyFile) -> str:
    """The name of the group whose two people stay partners; "" where no group lasts. E321 allows one."""
    return next((name for name, plan in study.groups.items() if plan.lasts is not None), "")


def lasting(study: StudyFile) -> Lasting | None:
    """What the study file says of partners that stay; None where none do."""
    name = lasting_group(study)
    return study.groups[name].lasts if name else None


def forms_pair(study: StudyFile, stage: StageConfig) -> bool:
    """Whether a stage is a waiting room in which the two of a pair meet."""
    return isinstance(stage, WaitingRoomStage) and bool(stage.forms) and stage.forms == lasting_group(study)


def meets_in(study: StudyFile, wave: Wave) -> bool:
    """Whether the two meet in the visits of a wave."""
    return any(forms_pair(study, stage) for stage in wave.stages)


def meeting_stages(study: StudyFile) -> frozenset[str]:
    """The ids of all stages in which the two meet: those from a waiting room of theirs to its game."""
    found = set[str]()
    for wave in study.waves if lasting_group(study) else ():
        is_theirs = False
        for stage in wave.stages:
            if isinstance(stage, WaitingRoomStage):
                is_theirs = forms_pair(study, stage)
            if is_theirs and stage.kind in MEETING:
                found.add(stage.id)
            if stage.kind == "game":
                is_theirs = False
    return frozenset(found)


def longest_wait(study: StudyFile, wave_id: str) -> int:
    """For how many seconds at most somebody waits for the partner in the visits of a wave; 0 where nobody is met."""
    rooms = [
        stage.max_wait_seconds
        for wave in study.waves
        for stage in wave.stages
        if wave.id == wave_id and isinstance(stage, WaitingRoomStage) and forms_pair(study, stage)
    ]
    return max(rooms, default=0)
