"""What seats did at each decision: long, one row per act and field. And, of these, what they believed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, OuterRef, Subquery, When

from exports import keys
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.declared import split_key
from exports.redaction import is_words
from exports.saying import SAYS_COLUMNS, said_of
from exports.scope import Scope, seconds
from exports.society import Society, societies
from flow.models import Act, Exposure, Match
from paradigm import Field
from paradigm.program import repetition

NOTHING_CAME = "nothing came in time, or the field was left empty"
LATENCY = Column("latency_ms", "From the opening of the step to the act.", "integer", "ms", "0 or more", NOTHING_CAME)
SOURCE = Column("source", "Who or what decided. A timeout is never an answer.", allowed="|".join(Act.Source.values))

DECISION_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column("repetition", "Which time the innermost loop ran.", "integer", missing="never empty; 0 outside any loop"),
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.ROLE,
    keys.POSITION,
    Column("field", "What was asked, as declared by the experiment."),
    Column("about", "Position of the partner it is about.", missing="about no partner"),
    Column("about_seat", "Seat of the partner it is about.", missing="about no partner"),
    Column(
        "value", "What was decided.", "text", "see the field's own entry in the codebook",
        missing=f"{NOTHING_CAME}, or see `missing_reason`",
    ),
    *SAYS_COLUMNS,
    SOURCE,
    LATENCY,
    keys.since_group("act_s", "When it was done"),
    keys.IS_VOID,
    keys.MISSING_REASON,
]  # fmt: skip

BELIEF_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column("holder", "Seat of the one who believes."),
    keys.OCCUPANT_PARTICIPANT,
    Column("target_position", "Position of the partner it is about.", missing="about no single partner"),
    Column("target", "Seat of the partner it is about.", missing="about no single partner"),
    Column("what", "What the belief is about.", allowed="return|type"),
    Column("asked", "Whether it was asked before or after the decision of the round.", allowed="before|after"),
    Column("field", "What was asked, as declared by the experiment."),
    Column("value", "The belief.", "number", "see the field's own entry in the codebook", missing=NOTHING_CAME),
    Column("unit", "Unit of the value."),
    Column("incentive", "How a right belief is paid.", allowed="none, or the name of the rule"),
    SOURCE,
    LATENCY,
    keys.IS_VOID,
]


@dataclass(frozen=True)
class Stated:
    """One field of one act."""

    society: Society
    match: Match
    act: Act
    role: str
    field: Field | None
    name: str
    about: str
    value: object

    @property
    def about_seat(self) -> str | None:
        """The seat at the position the field is about."""
        placing = self.society.placings[self.match.pk].get(self.about)
        return self.society.seat(placing.seat_id) if placing else None

    @property
    def is_withheld(self) -> bool:
        """Whether these are words that may repeat what somebody said who asked for deletion."""
        return is_words(self.field, self.value) and self.society.is_withheld(self.match.pk, self.act.seat_id)

    @property
    def words(self) -> str | None:
        """What somebody wrote; None for what is no text, and where it is withheld."""
        is_text = isinstance(self.value, str) and is_words(self.field, self.value)
        return str(self.value) if is_text and not self.is_withheld else None

    @property
    def shared(self) -> dict[str, object]:
        """The cells that both tables have."""
        return {
            "match": self.society.match(self.match),
            "group": self.society.group.code,
            "round": self.match.round,
            "step": self.act.path,
            "participant": self.society.participant(self.act.seat_id),
            "field": self.name,
            "value": None if self.is_withheld else self.value,
            "source": self.act.source,
            "latency_ms": self.act.latency_ms,
            "is_void": self.match.status == Match.Status.VOID,
        }


def stated_in(society: Society, *, match: Match | None = None) -> Iterator[Stated]:
    """Every field of every act of a group (or of one match), oldest first; nothing of those who withdrew."""
    acts = Act.objects.filter(match=match) if match else Act.objects.filter(match__group=society.group)
    acts = acts.exclude(seat__in=society.withdrawn).order_by("match__round", "match__number", "pk")
    for act in acts.annotate(asked=_asked_of_late_acts()).iterator():
        met, role = society.matches[act.match_id], society.seats[act.seat_id].role
        fields = society.declared.fields(act.path, role)
        for key, value in _values(act, fields, act.asked).items():
            name, about = split_key(key)
            yield Stated(society, met, act, role, fields.get(name), name, about, value)


def _asked_of_late_acts() -> Case:
    """Of an act that did not come, the keys of what its seat was asked, as the exposure has them; None of any other."""
    shown = Exposure.objects.filter(match=OuterRef("match"), path=OuterRef("path"), seat=OuterRef("seat"))
    return Case(When(source=Act.Source.TIMEOUT, then=Subquery(shown.values("view__asked")[:1])))


def _values(act: Act, fields: Mapping[str, Field], asked: Sequence[str] | None) -> Mapping[str, object]:
    """What was decided, by key; for an act that did not come everything that was asked, with what stands for it.

    Args:
        fields: All that the role can be asked at the step, by name.
        asked: Keys of what an act was about that did not come. None of any other, and where it was not kept yet.
    """
    if asked is None:
        return act.values or dict.fromkeys(fields)
    decisions = {key: split_key(key)[0] for key in asked if split_key(key)[0] in fields}  # a talk asks for entries
    return {key: act.values.get(key, act.values.get(name)) for key, name in decisions.items()}


def decision_row(one: Stated) -> Row:
    """A row of the table `decisions`."""
    return one.shared | {
        "repetition": repetition(one.act.path),
        "seat": one.society.seat(one.act.seat_id),
        "role": one.role,
        "position": one.society.position(one.match.pk, one.act.seat_id),
        "about": one.about,
        "about_seat": one.about_seat,
        **said_of(one.words),
        "act_s": seconds(one.act.at, one.society.group.formed_at),
        "missing_reason": BY_PARTNER if one.is_withheld else None,
    }


def belief_row(one: Stated) -> Row:
    """A row of the table `beliefs`, of something stated about a belief."""
    assert one.field is not None
    assert one.field.belief is not None
    return one.shared | {
        "holder": one.society.seat(one.act.seat_id),
        "target_position": one.about,
        "target": one.about_seat,
        "what": one.field.belief.what,
        "asked": one.field.belief.when,
        "unit": one.field.describe().get("unit", ""),
        "incentive": one.field.belief.incentive,
    }


def _decisions(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        yield from map(decision_row, stated_in(society))


def _beliefs(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        stated = (one for one in stated_in(society) if one.field is not None and one.field.belief is not None)
        yield from map(belief_row, stated)


DECISIONS = Table("decisions", "What each seat decided: a row per act and field", DECISION_COLUMNS, _decisions)
BELIEFS = Table("beliefs", "What people believed about their partners", BELIEF_COLUMNS, _beliefs)
