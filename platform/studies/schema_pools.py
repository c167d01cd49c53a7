"""How partners are drawn from a pool: how often each, whether again, and with which numbers."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from studies.schema_types import FilePath, Name, Part

Number = int | float


class DrawnNumber(Part):
    """A number that is drawn once for each seat, evenly between two bounds."""

    low: Number
    high: Number


def _how(said: Any) -> str:
    return "drawn" if isinstance(said, dict | DrawnNumber) else "fixed"


PoolSetting = Annotated[
    Annotated[str | int | float | bool, Tag("fixed")] | Annotated[DrawnNumber, Tag("drawn")], Discriminator(_how)
]


class Pool(Part):
    """A partner's policies or personas as an urn, from which one is drawn for each seat."""

    draw: Literal["with_replacement", "without_replacement", "balanced"] = Field(
        default="with_replacement",
        description="Each seat for itself; or each seat of a group from what its others left; or each seat of the "
        "study from what all before it left, group after group. An empty urn is filled again.",
    )
    weights: dict[FilePath, Annotated[int, Field(ge=1, le=100)]] = Field(
        default_factory=dict, description="Policy or persona → how often it is in the urn; once, where it is not named."
    )
    settings: dict[Name, dict[Name, PoolSetting]] = Field(
        default_factory=dict,
        description="Policy → numbers of its own, beside the partner's `settings`; `{low: 0, high: 1}` draws one.",
    )
