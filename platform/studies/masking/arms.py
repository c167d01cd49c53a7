"""Which letters stand for the conditions of a study while they are masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from random import Random
from string import ascii_uppercase

from studies import definition
from studies.models import Study, condition_of, levels_of

ORDER = ">"  # joins the conditions of a Latin square's order
UNKNOWN = "?"  # stands for a condition that no version declares, so that not even a mistake tells a level


@dataclass(frozen=True)
class Arms:
    """The letters that stand for conditions.

    Their order is drawn from the seed, and so has nothing to do with the order in the study file: for two conditions it
    is the same in half of all studies. An order that never were the file's would give itself away.

    Args:
        seed: Of the study.
        levels: Factor → its levels in any version, both in alphabetical order.
    """

    seed: str
    levels: Mapping[str, Sequence[str]]

    def of(self, condition: str) -> str:
        """ "B" of "label=hidden", "B>A" of an order; "B of label" where other factors belong to the whole design.

        "" stays "": nothing is manipulated, or nothing was given yet.
        """
        return ORDER.join(self._one(part) for part in condition.split(ORDER)) if condition else ""

    def _one(self, condition: str) -> str:
        levels = levels_of(condition)
        factors = tuple(sorted(levels))
        if any(levels[name] not in self.levels.get(name, ()) for name in factors):
            return UNKNOWN
        letter = _letters(self.seed, tuple((name, tuple(self.levels[name])) for name in factors))[condition_of(levels)]
        return letter if len(factors) == len(self.levels) else f"{letter} of {'+'.join(factors)}"


def arms_of(study: Study) -> Arms:
    """The letters of a study. They stay the same as long as it runs: its factors cannot change, nor can its seed."""
    versions = list(study.versions.order_by("number"))
    levels: dict[str, set[str]] = {}
    for version in versions:
        for name, factor in definition.definition(version).factors.items():
            levels.setdefault(name, set()).update(factor.levels)
    return Arms(versions[0].seed if versions else "", {name: sorted(levels[name]) for name in sorted(levels)})


@lru_cache(maxsize=256)
def _letters(seed: str, levels: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    """Condition → letter, for every combination of some factors' levels."""
    names = [name for name, _ in levels]
    crossed = [condition_of(dict(zip(names, chosen, strict=True))) for chosen in product(*(each for _, each in levels))]
    Random(f"{seed}/masking/{','.join(names)}").shuffle(crossed)  # noqa: S311  reproducible on purpose
    return {condition: _letter(place) for place, condition in enumerate(crossed)}


def _letter(place: int) -> str:
    """A to Z, then AA, AB and so on."""
    more, last = divmod(place, len(ascii_uppercase))
    return (_letter(more - 1) if more else "") + ascii_uppercase[last]
