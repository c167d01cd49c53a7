"""What follows where a model gives nothing usable."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_models import LanguageModel
from studies.schema_types import FilePath, Line, Part, Tongue


class Again(Part):
    """Asking a model anew."""

    times: Annotated[int, Field(ge=0, le=20, description="How often at most.")] = 0
    after_s: Annotated[float, Field(ge=0, le=600, description="How long after it has failed.")] = 10


class Pause(Part):
    """A talk that waits for its model."""

    times: Annotated[int, Field(ge=1, le=20, description="How often it is asked again.")] = 10
    after_s: Annotated[float, Field(ge=5, le=600, description="How long after it has failed.")] = 30
    then: Literal["silence", "end"] = Field("end", description="Where it still gives nothing.")


class Fallback(Part):
    """Another model, which is another treatment: whoever meets it met two."""

    model: LanguageModel


class OnFailure(Part):
    """What follows where a model gives nothing usable, from first to last; see docs/models.md."""

    retry: Again = Field(
        default_factory=lambda: Again.model_validate({}),
        description="Ask it anew, beside what each asking does by itself; never later than the step ends.",
    )
    fallback: Fallback | None = Field(None, description="Ask this one instead, once. Unless given, no other is asked.")
    then: Literal["silence", "line", "pause", "end"] = Field(
        "silence",
        description="Where words are wanted. `silence`: nothing is said; what is said to it next it is asked to "
        "answer. `line`: `line` or `lines` is said. `pause`: ask again later, and a talk with one person lasts so much "
        "longer. `end`: the talk ends as if its time were up; before its minimum only where the model is not there, "
        "since people can make it refuse.",
    )
    decisions: Literal["deadline", "end"] = Field(
        "deadline",
        description="Where a number or a choice is wanted, which no line can be. `deadline`: the step's own decides. "
        "`end`: the match is void at once, and the others get the declared points.",
    )
    line: dict[Tongue, Line] = Field(
        default_factory=dict, max_length=12, description="Language → what is said in place of the model's words."
    )
    lines: dict[Tongue, FilePath] = Field(
        default_factory=dict,
        max_length=12,
        description="Language → a text file with several, one to a line; one is drawn for each turn from the seed.",
    )
    pause: Pause = Field(default_factory=lambda: Pause.model_validate({}), description="For `then: pause`.")
