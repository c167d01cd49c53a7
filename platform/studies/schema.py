"""The study file: everything a study may say, and nothing else. Meanings across sections are in `checks/`."""

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Discriminator, Field, Tag

from studies.schema_allocation import Allocation, Allocations
from studies.schema_budget import Budget
from studies.schema_checks import FactorCheck
from studies.schema_horizon import AnyHorizon
from studies.schema_models import Sentinels
from studies.schema_partners import GroupPlan, Partner
from studies.schema_pay import PointsPay
from studies.schema_plan import Exclusion, Preregistration, Sample
from studies.schema_reminders import Recruitment, Reminders
from studies.schema_retention import Retention
from studies.schema_safety import Safety
from studies.schema_scales import ScaleUse
from studies.schema_stages import StageConfig, WaitingRoomStage
from studies.schema_types import FilePath, Line, Money, Name, Part, Slug
from studies.schema_waves import MOST_WAVES, Attendance, Timezone, Wave

CURRENCY = r"^[A-Z]{3}$"
PLACE_PATTERN = r"^[a-z][a-z0-9_]{0,23}(/[a-z][a-z0-9_]{0,23})?$"


class Contact(Part):
    """Whom participants may ask; shown on the consent page."""

    name: Line
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)]
    ethics_ref: str = Field("", max_length=100, description="The ethics board's number.")


class Deception(Part):
    """One thing that people are not told, or told wrongly, who approved it, and where they learn the truth."""

    what: Literal["omission", "false_label", "delay", "wizard"] = Field(
        description="Something not told; a label that may not be true, an AI that says it is a person, or AI that "
        "nobody is told of; a pace made to look human; staff writing as AI."
    )
    approved_by: Line
    reference: Line = Field(description="Number of the approval.")
    debrief: FilePath = Field(description="The page of a debrief stage that explains it.")


