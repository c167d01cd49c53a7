"""Scales: files of questions that are answered on one line of points and scored together."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from studies.schema_items import Words
from studies.schema_types import SHORT_NAME_PATTERN, FilePath, Line, Name, Part

ShortName = Annotated[str, Field(pattern=SHORT_NAME_PATTERN)]
Point = Annotated[int, Field(ge=-100, le=100)]
Labels = dict[Annotated[str, Field(pattern=r"^-?[0-9]{1,3}$")], Annotated[str, Field(min_length=1, max_length=100)]]
Share = Annotated[str, Field(pattern=r"^(100|[1-9][0-9]?)%$")]


class ScaleUse(Part):
    """A scale that the study may ask."""

    file: FilePath = Field(description="YAML, see ScaleFile.")
    note: str = ""


class Attestation(Part):
    """Who says that the wording may be used in this study."""

    by: Line = Field(description="A person's name.")
    on: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] = Field(description="A date, in quotes.")
    reference: Line = Field(description="What shows it: a letter, a form, a licence number.")


class Licence(Part):
    """Whether the wording may be used."""

    status: Literal["own", "free", "permission_required", "permission_unclear"] = Field(
        description="`own`: written for this platform or by you. `free`: under a licence that lets anybody use it."
    )
    name: str = Field("", max_length=200, description="The licence, such as CC BY 4.0; needed for `free`.")
    attestation: Attestation | None = Field(None, description="Needed where it is neither own nor free.")


class Anchors(Part):
    """The line of points on which every item is answered."""

    low: Point = 1
    high: Point = 7
    labels: Labels = Field(description="Point → words, both ends at least; further points, or all.")


class ScaleItem(Part):
    """One question of a scale."""

    id: ShortName = Field(description="Unique in the file; appears in the dataset behind the scale's name and a dot.")
    text: Words = Field(description="The question or statement; may hold slots and `{{ recall }}`.")
    type: Literal["rating", "circles"] = Field(
        "rating",
        description="`circles`: one of seven pairs of circles that overlap more and more; on a line from 1 to 7.",
    )
    other: Line | None = Field(None, description="Of circles: who the circle on the right is; may hold slots.")
    labels: Labels | None = Field(None, description="Words of this item's own, instead of those of the scale.")
    reverse: bool = Field(False, description="Whether agreeing means less of what is measured.")
    subscale: Name | None = Field(None, description="An entry under `subscales`.")
    attention: bool = Field(False, description="Asks for the answer that is `correct`; counts in no score.")
    correct: Point | None = Field(None, description="Of an attention item. Never sent to a page.")


class PlannedMissing(Part):
    """Each person gets some of the blocks in each session, drawn from the seed. What is in no block is always asked."""

    blocks: dict[Name, Annotated[list[ShortName], Field(min_length=1)]] = Field(
        min_length=2, max_length=12, description="Block → its items."
    )
    shown: Annotated[int, Field(ge=1)] = Field(description="How many blocks each person gets; fewer than there are.")


class Scoring(Part):
    """How answers become numbers."""

    method: Literal["mean", "sum"] = Field(
        description="On the scale's own points. A sum with answers missing is their mean times the number of items."
    )
    least_answered: Literal["all"] | Annotated[int, Field(ge=1, le=100)] | Share = Field(
        description="Answers below which there is no score: `all` that were asked, a number, or a share of the score's "
        'items, as in "80%", rounded up.',
        union_mode="left_to_right",
    )
    total: bool = Field(True, description="Whether there is a score over all items, subscales or not.")


class ScaleFile(Part):
    """A whole scale."""

    model_config = ConfigDict(title="Scale file", validate_by_name=True, validate_by_alias=True)

    format: Literal["scale/1"] = Field(alias="schema")
    id: Name = Field(description="The name under which a study file has it.")
    title: Line = Field(description="For researchers; never shown to participants.")
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = Field(
        description="Of its words. A translation is a file of its own, with its own citation."
    )
    citation: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Where the wording comes from; of a substitute, what it stands for."
    )
    is_validated: bool = Field(description="Whether its measurement was studied in this wording and language.")
    note: str = Field("", max_length=4000)
    licence: Licence
    recall: str = Field("", max_length=200, description="What it asks about, as `{{ recall }}` in texts: `this talk`.")
    instruction: str = Field("", max_length=4000, description="Markdown above the items; may hold slots.")
    anchors: Anchors
    subscales: dict[Name, Line] = Field(default_factory=dict, max_length=20, description="Name → what it measures.")
    items: list[ScaleItem] = Field(min_length=1, max_length=80)
    order: Literal["file", "random"] = Field(
        "file", description="`random`: an order drawn for each person and session, and stored."
    )
    planned_missing: PlannedMissing | None = None
    scoring: Scoring
