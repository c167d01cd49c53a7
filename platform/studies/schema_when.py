"""What every stage has, and for whom it is."""

from typing import Annotated

from pydantic import Field

from studies.schema_types import Name, Part


class When(Part):
    """For whom a stage is: those at some levels of a factor. All others go on with what follows it."""

    by: Name = Field(description="The factor that decides. It is given before the stage.")
    levels: list[Name] = Field(min_length=1, max_length=12, description="Its levels at which the stage is shown.")


class Stage(Part):
    """What every stage has."""

    id: Name = Field(description="Unique in the study; appears in the dataset.")
    note: str = Field("", max_length=2000, description="For the reader of the file; never shown to participants.")


class ConditionalStage(Stage):
    """A stage that only some people may pass, or everybody at some visits only."""

    when: When | None = Field(None, description="For whom it is; everybody, unless given.")
    visits: list[Annotated[int, Field(ge=1, le=200)]] = Field(
        default_factory=list,
        max_length=200,
        description="In a wave that is repeated: at which of its visits it is shown, from 1; at all, unless given.",
    )
