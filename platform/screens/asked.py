"""What a model would be told in a seat: messages to the letter and their hashes, to be laid side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

from pydantic import BaseModel, Field

NOTHING = "nothing"


class Wanted(BaseModel):
    """Which prompts are wanted; what is empty is every one.

    Attributes:
        stage: The id of a game.
        step: The name of a step, as the experiment gives it.
        role: Whose seat; without one those in which the study file seats a program.
        partner: An entry of `partners` with a model that is to sit there, whoever does in the study.
        persona: One of its files, in place of the one that was drawn.
        visit: From 1.
        round: Of the game; without one the first in which a step comes.
    """

    stage: str = ""
    step: str = ""
    role: str = ""
    partner: str = ""
    persona: str = ""
    visit: int | None = None
    round: int | None = None


class Asked(BaseModel):
    """One request, as it would leave for the model.

    Attributes:
        visit: "chat 3"; empty in a study with one visit.
        step: As the experiment names it; of notes, the conversation that is noted.
        is_of_notes: Whether it is for notes of that conversation, and not for an act.
        partner: Its entry in the study file.
        persona: The file of its instructions.
        sha256: Of the messages, as `prompt_sha256` of the log of calls has it.
        memory_sha256: Of what they hold of earlier conversations; empty where that is nothing.
        has_imagined_notes: Whether it holds notes that a model would take; here rules by words took them.
    """

    condition: str
    visit: str
    stage: str
    step: str
    round: int
    role: str
    partner: str
    persona: str
    is_of_notes: bool = False
    model: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    messages: list[dict[str, str]]
    sha256: str
    memory_sha256: str = ""
    has_imagined_notes: bool = False

    @property
    def place(self) -> tuple[str, ...]:
        """Where it is asked: the same in two conditions, so that they can be laid beside each other."""
        what = "notes" if self.is_of_notes else "act"
        return (self.visit, self.stage, self.step, self.role, what)

    @property
    def title(self) -> str:
        """Where it is asked, and of whom, in a line."""
        step = f"notes of {self.stage}/{self.step}" if self.is_of_notes else f"{self.stage}/{self.step}"
        parts = [self.condition, self.visit, step, f"round {self.round}", self.role]
        return f"{', '.join(filter(None, parts))}: {self.partner} by {self.persona}, {self.model}"


def told(asked: Asked) -> Iterator[str]:
    """A request as it is printed, line by line."""
    yield f"=== {asked.title}"
    yield f"parameters: {_spelled(asked.parameters)}"
    yield f"sha256 of the messages: {asked.sha256}"
    yield f"sha256 of what they hold of earlier conversations: {asked.memory_sha256 or NOTHING}"
    if asked.has_imagined_notes:
        yield "its notes were taken by rules by words, for no model was asked here"
    for message in asked.messages:
        yield f"--- {message['role']}"
        yield from message["content"].split("\n")


def _spelled(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(parameters.items())) or NOTHING


def beside(first: Sequence[Asked], second: Sequence[Asked]) -> Iterator[tuple[Asked | None, Asked | None]]:
    """What is asked at the same place under two conditions, in the order of the first."""
    one, other = ({each.place: each for each in side} for side in (first, second))
    for place in dict.fromkeys([*one, *other]):
        yield one.get(place), other.get(place)


def difference(first: Asked | None, second: Asked | None) -> list[str]:
    """What differs between two requests for one place, as lines with - and +; none where nothing does."""
    before, after = (list(_lines(side)) if side else [] for side in (first, second))
    one, other = (side.condition if side else NOTHING for side in (first, second))
    return list(unified_diff(before, after, one, other, n=1, lineterm=""))


def _lines(asked: Asked) -> Iterator[str]:
    """All that a model would get: the messages, and what they are sent with."""
    yield f"partner: {asked.partner}"
    yield f"model: {asked.model}"
    yield f"parameters: {_spelled(asked.parameters)}"
    for message in asked.messages:
        yield f"--- {message['role']}"
        yield from message["content"].split("\n")
