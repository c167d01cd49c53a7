"""When visits take place: what they are counted from, how they are spaced, until when each can be begun."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from studies.schema_stages import ExitTo, StageConfig
from studies.schema_types import FilePath, Name, Part
from studies.spans import CLOCK_PATTERN, SPAN_PATTERN, is_clock, is_date, is_span

ANCHORS = ("recruitment", "enrolment", "previous_opened", "previous_ended")
ANCHOR_PATTERN = r"^(recruitment|enrolment|previous_opened|previous_ended|\d{4}-\d{2}-\d{2})$"
MOST_WAVES = 20
MOST_REPEATS = 200
MOST_REMINDERS = 10


def _span(said: str) -> str:
    if not is_span(said):
        raise PydanticCustomError(
            "span", '"{got}" is no length of time; write a number and d, h or m, such as "48h"', {"got": said[:40]}
        )
    return said


def _clock(said: Any) -> Any:
    if isinstance(said, int | float) and not isinstance(said, bool):
        raise PydanticCustomError("unquoted_clock", "got the number {got}", {"got": repr(said)})
    if isinstance(said, str) and not is_clock(said):
        raise PydanticCustomError(
            "clock", '"{got}" is no time of day; write hours and minutes, such as "08:00"', {"got": said[:40]}
        )
    return said


def _anchor(said: str) -> str:
    if said not in ANCHORS and not is_date(said):
        words = ", ".join(ANCHORS)
        raise PydanticCustomError(
            "anchor",
            'nothing is counted from "{got}"; write {words}, a day such as "2027-03-01", or {wave: …, event: …}',
            {"got": said[:40], "words": words},
        )
    return said


def _shape(said: Any) -> str:
    return "many" if isinstance(said, dict | list | BaseModel) else "word"


Length = Annotated[
    str,
    AfterValidator(_span),
    WithJsonSchema({"type": "string", "pattern": SPAN_PATTERN, "examples": ["3d", "48h", "90m"]}),
]
"""A length of time: days of the calendar, hours or minutes."""
ClockTime = Annotated[
    str, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": CLOCK_PATTERN, "examples": ["08:00"]})
]
"""A time of day on the person's own clock."""


class WaveEvent(Part):
    """Something that happens to a person in another wave."""

    wave: Name = Field(description="An earlier wave.")
    event: Literal["first_opened", "last_opened", "last_closed_or_completed"] = Field(
        description="Its first or last visit opened; or its last visit was completed, or could not be begun any more."
    )


class Between(Part):
    """Spacing that is drawn for each person and visit, from the seed, so that day and visit are not the same."""

    between: Annotated[list[Length], Field(min_length=2, max_length=2)] = Field(
        description="The shortest and the longest, both in the same unit."
    )


Anchor = Annotated[
    Annotated[
        str,
        AfterValidator(_anchor),
        WithJsonSchema({"type": "string", "pattern": ANCHOR_PATTERN, "examples": ["enrolment", "2027-03-01"]}),
        Tag("word"),
    ]
    | Annotated[WaveEvent, Tag("many")],
    Discriminator(_shape),
]
Every = Annotated[
    Annotated[
        str,
        AfterValidator(_span),
        WithJsonSchema({"type": "string", "pattern": SPAN_PATTERN, "examples": ["3d"]}),
        Tag("word"),
    ]
    | Annotated[Between, Tag("many")],
    Discriminator(_shape),
]


class Opens(Part):
    """When the visits of a wave can be begun."""

    anchor: Anchor = Field(
        description="From what it is counted: `recruitment` (somebody comes), `enrolment` (the first wave ends), "
        "`previous_opened` or `previous_ended` (the visit before), a day in quotes, or {wave, event}."
    )
    offset: Length = Field("0d", description="How long after it. Days are days of the person's calendar.")
    every: Every | None = Field(None, description="From one visit to the next, where the wave has several.")
    at: ClockTime | None = Field(
        None, description="The time of day on the person's own clock, in quotes; otherwise that of the anchor."
    )
    jitter: Length = Field("0m", description="Up to this much later, drawn for each person and visit from the seed.")


