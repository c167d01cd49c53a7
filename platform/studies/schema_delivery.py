"""How what an automated partner says comes to the others: when it begins, what interrupts it, in how many messages."""

from typing import Annotated, Literal

from pydantic import Field

from studies.schema_types import Part

Interrupted = Literal["keep", "regenerate", "drop"]
Floor = Literal["all", "one", "addressed_first"]


class Delivery(Part):
    """How what an automated partner says in a talk comes to the others; see docs/models.md."""

    if_interrupted: Interrupted = Field(
        default="keep",
        description="Where a person writes while a reply is made or waits to be said: it is said all the same; or made "
        "anew from what was said by then; or dropped, and the next turn answers everything.",
    )
    most_interruptions: Annotated[
        int, Field(ge=1, le=5, description="How often in a row; afterwards what there is is said.")
    ] = 2
    debounce_s: Annotated[
        float, Field(ge=0, le=30, description="A turn begins so long after people's last message; 0: at once.")
    ] = 0
    debounce_most_s: Annotated[
        float, Field(ge=0, le=120, description="And at the latest so long after the first that nobody has answered.")
    ] = 15
    floor: Floor = Field(
        default="all",
        description="Which of several automated seats answer what people say: each; one of them, drawn; or one, and "
        "whoever is called by name before the others.",
    )
    bubbles: Annotated[
        int,
        Field(
            ge=1,
            le=6,
            description="In how many messages at most a reply is said, divided at its own lines or sentences.",
        ),
    ] = 1
    pauses: Annotated[
        int,
        Field(
            ge=0,
            le=3,
            description="How often at most it is seen to stop writing a message and go on, where a talk shows who is "
            "writing. The message comes no later by it.",
        ),
    ] = 0
    pause_s: Annotated[list[Annotated[float, Field(ge=1, le=60)]], Field(min_length=2, max_length=2)] = Field(
        default=[6, 12],
        description="From how many to how many seconds each of these pauses lasts. Others see that somebody writes for "
        "up to five seconds more, so a shorter one is seen by nobody.",
    )


class Length(Part):
    """How long the messages of a language model are to be: asked for, asked for once more, never cut."""

    chars: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=2, max_length=2)] = Field(
        description="From how many to how many characters."
    )
