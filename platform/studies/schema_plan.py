"""What is settled before data come: sample, exclusions, and what is written down with a registry."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from studies.schema_types import Line, Name, Part

LONGEST_TEXT = 8000


def _day(raw: str) -> str:
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError as error:
        raise PydanticCustomError("day", '"{got}" is no day; write such as "2027-03-31"', {"got": raw[:40]}) from error


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", max_length=10), AfterValidator(_day)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Rule = Annotated[str, Field(min_length=1, max_length=200)]


class Pilot(Part):
    """People who try the study out for pay, before it counts: their links are made with `study link --pilot`."""

    target: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="People who agree to take part; then the links of the pilot let nobody new in."
    )


class Sample(Part):
    """How many are wanted, who counts, and when it ends. Then the study pauses by itself."""

    unit: Literal["group", "participant"]
    target: Annotated[int, Field(ge=1, le=1_000_000)]
    counts: Literal["started", "completed", "analysable"] = Field(
        "completed",
        description="Which of them count. Groups: begun; played to the end; and nobody in it withdrew or is excluded "
        "by a registered pre-treatment rule. Participants: agreed to take part; reached `completed` and did not "
        "withdraw; and not so excluded. A group with stand-ins never counts.",
    )
    until: Day | None = Field(None, description="The last day, in quotes and in UTC, on which somebody new is let in.")
    pilot: Pilot | None = None


class Exclusion(Part):
    """A rule on whom the analysis leaves out. No row is taken out of the data: `exclusions.csv` says who met it."""

    id: Name
    rule: Rule = Field(
        description="A comparison, or several with `and` and `or`, over the names under Exclusions. True: left out."
    )
    when: Literal["pre_treatment", "post_treatment"] = Field(
        description="Whether all it names is known before people are allocated. If not, it is a sensitivity analysis."
    )
    registered: bool = Field(True, description="Whether it is part of the preregistration.")
    note: str = Field("", max_length=2000)


class Hypothesis(Part):
    """What is expected."""

    id: Name
    text: Line
    outcome: Name = Field(description="The entry of `outcomes` that decides.")
    criterion: str = Field(
        "",
        max_length=1000,
        description="Which result supports it and which speaks against it: the term of the model, and where no "
        "difference is expected, between which bounds a difference counts as none.",
    )


class Estimand(Part):
    """The quantity that is estimated, in words: which contrast, over whom."""

    id: Name
    hypothesis: Name
    text: Line


class Outcome(Part):
    """A column of the dataset."""

    id: Name
    table: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = Field(description="A file of the dataset, without .csv.")
    column: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    where: str = Field(
        "",
        max_length=200,
        description="Which rows: comparisons of the table's columns, `step == decide and round > 1`.",
    )
    role: Literal["primary", "secondary", "exploratory"]


class AnalysisModel(Part):
    """How an outcome is analysed."""

    id: Name
    outcome: Name
    formula: Annotated[str, Field(min_length=3, max_length=500)] = Field(
        description="As in R: `chosen ~ kind * label + (1 | participant)`. Its names are columns of the outcome's "
        "table, or factors of the study."
    )
    family: Literal["gaussian", "binomial", "multinomial", "ordinal", "poisson", "negative_binomial", "survival"]
    level: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="Of its intervals.")
    note: str = Field("", max_length=2000, description="What a formula cannot say: reference levels, outside options.")


class Preregistration(Part):
    """What is decided before the first participant. `manage.py study prereg` writes it as one document."""

    url: Annotated[str, Field(pattern=r"^(https://\S+)?$", max_length=200)] = Field(
        "", description="Where it is registered; may be filled in later by an amendment."
    )
    registered_on: Day | None = Field(None, description="The day, in quotes.")
    hypotheses: list[Hypothesis] = Field(min_length=1, max_length=40)
    estimands: list[Estimand] = Field(default_factory=list, max_length=40)
    outcomes: list[Outcome] = Field(min_length=1, max_length=80)
    models: list[AnalysisModel] = Field(default_factory=list, max_length=80)
    stopping: Words | None = Field(None, description="What stops the study besides the rule of `sample`.")
    missing: Words = Field(description="What is done about missing data.")
    power: Words | None = Field(None, description="Why this target.")
    multiplicity: Words | None = Field(None, description="How it is taken into account that several tests are made.")
    exploratory: Words | None = Field(None, description="What is looked at without a hypothesis.")
