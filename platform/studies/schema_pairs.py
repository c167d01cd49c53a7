"""Two people who stay partners over several visits: when they meet, and what follows when they do not."""

from typing import Literal

from pydantic import Field

from studies.schema_types import Name, Part
from studies.schema_waves import Length


class Absent(Part):
    """What follows when only one of the two is there and the longest wait is over."""

    then: Literal["end_visit", "offer_again"] = Field(
        description="`end_visit`: the visit is over, and paid, for whoever has waited, and missed by whoever has not "
        "begun it. `offer_again`: first, once in each visit, both may meet at another time instead."
    )
    after: Length | None = Field(
        None,
        description="For `offer_again`: how much later. Days: so many days of the calendar later, at the same times of "
        "day. Hours or minutes: so long after the wait, while the visit can still be begun.",
    )


class DropOut(Part):
    """What becomes of whoever is left, when one of the two leaves the study or the pair ends otherwise."""

    then: Literal["end_pair", "replace_with_human", "replace_with_ai"] = Field(
        description="`end_pair`: they have no partner any more. `replace_with_human`: they are paired with somebody "
        "else who is left alone, at the next visit at which both are there. `replace_with_ai`: an automated partner "
        "takes the seat from the next visit on."
    )
    exit: Name | None = Field(
        None,
        description="For `end_pair`: by which they leave at the end of the visit, or at once between two. Without "
        "one they go on alone, and pass over every stage from a waiting room of the pair to its game.",
    )
    still_offer: Name | None = Field(
        None, description="With `exit`: a later wave to which they may still come, as in `attendance.on_exceed`."
    )
    partner: Name | None = Field(
        None, description="For `replace_with_ai`: the entry of `partners` that takes the seat; its label is shown."
    )


class Lasting(Part):
    """The two people of a group stay partners: later visits in which they meet are planned for both at once."""

    least: Length = Field(
        description="The shortest window that will do: theirs is where their own windows overlap, each by its own "
        "clock."
    )
    on_short: Literal["end_pair", "excuse"] = Field(
        description="What follows where they overlap by less: the pair ends, or that visit is let be, and counts "
        "neither as attended nor as missed."
    )
    on_absent: Absent
    on_drop_out: DropOut
