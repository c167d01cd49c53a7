"""What a partner keeps of the person it meets: one rule, or one for each level of a factor."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from studies.problems import StudyError
from studies.schema_models import LanguageModel
from studies.schema_types import FilePath, Name, Part


class NoMemory(Part):
    """Not even this conversation: only what was said to it since its own last message."""

    kind: Literal["none"]


class SessionMemory(Part):
    """This conversation, and nothing of earlier ones."""

    kind: Literal["session"]


class WindowMemory(Part):
    """The last messages of all conversations with the person, this one included, word for word."""

    kind: Literal["window"]
    messages: Annotated[int, Field(ge=1, le=400, description="How many, of both.")] = 20


class NotesByModel(Part):
    """A language model that takes the notes after each conversation."""

    prompt: FilePath = Field(
        description="What it is told to note. How much there may be, and the form of its answer, are added."
    )
    model: LanguageModel


TakenBy = Annotated[
    NotesByModel | None,
    Field(description="A model and its prompt. Unless given, notes are taken by fixed rules by words."),
]


class SummaryMemory(Part):
    """This conversation, and a summary of the earlier ones that is written anew after each."""

    kind: Literal["summary"]
    chars: Annotated[int, Field(ge=100, le=8000, description="Its greatest length; the oldest is left out first.")] = (
        1200
    )
    noted_by: TakenBy = None


class FactsMemory(Part):
    """This conversation, and a list of what the person said of themselves in earlier ones."""

    kind: Literal["facts"]
    max_facts: Annotated[int, Field(ge=1, le=200, description="How many; the oldest is left out first.")] = 40
    noted_by: TakenBy = None


class FullMemory(Part):
    """Every message of every conversation with the person, word for word."""

    kind: Literal["full"]


MemoryRule = Annotated[
    NoMemory | SessionMemory | WindowMemory | SummaryMemory | FactsMemory | FullMemory, Field(discriminator="kind")
]
THIS_TALK_ONLY = (NoMemory, SessionMemory)


class MemoryByLevel(Part):
    """A rule for each level of a factor."""

    by: Name
    values: dict[Name, MemoryRule] = Field(min_length=1)
    differs_too: list[Literal["told_about_memory", "past_transcript_visible"]] = Field(
        default_factory=list,
        max_length=2,
        description="What else differs between the levels on purpose. Everything else is the same at each.",
    )


MemoryTold = Literal["yes", "no", "nothing"]


class ToldByLevel(Part):
    """What people are told at each level of a factor."""

    by: Name
    values: dict[Name, MemoryTold] = Field(min_length=1)


class VisibleByLevel(Part):
    """Whether people see earlier conversations at each level of a factor."""

    by: Name
    values: dict[Name, bool] = Field(min_length=1)


def _shape(said: Any) -> str:
    by = said.get("by") if isinstance(said, Mapping) else getattr(said, "by", None)
    return "one" if by is None else "by_level"


AnyMemory = Annotated[
    Annotated[MemoryRule, Tag("one")] | Annotated[MemoryByLevel, Tag("by_level")], Discriminator(_shape)
]
AnyVisible = Annotated[Annotated[bool, Tag("one")] | Annotated[VisibleByLevel, Tag("by_level")], Discriminator(_shape)]
AnyTold = Annotated[Annotated[MemoryTold, Tag("one")] | Annotated[ToldByLevel, Tag("by_level")], Discriminator(_shape)]


def rules_of(memory: AnyMemory) -> dict[str, MemoryRule]:
    """Level → rule; under "" where no factor decides."""
    return dict(memory.values) if isinstance(memory, MemoryByLevel) else {"": memory}


def rule_under(memory: AnyMemory, levels: Mapping[str, str]) -> MemoryRule:
    """The rule at some levels.

    Raises:
        StudyError: "level_missing": a factor decides, and none of its levels that have a rule is among these.
    """
    if not isinstance(memory, MemoryByLevel):
        return memory
    level = levels.get(memory.by, "")
    if level not in memory.values:
        known = ", ".join(f"{memory.by}={name}" for name in memory.values)
        raise StudyError("level_missing", f'memory has a rule for {known}, and not for "{level}"')
    return memory.values[level]


def writer_of(rule: MemoryRule) -> NotesByModel | None:
    """The model that takes a rule's notes; None where fixed rules by words do, or nobody takes any."""
    return rule.noted_by if isinstance(rule, SummaryMemory | FactsMemory) else None


def writers_of(memory: AnyMemory) -> list[NotesByModel]:
    """The models that take notes at some level."""
    found = (writer_of(rule) for rule in rules_of(memory).values())
    return [one for one in found if one is not None]


def lasts(rule: MemoryRule) -> bool:
    """Whether anything of earlier conversations is kept."""
    return not isinstance(rule, THIS_TALK_ONLY)


def told_under(told: AnyTold) -> dict[str, MemoryTold]:
    """Level → what people are told; under "" where no factor decides."""
    return dict(told.values) if isinstance(told, ToldByLevel) else {"": told}


def told_at(told: AnyTold, levels: Mapping[str, str]) -> MemoryTold:
    """What people are told at some levels; nothing where a factor decides and its level is not among them."""
    return told.values.get(levels.get(told.by, ""), "nothing") if isinstance(told, ToldByLevel) else told


def visible_under(visible: AnyVisible) -> dict[str, bool]:
    """Level → whether people see earlier conversations; under "" where no factor decides."""
    return dict(visible.values) if isinstance(visible, VisibleByLevel) else {"": visible}


def visible_at(visible: AnyVisible, levels: Mapping[str, str]) -> bool:
    """Whether people see them at some levels; not where a factor decides and its level is not among them."""
    return visible.values.get(levels.get(visible.by, ""), False) if isinstance(visible, VisibleByLevel) else visible
