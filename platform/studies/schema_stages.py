"""What a participant may pass through in a session: one model for each kind of stage."""

from typing import Annotated, Any, Literal

from pydantic import Field

from studies.schema_practice import PracticeStage
from studies.schema_types import FilePath, Line, Money, Name, Part, Seconds
from studies.schema_when import ConditionalStage, Stage
from studies.topics import Topics


class ExitTo(Part):
    """Where somebody leaves the study: the name of an entry under `exits`."""

    exit: Name


class Tick(Part):
    """One box of the consent page; each is a column of the dataset."""

    id: Name
    label: Line
    required: bool = Field(True, description="Whether one must tick it to take part.")


class ConsentStage(Stage):
    """What taking part means, and the person's yes or no. Always the first stage."""

    kind: Literal["consent"]
    document: FilePath = Field(description="Markdown. Its text and sha256 are kept with each consent.")
    ticks: list[Tick] = Field(min_length=1, max_length=12)
    on_decline: ExitTo
    on_decline_later: ExitTo | None = Field(
        None,
        description="For who does not agree to a text that was changed later; `on_decline` unless given. Pays at least "
        "what was earned.",
    )


class InstructionsStage(ConditionalStage):
    """Pages to read, one after the other, with a way back."""

    kind: Literal["instructions"]
    pages: list[FilePath] = Field(min_length=1, max_length=20, description="Markdown, one file per page.")


class QuizStage(ConditionalStage):
    """Questions with one right answer. Attempts are unlimited within the time; their number is data."""

    kind: Literal["quiz"]
    items: FilePath = Field(description="YAML list of items; each has `correct`.")
    page: FilePath | None = Field(None, description="Markdown shown above the questions.")
    seconds: Seconds = Field(600, description="Time for all attempts together.")
    on_fail: ExitTo = Field(description="When the time is up.")


class WaitingRoomStage(Stage):
    """Where people wait until a group can be formed."""

    kind: Literal["waiting_room"]
    forms: Name = Field(description="An entry under `groups`.")
    page: FilePath = Field(description="Markdown shown while waiting.")
    max_wait_seconds: Seconds = 600
    ready_seconds: Annotated[int, Field(ge=5, le=300)] = Field(
        20, description="Time to press ready when a group is possible."
    )
    asks_ready: bool = Field(
        True,
        description="Whether people are asked if they are ready. Where a group has one human seat they need not be: "
        "whoever comes is then seated at once.",
    )
    pay_per_minute: Money = Field(description="Added to the pay of everyone who waits, for each minute begun.")
    on_timeout: ExitTo = Field(description="After the longest wait.")
    on_leave: ExitTo | None = Field(
        None,
        description="For who leaves the waiting room by their own wish; `on_timeout` unless given. Pays as that does, "
        "or in full.",
    )

    @property
    def left_by(self) -> ExitTo:
        """Where somebody leaves who does not want to wait any more."""
        return self.on_leave or self.on_timeout


class CheckOption(Part):
    """One answer that may be picked."""

    value: Name
    label: Line


class BriefingCheck(Part):
    """An item on the condition page that records whether its text was understood."""

    id: Name
    label: Line
    options: list[CheckOption] = Field(min_length=2, max_length=8)
    correct: dict[Name, Name] = Field(description="Level of the factor `by` (or `all`) → right value.")


class BriefingStage(ConditionalStage):
    """The condition page: what a group is told once its condition is known."""

    kind: Literal["briefing"]
    by: Name | None = Field(None, description="The factor that decides which page is shown.")
    pages: dict[Name, FilePath] = Field(min_length=1, description="Level → Markdown; the one key `all` without `by`.")
    check: list[BriefingCheck] = Field(default_factory=list, max_length=4)
    seconds: Seconds = Field(90, description="Afterwards the group goes on.")


class GameTimeout(Part):
    """What follows when somebody does not act in time."""

    match: Literal["void"] = Field("void", description="The others are told that the round was not completed.")
    strikes: Annotated[int, Field(ge=1, le=20)] = Field(2, description="Missed acts in a row before one is out.")
    exit: Name
    impute: dict[Name, dict[Name, Any]] = Field(
        default_factory=dict, description="Step → field → value that stands for what did not come. Warned about."
    )


class GameStage(Stage):
    """An experiment, played by the group that the waiting room before it formed."""

    kind: Literal["game"]
    experiment: Name = Field(description="Folder in `experiments/`.")
    pages: FilePath = Field(
        description="Folder with one Markdown file per page: `<step>_<role>.md` and the experiment's texts."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="The experiment's parameters, each a value or `{by: FACTOR, values: {LEVEL: VALUE}}`; others keep "
        "their default.",
    )
    topic: Topics | None = Field(
        None, description="What people are to talk about, one topic for each visit of the wave; see docs/chat.md."
    )
    first_round_extra_seconds: Annotated[int, Field(ge=0, le=600)] = Field(
        0, description="Added to the time of every step of round 1, while everything is new."
    )
    on_timeout: GameTimeout
    min_active: dict[Name, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Role → people below which the group ends; seats, where no person plays.",
    )
    on_too_few: ExitTo = Field(
        description="When fewer are left, or no automated seat of a role that had some: it would be another condition."
    )


class SurveyStage(ConditionalStage):
    """Questions without right answers."""

    kind: Literal["survey"]
    purpose: Literal["questions", "funnel"] = Field(
        "questions",
        description="`funnel`: what people suspected, from open to specific: one question to a page, in the order of "
        "the file, without a way back, after the last game and before the debrief.",
    )
    items: FilePath | None = Field(None, description="YAML list of items; needed where there are no `scales`.")
    scales: list[Name] = Field(
        default_factory=list,
        max_length=12,
        description="Entries under `scales`, each a page of its own behind the items, in this order.",
    )
    may_skip: bool = Field(False, description="Whether questions of the scales may be left unanswered.")
    page: FilePath | None = Field(None, description="Markdown shown above the questions.")
    shuffle: bool = Field(
        False, description="Whether each person gets the items, not those of scales, in an order of their own."
    )


class DebriefStage(Stage):
    """What the study was about, and everything that was withheld."""

    kind: Literal["debrief"]
    page: FilePath
    when: Literal["exit", "group_done", "collection_closed"] = Field(
        "exit",
        description="`exit`: in its place, and to who left before it once their group is over. `group_done`: once "
        "everybody in the group has come this far or left. `collection_closed`: once the study is closed and nobody "
        "plays. Whoever is earlier reads it on the last page, under the same link.",
    )
    reveals_partners: bool = Field(True, description="Whether the page lists who was an AI in one's own rounds.")
    offer_data_withdrawal: bool = Field(
        True,
        description="Whether one may have one's data deleted, pay unchanged; must be on where the page explains "
        "a deception.",
    )


StageConfig = Annotated[
    ConsentStage
    | InstructionsStage
    | QuizStage
    | PracticeStage
    | WaitingRoomStage
    | BriefingStage
    | GameStage
    | SurveyStage
    | DebriefStage,
    Field(discriminator="kind"),
]
