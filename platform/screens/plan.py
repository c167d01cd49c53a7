"""What is to be drawn, and drawing it in the (empty, simulated) database that Django is set up for."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from events import clock
from events.clock import ClockError
from screens.errors import ScreensError
from screens.screen import Drawn, Screen
from screens.stages import WALKERS
from screens.tour import Tour
from studies import definition, services
from studies.allocation_plan import conditions_of
from studies.models import Version

START = datetime(2030, 1, 7, 9, tzinfo=UTC)  # where the clock stands: the same in every drawing
Say = Callable[[str], None]


class Plan(BaseModel):
    """A study to be drawn.

    Attributes:
        number: Of the version; so are `definition` and `files`.
        seed: Settles all chance: names, words, numbers, who sits where.
        conditions: Which to draw; empty: every one.
    """

    number: int
    definition: dict[str, Any]
    files: dict[str, str]
    seed: str = "1"
    conditions: list[str] = Field(default_factory=list)


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
    known = conditions_of(definition.definition(version))
    if unknown := set(plan.conditions) - set(known):
        text = f"{', '.join(sorted(unknown))}: no such condition; there are: {'; '.join(known)}"
        raise ScreensError("condition_unknown", text)
    for condition in plan.conditions or known:
        tour = Tour(version, condition)
        tour.walk(WALKERS)
        say(f"{condition or 'the one condition'}: {len(tour.screens)} pages")
        screens += ordered(tour)
        missed |= dict.fromkeys(tour.not_reached)
    return Drawn(screens, list(missed))


def ordered(tour: Tour) -> Sequence[Screen]:
    """What a tour drew, in the order of the study; within a stage as it was met."""
    places = {place: number for number, place in enumerate(["door", *(s.id for s in tour.stages), "exits"])}
    return sorted(tour.screens.values(), key=lambda screen: places.get(screen.key.stage, len(places)))


def _published(plan: Plan) -> Version:
    if not clock.is_simulated():
        raise ClockError("not_simulated", "pages are drawn in a database that was made for it, never among real data")
    clock.stand(START)
    seed = hashlib.sha256(f"screens/{plan.seed}".encode()).hexdigest()[:32]
    return services.publish_copy(plan.definition, plan.files, number=plan.number, seed=seed)