class Closes(Part):
    """Until when a visit can be begun."""

    after: Length = Field(description="Counted from when it opened. A day is 24 hours here.")


class ReminderTime(Part):
    """When a reminder is sent: so long after, or before, the visit opens or closes."""

    since: Literal["opens", "closes"] = Field(alias="from", description="What it is counted from.")
    plus: Length | None = Field(None, description="So much later. Days are days of the person's calendar.")
    minus: Length | None = Field(None, description="So much earlier.")


class Reminder(Part):
    """One message about each visit of the wave, to whoever is still to be reminded then."""

    at: ReminderTime
    only_if: Literal["not_started", "started_not_completed", "not_completed"] = Field(
        alias="if", description="What must be so when it is sent, about the very visit."
    )
    text: FilePath | None = Field(
        None,
        description="Markdown; the heading is the subject, and it names `link` and `stop_link`. Ours unless given, in "
        "English and German.",
    )


class Wave(Part):
    """A measurement occasion: the stages of one visit, when it takes place, and how often."""

    id: Name
    stages: list[StageConfig] = Field(min_length=1, max_length=60, description="In order; consent first.")
    repeat: Annotated[int, Field(ge=1, le=MOST_REPEATS)] = Field(1, description="How many visits it has.")
    minutes: Annotated[int, Field(ge=1, le=600)] | None = Field(
        None, description="About how long one visit takes; people read it on the page between two visits."
    )
    opens: Opens | None = Field(None, description="For every wave but the first, which opens when somebody comes.")
    closes: Closes | None = Field(None, description="For every wave but the first.")
    grace: Length = Field("0m", description="How much longer a visit that was begun may be finished.")
    min_gap: Length = Field(
        "0m", description="A visit opens at least this long after the end of the visit before; the first wave aside."
    )
    late_start: Literal["refuse", "allow_until_next"] = Field(
        "refuse",
        description="What follows where the visit before, or `min_gap`, leaves no time in the planned window: the "
        "visit is missed, or it can be begun until the next one is planned.",
    )
    resume: Literal["within_window", "one_sitting"] = Field(
        "within_window",
        description="Whether a visit that was broken off may be gone on with until it closes, or ends after an hour "
        "of silence.",
    )
    reminders: list[Reminder] = Field(
        default_factory=list, max_length=MOST_REMINDERS, description="Messages about each visit; `reminders` says how."
    )
    then: Literal["enrol"] | None = Field(
        None, description="Of the first wave, where there are others: its end is day 0 of the person's calendar."
    )


class Ending(ExitTo):
    """Where somebody leaves whose later visits do not take place, and what they may still come to before."""

    still_offer: Name | None = Field(
        None,
        description="A later wave to which they may still come, so that less is missing of those who drop out. All "
        "other visits are left out, and the exit follows it.",
    )


class Attendance(Part):
    """How many visits somebody may miss, and what follows."""

    max_missed: Annotated[int, Field(ge=0, le=MOST_REPEATS)] = Field(description="Of all visits after the first wave.")
    max_consecutive_missed: Annotated[int, Field(ge=1, le=MOST_REPEATS)] | None = Field(
        None, description="One after the other; no limit of its own unless given."
    )
    max_excused: Annotated[int, Field(ge=0, le=MOST_REPEATS)] = Field(
        0,
        description="How many visits of one person a researcher may excuse: they then count neither way.",
    )
    on_exceed: Ending = Field(description="By which whoever missed more leaves the study.")


class Timezone(Part):
    """In whose zone the times of day are meant. Windows are reckoned once and kept as instants."""

    source: Literal["browser_confirmed", "fixed"] = Field(
        description="`browser_confirmed`: the one that the person's browser names and the person confirms; `fixed`: "
        "the one of this file, for everybody."
    )
    zone: str | None = Field(
        None,
        max_length=60,
        description="A name of the IANA, such as Europe/Berlin. With `browser_confirmed` it is taken for whoever does "
        "not say within 7 days what their clock shows; without it they leave by `away`, or by `left` where there is "
        "none.",
    )
