"""What points are worth, and the points of which rounds are paid."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_types import Money, Part

ALL_ROUNDS, ONE_PER_BLOCK = "all_rounds", "one_per_block"


class PointsPay(Part):
    """What points are worth."""

    rate: Money = Field(description="Money per point.")
    max: Money = Field(description="The most that points can pay.")
    pay: Literal["all_rounds", "one_random_round", "one_per_block"] = Field(
        "all_rounds", description="The points of which rounds are paid; drawn when one's game has ended."
    )
    block_rounds: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        None, description="For `one_per_block`: how many rounds a block has."
    )
    void: Literal["drawn", "left_out"] = Field(
        "drawn",
        description="Whether a round that does not count may be drawn, and pays what it is declared to give; left out, "
        "it is drawn only where its block has no other.",
    )

    @property
    def is_drawn(self) -> bool:
        """Whether only drawn rounds are paid."""
        return self.pay != ALL_ROUNDS
