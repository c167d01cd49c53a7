"""What is to be drawn, and drawing it in the (empty, simulated) database that Django is set up for."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, Field

from events import clock
from events.clock import ClockError
from screens.asked import Asked, Wanted
from screens.between import BETWEEN_VISITS
from screens.errors import ScreensError
from screens.rehearsal import check_wanted, rehearsed
from screens.screen import DOOR, EXITS, REFUSALS, Drawn, Screen
from screens.stages import WALKERS
from screens.tour import Tour
from simulation.play import start_of
from studies import definition, services
from studies.allocation_plan import conditions_of
from studies.models import Version

Say = Callable[[str], None]


class Plan(BaseModel):
    """A study to be drawn.

    Attributes:
        number: Of the version; so are `definition` and `files`.
        seed: Settles all chance: names, words, numbers, who sits where.
        conditions: Which to draw; empty: every one.
        asked: What models are told is wanted in place of pages, and where.
    """

    number: int
    definition: dict[str, Any]
    files: dict[str, str]
    seed: str = "1"
    conditions: list[str] = Field(default_factory=list)
    asked: Wanted | None = None


def draw(plan: Plan, *, say: Say) -> Drawn:
    """Draw every page of a study, condition by condition, each from the same beginning.

    Args:
        say: Receives one line for each condition.

    Raises:
        ClockError: "not_simulated".
        StudyError: as `studies.services.publish_copy`.
        ScreensError: "condition_unknown", and as `Tour.walk`.
    """
    version = _published(plan)
    screens: list[Screen] = []
    missed: dict[str, None] = {}
    for condition in _conditions(plan, version):
        tour = Tour(version, condition)
        tour.walk(WALKERS, BETWEEN_VISITS)
        say(f"{condition or 'the one condition'}: {len(tour.screens)} pages")
        screens += ordered(tour)
        missed |= dict.fromkeys(tour.not_reached)
    return Drawn(screens, list(missed))


def ask(plan: Plan, *, say: Say) -> list[Asked]:
    """What models are told in a study, condition by condition, each from the same beginning.

    Raises:
        ClockError, StudyError, ScreensError: as `draw`, and as `rehearsed`.
    """
    version, wanted = _published(plan), plan.asked or Wanted()
    check_wanted(definition.definition(version), wanted)
    found: list[Asked] = []
    for condition in _conditions(plan, version):
        asked = rehearsed(version, condition, wanted)
        say(f"{condition or 'the one condition'}: {len(asked)} prompts")
        found += asked
    return found


def _conditions(plan: Plan, version: Version) -> Sequence[str]:
    known = conditions_of(definition.definition(version))
    if unknown := set(plan.conditions) - set(known):
        text = f"{', '.join(sorted(unknown))}: no such condition; there are: {'; '.join(known)}"
        raise ScreensError("condition_unknown", text)
    return plan.conditions or known


def ordered(tour: Tour) -> Sequence[Screen]:
    """What a tour drew, in the order of the study; within a stage as it was met."""
    visits = {visit.name: visit.number for visit in tour.visits}
    stages = {stage.id: number for number, stage in enumerate(tour.stages, start=1)}
    last = {EXITS: 1, REFUSALS: 2}

    def place(screen: Screen) -> tuple[int, int]:
        key = screen.key
        if key.stage in last:
            return len(visits) + 1, last[key.stage]
        # what stands between two visits comes before the stages of the next
        return (0, 0) if key.stage == DOOR else (visits[key.visit], stages.get(key.stage, 0))

    return sorted(tour.screens.values(), key=place)


def _published(plan: Plan) -> Version:
    if not clock.is_simulated():
        raise ClockError("not_simulated", "pages are drawn in a database that was made for it, never among real data")
    clock.stand(start_of(plan.definition))
    seed = hashlib.sha256(f"screens/{plan.seed}".encode()).hexdigest()[:32]
    return services.publish_copy(plan.definition, plan.files, number=plan.number, seed=seed)
