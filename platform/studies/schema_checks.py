"""How a study asks whether a manipulation was noticed."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from studies.schema_types import Name, Part

Value = Annotated[int | str, Field(union_mode="left_to_right")]


def _how_many(said: Any) -> str:
    return "several" if isinstance(said, list) else "one"


Expected = Annotated[
    Annotated[Value, Tag("one")] | Annotated[list[Value], Field(min_length=1, max_length=30), Tag("several")],
    Discriminator(_how_many),
]


class FactorCheck(Part):
    """The manipulation check of a factor: an item, and what is answered by who noticed their level."""

    item: Name = Field(description="Of a survey or a condition page, asked when the level holds.")
    expected: dict[Name, Expected] = Field(description="Level → the answer that is expected, or a list of answers.")

    def answers(self, level: str) -> tuple[str, ...]:
        """What is expected at a level, as text; empty where the level is not named."""
        said = self.expected.get(level, [])
        return tuple(str(one) for one in (said if isinstance(said, list) else [said]))
