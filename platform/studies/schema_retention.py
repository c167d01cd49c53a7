"""How long what is kept of people is kept once data collection is closed."""

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from studies.schema_types import Part

Class = Literal["contact", "payments", "texts", "technical", "codes"]
CLASSES: tuple[Class, ...] = get_args(Class)
FOR_GOOD = "keep"
PERIOD_PATTERN = r"^(\d{1,5}d|keep)$"


def _period(said: str) -> str:
    if not said.isascii() or "\n" in said or re.match(PERIOD_PATTERN, said) is None:
        text = '"{got}" is no number of days; write such as "30d", or keep where it is kept for good'
        raise PydanticCustomError("period", text, {"got": said[:40]})
    return said


Period = Annotated[
    str, AfterValidator(_period), WithJsonSchema({"type": "string", "pattern": PERIOD_PATTERN, "examples": ["30d"]})
]
"""So many days, or for good."""


class Retention(Part):
    """Days after collection was closed; then `study purge` deletes it. Every default is ours, and no board's."""

    contact: Period = Field(
        "30d",
        description="What leads to a person: links, the secret of the browser, zones of clocks, addresses. Then nobody "
        "comes back to the last page.",
    )
    payments: Period = Field("365d", description="By what payments are matched: completion codes. Amounts stay.")
    texts: Period = Field(
        "3650d",
        description="What people wrote in their own words, what models were told and said, what partners noted. "
        "Numbers and choices stay.",
    )
    technical: Period = Field("30d", description="Which forms arrived, and the work that was done in the background.")
    codes: Period = Field(
        "365d",
        description="The number by which people, and datasets of before, lead to rows: all then have new ones.",
    )

    def days(self, of: Class) -> int | None:
        """For how many days something is kept; None: for good."""
        said: str = getattr(self, of)
        return None if said == FOR_GOOD else int(said[:-1])


OURS = Retention.model_validate({})
"""What holds where a study file says nothing."""
