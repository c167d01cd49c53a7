"""The study file: everything a study may say, and nothing else. Meanings across sections are in `checks/`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from studies.schema_partners import GroupPlan, Partner
from studies.schema_stages import StageConfig
from studies.schema_types import FilePath, Line, Money, Name, Part, Slug

CURRENCY = r"^[A-Z]{3}$"


class Contact(Part):
    """Whom participants may ask; shown on the consent page."""

    name: Line
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]
    ethics_ref: str = Field("", max_length=100)


class Deception(Part):
    """One thing that people are not told, or told wrongly, who approved it, and where they learn the truth."""

    what: Literal["omission", "false_label", "delay", "wizard"]
    approved_by: Line
    reference: Line
    debrief: FilePath


class Told(Part):
    """What participants are told about the mixture of people and AI."""

    ai_may_be_present: bool
    share: Literal["none", "some", "range", "exact"]
    who_knows: Literal["nobody", "everybody"] | dict[Name, Literal["own", "others", "all", "none"]]


class Factor(Part):
    """What is manipulated."""

    levels: list[Name] = Field(min_length=2, max_length=12)
    note: str = ""


class Conditions(Part):
    """Which factors are crossed into conditions."""

    cross: list[Name] = Field(default_factory=list, max_length=4)


class Allocation(Part):
    """How conditions are given out: permuted blocks of seeded random sizes."""

    unit: Literal["group", "participant"]
    method: Literal["permuted_block"] = "permuted_block"
    block_sizes: list[Annotated[int, Field(ge=1, le=48)]] = Field(min_length=1, max_length=6)
    strata: list[Name] = Field(
        default_factory=list, max_length=2, description="Choice items, each answer with blocks of its own."
    )
    at: Name = Field(
        description="`formation` (of the group), `entry`, or the stage after which a participant is allocated."
    )


class Wave(Part):
    """A measurement occasion: the stages of one visit."""

    id: Name
    stages: list[StageConfig] = Field(min_length=1, max_length=60)


class Exit(Part):
    """One way in which the study ends for somebody, and what it pays."""

    pay: Literal["none", "fixed", "earned", "full"] = Field(
        description="`full`: base and bonus. `earned`: the bonus of the points so far. `fixed`: `amount`. "
        "Waiting is paid on top, save for `none`."
    )
    amount: Money | None = Field(None, description="For `fixed` only.")
    code: str = Field("auto", pattern=r"^[A-Za-z0-9_-]{2,20}$", description="Completion code; `auto` makes one.")
    page: FilePath
    note: str = ""


class PointsPay(Part):
    """What points are worth."""

    rate: Money = Field(description="Money per point.")
    max: Money = Field(description="The most that points can pay.")


class Payments(Part):
    """Money, always as text in quotes."""

    currency: Annotated[str, Field(pattern=CURRENCY)]
    base: Money
    points: PointsPay | None = None
    minimum_hourly: Money


class Sample(Part):
    """How many are wanted, and who counts."""

    unit: Literal["group", "participant"]
    target: Annotated[int, Field(ge=1, le=1_000_000)]
    counts: Literal["started", "completed", "analysable"] = "completed"


class StudyFile(Part):
    """A whole study."""

    model_config = ConfigDict(title="Study file", validate_by_name=True, validate_by_alias=True)

    format: Literal["study/1"] = Field(alias="schema")
    id: Slug = Field(description="Part of addresses and file names; never changes.")
    version: Annotated[str, Field(min_length=1, max_length=20)]
    title: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="For researchers; never shown to participants."
    )
    public_title: Annotated[str, Field(min_length=1, max_length=120)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    note: str = Field("", max_length=4000)
    contact: Contact
    deception: list[Deception] = Field(default_factory=list, max_length=12)
    told: Told
    factors: dict[Name, Factor] = Field(default_factory=dict, max_length=4)
    conditions: Conditions = Field(default_factory=Conditions)
    allocation: Allocation
    groups: dict[Name, GroupPlan] = Field(default_factory=dict)
    partners: dict[Name, Partner] = Field(default_factory=dict)
    waves: list[Wave] = Field(min_length=1, max_length=1, description="One wave in this version of the format.")
    exits: dict[Name, Exit] = Field(min_length=1)
    payments: Payments
    estimated_minutes: Annotated[int, Field(ge=1, le=600)]
    sample: Sample

    @property
    def stages(self) -> list[StageConfig]:
        """Every stage of every wave, in order."""
        return [stage for wave in self.waves for stage in wave.stages]
