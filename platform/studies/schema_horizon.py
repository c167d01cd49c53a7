"""Whether people are told how many visits there are, and between which numbers where they are not."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from studies.schema_types import Name, Part
from studies.schema_waves import MOST_REPEATS, MOST_WAVES

Telling = Literal["told", "untold"]
Visits = Annotated[int, Field(ge=1, le=MOST_REPEATS)]


class TellingByLevel(Part):
    """Whether they are told at each level of a factor."""

    by: Name
    values: dict[Name, Telling] = Field(min_length=1)


class VisitRange(Part):
    """How many visits of a wave there may be, as people read it. What is true lies between."""

    least: Visits
    most: Visits


def _shape(said: Any) -> str:
    by = said.get("by") if isinstance(said, Mapping) else getattr(said, "by", None)
    return "one" if by is None else "by_level"


def _length(said: Any) -> str:
    return "word" if isinstance(said, str) else "many"


AnyTelling = Annotated[
    Annotated[Telling, Tag("one")] | Annotated[TellingByLevel, Tag("by_level")], Discriminator(_shape)
]


class Horizon(Part):
    """What people know of how long it goes on."""

    tells: AnyTelling = Field(
        "told",
        description="Whether pages say how many visits there are and which is the last: `told`, `untold`, or one for "
        "each level of a factor.",
    )
    between: dict[Name, VisitRange] = Field(
        default_factory=dict,
        max_length=MOST_WAVES,
        description="Wave that is repeated → between which numbers of visits, for those who are not told.",
    )


AnyHorizon = Annotated[
    Annotated[Telling, Tag("word")] | Annotated[Horizon, Tag("many")],
    Discriminator(_length),
]
