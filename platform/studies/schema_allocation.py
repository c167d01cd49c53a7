"""How conditions are given out: to whom, by which method, and when."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from studies.schema_types import Line, Name, Part

Unit = Literal["study", "group", "participant", "pair", "session", "round", "item"]
Method = Literal["permuted_block", "quota", "minimisation", "latin_square", "simple"]


class Moment(Part):
    """The round of a game, or the session, from whose beginning a level holds."""

    round: Annotated[int, Field(ge=1, le=1000)] | None = None
    session: Annotated[int, Field(ge=1, le=100)] | None = None


def _when(said: Any) -> str:
    return "moment" if isinstance(said, dict | Moment) else "name"


When = Annotated[Annotated[Name, Tag("name")] | Annotated[Moment, Tag("moment")], Discriminator(_when)]


class Allocation(Part):
    """How the conditions of some factors are given out, from seeded sequences."""

    factors: list[Name] = Field(
        default_factory=list,
        max_length=4,
        description="Which factors, crossed. In a list each factor stands in one entry; alone it may be left out: all.",
    )
    unit: Unit = Field(description="What is given a condition.")
    method: Method = "permuted_block"
    block_sizes: list[Annotated[int, Field(ge=1, le=48)]] = Field(
        default_factory=list,
        max_length=6,
        description="For permuted blocks: multiples of the number of conditions, or of the sum of the weights; each "
        "block draws one.",
    )
    weights: dict[Line, Annotated[int, Field(ge=1, le=48)]] = Field(
        default_factory=dict,
        description='How often each condition is given relative to the others, by "factor=level" (joined by commas), '
        "or by level where there is one factor. Without: equally often.",
    )
    targets: dict[Line, Annotated[int, Field(ge=1, le=2000)]] = Field(
        default_factory=dict, description="For quotas: how many of each condition are wanted, named as for `weights`."
    )
    strata: list[Name] = Field(
        default_factory=list, max_length=2, description="Choice items, each answer with a sequence of its own."
    )
    covariates: list[Name] = Field(
        default_factory=list,
        max_length=6,
        description="For minimisation: choice items over whose answers the conditions are kept alike.",
    )
    imbalance: Literal["range", "variance"] = Field(
        "range", description="For minimisation: how unlike numbers are measured, summed over covariates. Ours."
    )
    probability: Annotated[float, Field(ge=0.5, le=1)] = Field(
        0.8, description="For minimisation: how often the condition that makes the numbers most alike is taken. Ours."
    )
    meets: Literal["alike", "anybody"] = Field(
        "alike",
        description="For people who are allocated one by one: whether those who sit in one group have one condition.",
    )
    at: When = Field(
        description="`formation` (of the group), `entry`, the stage after which a participant is allocated or whose "
        "items are, or `{round: k}` or `{session: k}`: from then on."
    )

    @property
    def round(self) -> int:
        """The first round in which its levels hold; 1 where the file names none."""
        return (self.at.round or 1) if isinstance(self.at, Moment) else 1

    @property
    def session(self) -> int:
        """The first session in which its levels hold; 1 where the file names none."""
        return (self.at.session or 1) if isinstance(self.at, Moment) else 1


def _how_many(said: Any) -> str:
    return "several" if isinstance(said, list) else "one"


Allocations = Annotated[
    Annotated[Allocation, Tag("one")] | Annotated[list[Allocation], Tag("several")], Discriminator(_how_many)
]
