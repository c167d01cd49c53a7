"""Files of survey and quiz items: a YAML list. Texts and numbers may hold slots."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from studies.schema_types import Name, Part

Words = Annotated[str, Field(min_length=1, max_length=1000)]
Number = Annotated[
    int | str, Field(description="A whole number, or an expression in braces.", union_mode="left_to_right")
]


class BeliefMark(Part):
    """Says that an item asks for a belief about a partner."""

    what: Literal["return", "type"]
    when: Literal["before", "after"] = "after"
    incentive: Annotated[str, Field(min_length=1, max_length=60)] = "none"


class ItemBase(Part):
    """What every item has."""

    id: Name
    label: Words = Field(description="The question; may hold slots.")
    by: Name | None = Field(None, description="In a survey: a factor of unit item, whose level decides the wording.")
    wordings: dict[Name, Words] = Field(
        default_factory=dict, description="Level → the question at that level, instead of `label`; may hold slots."
    )
    required: bool = True
    belief: BeliefMark | None = None
    correct: int | str | None = Field(
        None,
        description="In a quiz, and of an attention item: a value, or an expression in braces. Never sent to a page.",
    )
    attention: bool = Field(
        False,
        description="Survey only: the item itself asks for the answer that is `correct`, to see whether it is read.",
    )
    explain: str = Field("", max_length=1000, description="Quiz only: shown after a wrong answer; may hold slots.")
    note: str = ""


class ItemOption(Part):
    """One answer: what is stored and what is shown."""

    value: Name
    label: Words


class ChoiceItem(ItemBase):
    """One of several answers."""

    type: Literal["choice"]
    options: list[ItemOption] = Field(min_length=2, max_length=30)


class PointsItem(ItemBase):
    """A whole number."""

    type: Literal["points"]
    low: Number = 0
    high: Number = 100
    unit: Annotated[str, Field(max_length=30)] = "points"


class RatingItem(ItemBase):
    """A point on a labelled line."""

    type: Literal["rating"]
    low: Number = 1
    high: Number = 7
    low_label: Annotated[str, Field(max_length=100)] = ""
    high_label: Annotated[str, Field(max_length=100)] = ""


class CirclesItem(ItemBase):
    """One of seven pairs of circles, from 1 (they only touch) to 7 (nearly one): how close oneself and another are."""

    type: Literal["circles"]
    other: Words = Field(description="Who the circle on the right is: `your chat partner`; may hold slots.")


class TextItem(ItemBase):
    """Free words."""

    type: Literal["text"]
    max_chars: Annotated[int, Field(ge=1, le=10_000)] = 1000
    long: bool = True


AnyItem = Annotated[ChoiceItem | PointsItem | RatingItem | CirclesItem | TextItem, Field(discriminator="type")]


class ItemFile(RootModel[Annotated[list[AnyItem], Field(min_length=1, max_length=60)]]):
    """A whole file of items."""


def placeholder(raw: Any) -> bool:
    """Whether a value is an expression in braces."""
    return isinstance(raw, str) and raw.strip().startswith("{{") and raw.strip().endswith("}}")
