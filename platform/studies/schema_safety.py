"""What follows when somebody in a conversation may be in danger, and who is there for it."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_models import LanguageModel
from studies.schema_types import FilePath, Line, Name, Part, Tongue
from studies.schema_waves import ClockTime

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class StaffedHours(Part):
    """Some days with the same hours."""

    days: list[Day] = Field(min_length=1, max_length=7)
    begin: ClockTime = Field(description='In quotes, such as "08:00".')
    end: ClockTime = Field(description="Later on the same day.")


class Staffed(Part):
    """When somebody of the study team reads what the screening finds; people are told so."""

    zone: Annotated[str, Field(max_length=60)] = Field(description="A name of the IANA, such as Europe/Berlin.")
    hours: list[StaffedHours] = Field(min_length=1, max_length=14)
    outside: Literal["open", "closed"] = Field(
        "open",
        description="Outside these hours. `open`: people may talk, and the card says that nobody looks. `closed`: no "
        "conversation begins; people are told when the next one can, and what was begun goes on.",
    )


class OnCall(Part):
    """Who is told at once, by their part in the study; participants never see it."""

    role: Line = Field(description="Such as: the study's psychologist.")
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]


class Checked(Part):
    """Who has called the helplines of the card, and when."""

    by: Line = Field(description="A person's name.")
    on: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] = Field(description="A date, in quotes.")


class Tiers(Part):
    """What follows from what the screening finds. A note is always a row for the study team and nothing else."""

    offer: Literal["card", "row"] = Field(
        "card", description="`card`: it is shown to the writer beside the conversation. `row`: nobody sees anything."
    )
    stop: Literal["pause", "card"] = Field(
        "pause",
        description="`pause`: the writer's conversation pauses, with the card, until they go on or stop for the day "
        "with full pay. Both: whoever is on call is told.",
    )


class Classifier(Part):
    """A language model that may hold a program's reply. It never holds what a person wrote."""

    model: LanguageModel
    prompt: FilePath = Field(description="What it is asked; the newest messages and the reply come after it.")


class Replies(Part):
    """What a model's reply to somebody in danger, or one that names danger itself, is replaced by."""

    line: Line = Field(description="Said instead, in the study's language. It stands as its partner's words.")
    hold_seconds: Annotated[float, Field(ge=0.5, le=20)] = Field(
        2.0, description="How long a reply may be held for the classifier; later it is replaced."
    )
    classifier: Classifier | None = None


class Limits(Part):
    """How long somebody may talk. Where it is used up the talk ends as if its time were up."""

    minutes_per_visit: Annotated[int, Field(ge=1, le=600)] | None = None
    minutes_per_day: Annotated[int, Field(ge=1, le=600)] | None = Field(
        None, description="Of the person's calendar day; in the zone of `staffed` where theirs is not known."
    )


class Breaks(Part):
    """A neutral line that says how long one has been there; the same for everybody."""

    every_minutes: Annotated[int, Field(ge=5, le=240)]


class Safety(Part):
    """What protects people in conversations: see docs/safety.md. Defaults are ours, not a paper's."""

    on_call: OnCall
    staffed: Staffed
    card: dict[Tongue, FilePath] = Field(
        min_length=1, max_length=12, description="Language → the card with resources; the study's own at least."
    )
    helplines: Checked | None = Field(
        None, description="That the card's helplines were called and are right; needed before the study is opened."
    )
    adults: Line = Field(description="How it is made sure that only adults take part.")
    tiers: Tiers = Field(default_factory=lambda: Tiers.model_validate({}))
    replies: Replies | None = Field(None, description="Where a language model talks.")
    stopped: Name | None = Field(
        None, description="The exit, which pays `full`, of whoever stops for the day where there is only one visit."
    )
    limits: Limits = Field(default_factory=lambda: Limits.model_validate({}))
    breaks: Breaks | None = None
