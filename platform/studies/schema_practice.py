"""The practice of a game: alone, against answers that are made up."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_types import FilePath, Name, Seconds
from studies.schema_when import ConditionalStage


class PracticeStage(ConditionalStage):
    """Rounds of a game, played alone against answers that are made up, and called so: unpaid, in a table of their own.

    The game's own steps, pages and questions. None of those beside the game, such as beliefs, is asked, and nobody has
    a label.
    """

    kind: Literal["practice"]
    game: Name = Field(description="The game stage, further on, that is practised.")
    roles: Literal["own", "each"] = Field(
        "each",
        description="`each`: every role that people may have. `own`: that of one's seat; after the waiting room.",
    )
    rounds: Annotated[int, Field(ge=1, le=5)] = Field(1, description="In each role.")
    script: FilePath | None = Field(
        None, description="YAML: what the others answer; what it leaves out is as the experiment declares."
    )
    page: FilePath | None = Field(None, description="Markdown shown first.")
    seconds: Seconds = Field(600, description="For all of it; afterwards one goes on.")
