"""People behind the curtain: who of the study team may write in an automated seat's place, and what follows else."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_types import Line, Name, Part, Tongue


class Wizard(Part):
    """People of the study team who may write in its place in conversations; see docs/models.md."""

    draft: bool = Field(
        False, description="Whether its model is asked, and they are shown what it would say before they write."
    )
    seconds: Annotated[int, Field(ge=5, le=600)] = Field(
        45, description="How long they have for each message, and never longer than the conversation lasts."
    )
    otherwise: Literal["draft", "line", "silence"] = Field(
        description="What follows where nobody writes in time: the draft is said, or `line`; or nothing is."
    )
    line: dict[Tongue, Line] = Field(
        default_factory=dict,
        max_length=12,
        description="Language → what is said where nobody writes in time: for `line`, and where there is no draft.",
    )
    disclosed_in: Name = Field(description="The debrief that tells people of it.")
