"""The seeded sequence of conditions. Pure: the same seed gives the same blocks, for ever."""

from itertools import product
from random import Random

from studies.models import condition_of
from studies.schema import Allocation, StudyFile


def conditions_of(study: StudyFile) -> list[str]:
    """Every condition, by name, in a fixed order; [""] where nothing is manipulated."""
    cross = study.conditions.cross
    levels = [study.factors[name].levels for name in cross]
    return [condition_of(dict(zip(cross, chosen, strict=True))) for chosen in product(*levels)]


def block(allocation: Allocation, conditions: list[str], *, seed: str, sequence: str, number: int) -> list[str]:
    """One permuted block.

    Args:
        sequence: Which sequence of slots: version and stratum.
        number: Which block of it, from 1.

    Returns:
        Conditions in the order of use, each equally often; the block's size is drawn from `block_sizes`.
    """
    rng = Random(f"{seed}/allocation/{sequence}/{number}")  # noqa: S311  reproducible on purpose
    size = rng.choice(allocation.block_sizes)
    found = conditions * (size // len(conditions))
    rng.shuffle(found)
    return found
