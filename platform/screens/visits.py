"""The visits of a study one after the other, and the time that passes between two of them."""

from dataclasses import dataclass

from events import clock
from scheduling.calendars import next_of
from screens.errors import ScreensError
from screens.people import Visitor
from studies import definition
from studies.models import Version


@dataclass(frozen=True)
class Visit:
    """One visit of a person.

    Attributes:
        number: From 1.
        repeat: Which visit of its wave, from 1.
        stages: Where its stages stand among those of the study.
        name: "chat 3", or "final" where the wave has one visit; empty in a study with one visit.
    """

    number: int
    wave: str
    repeat: int
    stages: range
    name: str


def visits_of(version: Version) -> list[Visit]:
    """Every visit, in the order in which they take place."""
    study = definition.definition(version)
    found: list[Visit] = []
    for wave in study.waves:
        for repeat in range(1, wave.repeat + 1):
            stages = definition.places(version, wave.id)
            name = definition.visit_name(version, wave.id, repeat) if len(study.waves) > 1 else ""
            found.append(Visit(len(found) + 1, wave.id, repeat, stages, name))
    return found


def companions(version: Version) -> int:
    """How many come with the lead from the beginning: whoever came later would have other windows.

    In a study with one visit the others come when they are needed.
    """
    study = definition.definition(version)
    return 0 if len(study.waves) == 1 else max([group.humans for group in study.groups.values()], default=1) - 1


def let_open(one: Visitor) -> None:
    """Let time pass until somebody's next visit can be begun.

    Raises:
        ScreensError: "stuck" where none is planned.
    """
    row = next_of(one.participant)
    if row is None or row.opens_at is None:
        raise ScreensError("stuck", "no visit is planned though the person is still in the study: see `study plan`")
    clock.stand(max(clock.now(), row.opens_at))
    one.is_there()
