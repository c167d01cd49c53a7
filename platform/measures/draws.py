"""Which questions of a scale somebody is asked in one session, and in which order: drawn from the study's seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from scheduling.models import Session
from studies.models import Version
from studies.scales import scale_of
from studies.schema_scales import ScaleFile


@dataclass(frozen=True)
class Draw:
    """What was drawn: ids of items as asked, and of those that are left out as planned."""

    shown: Sequence[str]
    left_out: Sequence[str]


def draw_for(session: Session, version: Version, *, stage: str, name: str) -> Draw:
    """What a visit is asked of a scale at a stage, always the same. The session has its participant."""
    visit = f"{session.participant.code}/{session.wave}/{session.repeat}"
    rng = Random(f"{version.seed}/scale/{stage}/{name}/{visit}")  # noqa: S311  seeded on purpose
    return draw(scale_of(version, name), rng)


def draw(scale: ScaleFile, rng: Random) -> Draw:
    """Blocks first, then the order: each block with the same chance, each order of what is left with the same."""
    left_out = _left_out(scale, rng)
    shown = [item.id for item in scale.items if item.id not in left_out]
    if scale.order == "random":
        rng.shuffle(shown)
    return Draw(shown, [item.id for item in scale.items if item.id in left_out])


def _left_out(scale: ScaleFile, rng: Random) -> set[str]:
    planned = scale.planned_missing
    if planned is None:
        return set()
    kept = rng.sample(sorted(planned.blocks), planned.shown)
    return {item for block, items in planned.blocks.items() if block not in kept for item in items}