Relation = Literal["own", "partners", "rivals"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
KNOWN: dict[str, tuple[Relation, ...]] = {
    "own": ("own",),
    "others": ("partners", "rivals"),
    "all": RELATIONS,
    "none": (),
}


def _shape(said: Any) -> str:
    return "many" if isinstance(said, dict | list) else "word"


KnownByRole = Annotated[
    Annotated[Literal["own", "others", "all", "none"], Tag("word")] | Annotated[list[Relation], Tag("many")],
    Discriminator(_shape),
]
Knowledge = Annotated[
    Annotated[Literal["nobody", "everybody"], Tag("word")] | Annotated[dict[Name, KnownByRole], Tag("many")],
    Discriminator(_shape),
]


class Told(Part):
    """What participants are told about the mixture of people and AI."""

    ai_may_be_present: bool
    share: Literal["none", "some", "range", "exact"] = Field(description="How exactly the share of AI is told.")
    who_knows: Knowledge = Field(
        description="Who is shown which labels; by role where it differs: the `own` one, those of `partners` (the "
        "other roles of the match) and of `rivals` (its own role, where there are others); `others` is the last two."
    )
    sentence: str = Field(
        "",
        max_length=500,
        description="The words that participants read about it, as they stand on a consent, instructions or briefing "
        "page.",
    )

    def labels_known(self, role: str) -> tuple[Relation, ...]:
        """Whose labels a role is shown."""
        if isinstance(self.who_knows, str):
            return RELATIONS if self.who_knows == "everybody" else ()
        said = self.who_knows.get(role, "none")
        return KNOWN[said] if isinstance(said, str) else tuple(one for one in RELATIONS if one in said)


class MayDiffer(Part):
    """A place whose pages may differ by a factor for another reason than labels, condition pages and parameters."""

    at: Annotated[str, Field(pattern=PLACE_PATTERN)] = Field(
        description="A stage, or a step of a game: `after`, `game/feedback`; `exits`, for the last pages; or "
        "`between_visits`, for the pages between two."
    )
    note: Line = Field(description="Why, for whoever reads the comparison.")


class Factor(Part):
    """What is manipulated."""

    levels: list[Name] = Field(min_length=2, max_length=12, description="Names; they appear in the dataset.")
    note: str = ""
    differs: list[MayDiffer] = Field(
        default_factory=list, max_length=20, description="Where else pages differ; read by `study screens --diff`."
    )
    check: FactorCheck | None = Field(None, description="How it is seen whether people noticed their level.")


class Conditions(Part):
    """Which factors are crossed into conditions."""

    cross: list[Name] = Field(default_factory=list, max_length=4, description="Every factor, once.")


class Exit(Part):
    """One way in which the study ends for somebody, and what it pays."""

    pay: Literal["none", "fixed", "earned", "full"] = Field(
        description="`full`: base and bonus. `earned`: the bonus of the points so far, and the base once the game was "
        "played to its end. Both: `per_wave` for each completed visit. `fixed`: `amount`. Waiting is paid on top, save "
        "for `none`."
    )
    amount: Money | None = Field(None, description="For `fixed` only.")
    code: str = Field("auto", pattern=r"^[A-Za-z0-9_-]{2,20}$", description="Completion code; `auto` makes one.")
    page: FilePath = Field(description="Markdown of the last page.")
    note: str = ""


class Payments(Part):
    """Money, always as text in quotes."""

    currency: Annotated[str, Field(pattern=CURRENCY)] = Field(description="Three letters: GBP, EUR, USD.")
    base: Money = Field(description="For exits that pay `full`, and `earned` once the game was played to its end.")
    per_wave: dict[Name, Money] = Field(
        default_factory=dict,
        max_length=MOST_WAVES,
        description="Wave → for each of its visits that was completed; paid by `full` and `earned`, beside the base.",
    )
    points: PointsPay | None = None
    minimum_hourly: Money = Field(description="Base and `per_wave` alone must reach it, over `estimated_minutes`.")


class StudyFile(Part):
    """A whole study."""

    model_config = ConfigDict(title="Study file", validate_by_name=True, validate_by_alias=True)

    format: Literal["study/1"] = Field(alias="schema")
    id: Slug = Field(description="Part of addresses and file names; never changes.")
    version: Annotated[str, Field(min_length=1, max_length=20, description="Yours, in quotes.")]
    title: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="For researchers; never shown to participants."
    )
    public_title: Annotated[str, Field(min_length=1, max_length=120)] = Field(description="What participants see.")
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = Field(description="Of the pages: en, de.")
    note: str = Field("", max_length=4000)
    contact: Contact
    deception: list[Deception] = Field(
        default_factory=list, max_length=12, description="Everything that people are not told, or told wrongly."
    )
    told: Told
    factors: dict[Name, Factor] = Field(default_factory=dict, max_length=4)
    conditions: Conditions = Field(default_factory=Conditions)
    allocation: Allocations | None = Field(
        None,
        description="One entry for all factors, or a list, each entry for some. Left out where there is none.",
    )
    groups: dict[Name, GroupPlan] = Field(default_factory=dict)
    partners: dict[Name, Partner] = Field(default_factory=dict)
    forbidden_words: list[Annotated[str, Field(min_length=2, max_length=60)]] = Field(
        default_factory=list,
        max_length=200,
        description="Words that no language model may say to anybody, such as those of a hypothesis; names of factors "
        "and levels are held back as docs/models.md says.",
    )
    scales: dict[Name, ScaleUse] = Field(
        default_factory=dict, max_length=40, description="Questionnaires that surveys may ask, by name."
    )
    waves: list[Wave] = Field(min_length=1, max_length=MOST_WAVES, description="In the order in which they take place.")
    horizon: AnyHorizon | None = Field(
        None,
        description="Whether people are told how many visits there are: `told` (so it is unless given), or what else.",
    )
    timezone: Timezone | None = Field(None, description="Where there are several waves.")
    attendance: Attendance | None = Field(None, description="Where there are several waves.")
    reminders: Reminders | None = Field(None, description="Where waves have `reminders`.")
    recruitment: Recruitment | None = Field(None, description="Without it, links of your own.")
    exits: dict[Name, Exit] = Field(min_length=1)
    payments: Payments
    estimated_minutes: Annotated[int, Field(ge=1, le=600)] = Field(
        description="For all visits together, waiting included."
    )
    sample: Sample
    exclusions: list[Exclusion] = Field(
        default_factory=list, max_length=20, description="Whom the analysis leaves out."
    )
    preregistration: Preregistration | None = None
    safety: Safety | None = Field(
        None, description="What protects people in conversations; companion studies cannot be opened without."
    )
    sentinels: Sentinels | None = Field(
        None, description="Prompts by which it is seen whether language models answer as before; see docs/drift.md."
    )
    budget: Budget | None = Field(
        None, description="What language models may cost, beside each one's `daily_cost_usd`: see docs/models.md."
    )
    retention: Retention | None = Field(
        None, description="How long what is kept of people is kept after collection is closed."
    )

    @property
    def fixed_pay(self) -> Decimal:
        """What somebody is paid, points aside, who comes to every visit."""
        visits = (wave.repeat * self.payments.per_wave.get(wave.id, Decimal(0)) for wave in self.waves)
        return self.payments.base + sum(visits, Decimal(0))

    @property
    def pays_for_waiting(self) -> bool:
        """Whether time in one of its waiting rooms is paid."""
        return any(isinstance(stage, WaitingRoomStage) and stage.pay_per_minute > 0 for stage in self.stages)

    @property
    def stages(self) -> list[StageConfig]:
        """Every stage of every wave, in order."""
        return [stage for wave in self.waves for stage in wave.stages]

    @property
    def allocations(self) -> list[Allocation]:
        """How conditions are given out, entry by entry; nothing where all have one condition and none is named."""
        return [self.allocation] if isinstance(self.allocation, Allocation) else self.allocation or []
