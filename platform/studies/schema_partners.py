"""Who is met: groups of seats, and what fills them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from studies.problems import StudyError
from studies.schema_delivery import Delivery, Length
from studies.schema_failure import OnFailure
from studies.schema_memory import (
    AnyMemory,
    AnyTold,
    AnyVisible,
    NotesByModel,
    lasts,
    rules_of,
    visible_under,
    writers_of,
)
from studies.schema_models import LanguageModel
from studies.schema_pairs import Lasting
from studies.schema_pools import Pool
from studies.schema_sampled import AnyModel, AnyPersonas, models_of, personas_in
from studies.schema_types import Name, OneOrMoreLines, Part, Tongue
from studies.schema_wizard import Wizard

Setting = str | int | float | bool
Called = Annotated[str, Field(max_length=40)]
Weight = Annotated[int, Field(ge=1, le=1000)]
Weights = Annotated[dict[Called, Weight], Field(min_length=2, max_length=12)]


class DrawnLabel(Part):
    """A label that is drawn anew for each seat in each match, whoever sits there."""

    draw: Weights = Field(description="Label → how often it is drawn relative to the others.")


def _how_called(said: Any) -> str:
    return "fixed" if isinstance(said, str | int | float) else "drawn"


AnyLabel = Annotated[Annotated[Called, Tag("fixed")] | Annotated[DrawnLabel, Tag("drawn")], Discriminator(_how_called)]


class Label(Part):
    """What a partner is called on the page. An empty label shows nothing."""

    by: Name | None = Field(None, description="The factor whose level decides.")
    values: dict[Name, AnyLabel] = Field(default_factory=dict, description="Level → label, or `{draw: …}` as below.")
    all: Called | None = Field(None, description="The label in every condition.")
    draw: Weights | None = Field(
        None,
        description="Label → weight. In every condition it is drawn anew for each seat in each match, whoever sits "
        "there: a false label, which `deception` declares.",
    )

    def under(self, level: str | None) -> Mapping[str, int]:
        """Label → weight at a level of `by`; one entry where nothing is drawn."""
        if self.by is None:
            return self.draw or {self.all or "": 1}
        said = self.values.get(level or "", "")
        return said.draw if isinstance(said, DrawnLabel) else {said: 1}

    @property
    def words(self) -> list[str]:
        """Every label that may be shown, in the order of the file."""
        shown = [each for level in ([*self.values] if self.by else [None]) for each in self.under(level)]
        return [word for word in dict.fromkeys(shown) if word]


class Delay(Part):
    """How long an automated seat takes: thinking, then writing, within bounds; and how often it is too late."""

    min_s: Annotated[float, Field(ge=0, le=600, description="Never sooner.")] = 2
    max_s: Annotated[float, Field(ge=0, le=600, description="Never later; equal to `min_s`: a constant delay.")] = 25
    chars_per_s: Annotated[float, Field(gt=0, le=1000, description="Speed of writing.")] = 5
    think_s: Annotated[list[Annotated[float, Field(ge=0, le=600)]], Field(min_length=2, max_length=2)] = Field(
        default_factory=lambda: [2.0, 8.0], description="Shortest and longest time of thinking."
    )
    miss: Annotated[float, Field(ge=0, le=0.5, description="Share of acts that are planned not to come in time.")] = 0
    returns: Annotated[
        float,
        Field(ge=0, le=1, description="Share of those after which it is back in time to read that the round is void."),
    ] = 0.5


class PersonPartner(Part):
    """A seat taken by a participant."""

    occupant: Literal["person"]
    label: Label
    note: str = ""
    past_transcript_visible: AnyVisible = Field(
        default=False,
        description="Where two people last as a pair: whether both may read their earlier conversations with each "
        "other beside the one that is open; `true`, `false`, or one for each level of a factor.",
    )


class DrawnName(Part):
    """A name that is drawn once for each person, from the seed, and stays."""

    draw_from: Annotated[list[Called], Field(min_length=1, max_length=60)]
    fixed_per: Literal["participant"] = "participant"


class Identity(Part):
    """What a partner is called by name, beside its label. Pages and personas name it: `{{ partner_name }}`."""

    display_name: DrawnName


class AutomatedPartner(Part):
    """What every seat without a person has."""

    label: Label
    asked_if_ai: Literal["admit", "deflect", "deny"] = Field(
        description="What it says when asked whether it is a person."
    )
    delay: Delay | None = Field(
        None,
        description="How long it takes. Unless given: always 3 s where its label says in every condition that it is no "
        "person, and everybody is shown it; else as `Delay` says.",
    )
    delivery: Delivery = Delivery()
    typing: Literal["unless_labelled", "always"] = Field(
        "unless_labelled",
        description="In a talk that shows who is writing: whether it is seen to write also where its label says that "
        "no person sits there.",
    )
    note: str = ""
    memory: AnyMemory | None = Field(
        None,
        description="What it keeps of the person it meets: one rule, or one for each level of a factor; see "
        "docs/memory.md. Unless given, it knows what a page in its place shows.",
    )
    told_about_memory: AnyTold = Field(
        "nothing", description="Whether people read that it remembers them (`yes`), that it does not, or neither."
    )
    past_transcript_visible: AnyVisible = Field(
        False,
        description="Whether people may read their earlier conversations with it beside the one that is open; `true`, "
        "`false`, or one for each level of a factor. Whatever it remembers.",
    )
    identity: Identity | None = Field(
        None, description="A name of its own; then it is the same partner in all groups of a person."
    )
    pin: Literal["strict", "off"] = Field(
        "strict",
        description="Where its model or persona is another than when a person first met it: they are seated with it no "
        "more, or meet what the file says now. Of a policy: where it is none of those named.",
    )
    pool: Pool | None = Field(
        None,
        description="How its policies or personas are drawn: how often each, whether again, and with which numbers. "
        "Unless given, each is as likely, for each seat by itself; see docs/strategies.md.",
    )
    wizard: Wizard | None = Field(
        None,
        description="Lets people of the study team write in its place in conversations: a deception, and a level of "
        "its own. Unless given, nobody can.",
    )

    @property
    def note_takers(self) -> list[NotesByModel]:
        """The models that take its notes, each with its prompt; none where fixed rules by words do."""
        return writers_of(self.memory) if self.memory is not None else []

    @property
    def is_lasting(self) -> bool:
        """Whether it is the same for a person in all their groups.

        It is where it has a name, keeps something of them, or what they said to it can be read again.
        """
        kept = rules_of(self.memory).values() if self.memory is not None else ()
        is_seen = any(visible_under(self.past_transcript_visible).values())
        return self.identity is not None or is_seen or any(lasts(rule) for rule in kept)


class PolicyPartner(AutomatedPartner):
    """A seat that decides by a rule of the experiment."""

    occupant: Literal["policy"]
    policies: list[Name] = Field(min_length=1, description="One is drawn for each seat from the seed.")
    settings: dict[Name, Setting] = Field(default_factory=dict, description="Numbers given to the policy.")


class ModelPartner(AutomatedPartner):
    """A seat that a language model fills."""

    occupant: Literal["model"]
    personas: AnyPersonas = Field(
        description="Prompt files; one is drawn for each seat from the seed. Or such a list for each level of a factor."
    )
    model: AnyModel = Field(
        description="One model, one for each level of a factor, or several of which one is drawn for each seat; see "
        "docs/models.md."
    )
    may_stay_silent: bool = Field(
        False,
        description="Whether it may choose to say nothing in a talk; then it is asked each time whether it speaks.",
    )
    length: Length | None = Field(
        None, description="How long its messages are to be. Unless given, as a person's may be."
    )
    on_failure: OnFailure = Field(
        default_factory=lambda: OnFailure.model_validate({}),
        description="What follows where the model gives nothing usable. Unless given: nothing is said and nothing "
        "chosen in its place.",
    )
    asked_if_ai_line: dict[Tongue, OneOrMoreLines] = Field(
        default_factory=dict,
        max_length=12,
        description="Language → what it says where its model was asked what it is and breaks `asked_if_ai` twice; of "
        "several lines one is drawn for each turn from the seed. Unless given, a line of ours in English or German, "
        "which everybody can know.",
    )

    @property
    def models(self) -> dict[str, LanguageModel]:
        """Every model that may sit there, by level or by name in the draw; under "" where there is but one."""
        return models_of(self.model)

    @property
    def persona_files(self) -> list[str]:
        """Every persona that may sit there, each once, in the order of the file."""
        return list(dict.fromkeys(file for _, file in personas_in(self.personas)))


Partner = Annotated[PersonPartner | PolicyPartner | ModelPartner, Field(discriminator="occupant")]


class RoleSeats(Part):
    """How many seats of a role a group has."""

    humans: Annotated[int, Field(ge=0, le=1000)] = 0
    ai: Annotated[int, Field(ge=0, le=1000)] = 0


class PartnerByLevel(Part):
    """Another entry of `partners` at each level of a factor."""

    by: Name = Field(description="A factor that is given to people one by one, to whole groups, or to the study.")
    values: dict[Name, Name] = Field(min_length=1)


def _who(said: Any) -> str:
    return "one" if said is None or isinstance(said, str | int | float) else "by_level"


AnyPartnerName = Annotated[
    Annotated[Name, Tag("one")] | Annotated[PartnerByLevel, Tag("by_level")], Discriminator(_who)
]


class KindPartners(Part):
    """Which entry of `partners` fills the seats of a kind."""

    human: Name | None = None
    ai: AnyPartnerName | None = Field(
        None, description="One entry, or one for each level of a factor, settled when a group is formed."
    )


class Fill(Part):
    """Lets automated seats stand in for people who did not come. Such groups are flagged and analysed apart."""

    after_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(description="How long a person waits before.")
    label_as: Name = Field(description="The entry of `partners` whose label the stand-ins carry.")
    policies: list[Name] = Field(min_length=1)
    analyse: Literal["separate"] = "separate"


class GroupPlan(Part):
    """A group: its seats by role, and what fills them."""

    roles: dict[Name, RoleSeats] = Field(min_length=1)
    partners: KindPartners
    fill: Fill | None = None
    lasts: Lasting | None = Field(
        None,
        description="Its two people stay partners over the visits, planned and seated together; see docs/waves.md.",
    )

    @property
    def ais(self) -> list[str]:
        """The entries of `partners` that may fill automated seats."""
        said = self.partners.ai
        if said is None:
            return []
        return list(dict.fromkeys(said.values.values())) if isinstance(said, PartnerByLevel) else [said]

    def ai_under(self, levels: Mapping[str, str]) -> str | None:
        """The entry that fills automated seats at some levels.

        Raises:
            StudyError: "level_missing": a factor decides, and none of its levels is among these.
        """
        said = self.partners.ai
        if not isinstance(said, PartnerByLevel):
            return said
        level = levels.get(said.by, "")
        if level not in said.values:
            known = ", ".join(f"{said.by}={name}" for name in said.values)
            raise StudyError("level_missing", f'automated seats are filled for {known}, and not for "{level}"')
        return said.values[level]

    @property
    def humans(self) -> int:
        """Seats for people."""
        return sum(role.humans for role in self.roles.values())

    @property
    def ai(self) -> int:
        """Seats for automated partners."""
        return sum(role.ai for role in self.roles.values())

    @property
    def replacement(self) -> str | None:
        """The entry of `partners` that takes the seat of a person who drops out of a lasting pair."""
        return self.lasts.on_drop_out.partner if self.lasts is not None else None

    @property
    def automated(self) -> list[str]:
        """The entries of `partners` that sit in its seats without a person, stand-ins of `fill` aside."""
        return [*(self.ais if self.ai else []), *([self.replacement] if self.replacement else [])]

    @property
    def may_have_ai(self) -> bool:
        """Whether a seat of it may be automated."""
        return bool(self.ai or self.fill or self.replacement)
