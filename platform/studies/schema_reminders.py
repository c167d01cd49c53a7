"""How people are reminded of their visits: by which channel, at which times of day, how often at most."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_types import Name, Part
from studies.schema_waves import MOST_REMINDERS, MOST_REPEATS, ClockTime

Channel = Literal["email", "recruiter_message"]


class ReminderCaps(Part):
    """How many messages one person gets at most. What was sent, and what may have been, counts."""

    per_visit: Annotated[int, Field(ge=1, le=MOST_REMINDERS)] | None = Field(None, description="About one visit.")
    per_day: Annotated[int, Field(ge=1, le=MOST_REMINDERS)] | None = Field(
        None, description="On one day of the person's calendar."
    )
    per_study: Annotated[int, Field(ge=1, le=MOST_REMINDERS * MOST_REPEATS)] | None = Field(
        None, description="In the whole study."
    )


class Reminders(Part):
    """How people are reminded. `waves[…].reminders` says when."""

    channels: list[Channel] = Field(
        min_length=1,
        max_length=2,
        description="`email`: to an address that people may give of their own accord; `recruiter_message`: through "
        "the recruiter. Where both reach a person, the one named first is used.",
    )
    quiet_hours: Annotated[list[ClockTime], Field(min_length=2, max_length=2)] | None = Field(
        ["21:00", "08:00"],
        description="From when until when nothing is sent, on the person's own clock: what falls between is sent at "
        "their end, if that is in time. `null`: at any hour. 21:00 to 08:00 is our default.",
    )
    caps: ReminderCaps = ReminderCaps(per_visit=None, per_day=None, per_study=None)


class Recruitment(Part):
    """Who brings people, as far as the platform must know it."""

    adapter: Name = Field(
        description="`own_links`: nobody but you, with the links of `study link`; it can send no messages. `files`: a "
        "stand-in for trials, which writes each message into a file of `var/messages`."
    )
