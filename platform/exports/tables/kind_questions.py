"""Who was asked whether it is a person or an AI, and what it answered, as far as a marker by words tells."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.judging import ASKED_IF_AI
from bots.models import ReplyCheck
from chat.models import Entry
from exports import keys
from exports.columns import BY_PARTNER, GONE, Column, Row, Table
from exports.saying import SOURCE
from exports.scope import Scope
from exports.society import Society, societies
from exports.tables.decisions import stated_in
from flow.models import Match
from measures.identity import ANSWERS, answered, marks_of

NO_REPLY = "it wrote nothing later in the match"
AT_A_DECISION = "it was written at a decision"

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column("seq", "Place of the question in the talk.", "integer", missing=AT_A_DECISION),
    Column("asker", "Seat of the one who asks."),
    Column("asker_participant", "The person who asks.", missing="no person sits there"),
    Column("asked_kind", "Which kind the question names.", allowed="human|ai|either", source=SOURCE),
    Column("seat", "Seat that was asked: each other in the match."),
    keys.OCCUPANT_PARTICIPANT,
    keys.KIND,
    Column("match_label", "What the one asked was called in this match, for those who are shown labels.",
           missing="it was called nothing"),
    keys.ASKED_IF_AI,
    Column("reply_step", "Where its first words after the question stand.", missing=NO_REPLY),
    Column("reply_seq", "Their place in the talk.", "integer", missing=f"{NO_REPLY}, or {AT_A_DECISION}"),
    Column(
        "answered",
        "What these words claim; a bare yes or no is read by the kind that was named. no_reply: it wrote nothing later "
        "in the match, whether or not it could.",
        allowed="|".join(ANSWERS), missing="see `missing_reason`", source=SOURCE,
    ),
    Column(
        "answered_by",
        "Who gave these words: a model's first reply, its second after it broke its rule, a line, or a person who "
        "wrote in its place; see reply_checks.",
        allowed="model|regenerated|line|safety|wizard", missing="no model sits there, or it answered something later",
    ),
    keys.IS_VOID,
    keys.MISSING_REASON,
]  # fmt: skip


@dataclass(frozen=True)
class Utterance:
    """Words of one seat at one moment: an act's, joined, or an entry of a talk."""

    seat: int
    path: str
    seq: int
    text: str
    at: datetime
    key: str = ""


Said = Mapping[int, Sequence[Utterance]]  # match → everything that was written in it
Asked = Iterator[tuple[dict[str, object], Utterance | None]]  # a row for each who was asked, with their reply


def _said_in(society: Society) -> Said:
    found: dict[int, list[Utterance]] = defaultdict(list)
    acts: dict[tuple[int, int], Utterance] = {}
    for one in stated_in(society):
        if one.words:
            key, act = (one.match.pk, one.act.pk), one.act
            before = f"{acts[key].text}\n" if key in acts else ""
            acts[key] = Utterance(act.seat_id, act.path, 0, before + one.words, act.at, act.key)
    for (match, _act), utterance in acts.items():
        found[match].append(utterance)
    entries = Entry.objects.filter(conversation__match__group=society.group).exclude(seat__in=society.withdrawn)
    for entry in entries.exclude(text="").select_related("conversation").order_by("conversation", "seq"):
        where = entry.conversation
        if not society.is_withheld(where.match_id, entry.seat_id):
            found[where.match_id].append(
                Utterance(entry.seat_id, where.path, entry.seq, entry.text, entry.at, entry.key)
            )
    return found


def questions_in(society: Society) -> Iterator[Row]:
    """A row for each question about a kind and each seat that was asked; none where the question is withheld."""
    said, by = _said_in(society), _given_by(society)
    for match in society.matches.values():
        steps = _order(said.get(match.pk, ()))
        utterances = sorted(said.get(match.pk, ()), key=lambda one: (steps[one.path], one.seq, one.at))
        for one in utterances:
            if kind := marks_of(one.text).asked_kind:
                later = [each for each in utterances if (steps[each.path], each.seq) > (steps[one.path], one.seq)]
                for row, reply in _rows(society, match, one, kind=kind, later=later):
                    yield row | {"answered_by": by.get(reply.key) if reply and row["answered"] else None}


def _given_by(society: Society) -> Mapping[str, str]:
    """Key of what a model's seat said or did → who gave the words, where somebody had asked what it is."""
    checks = ReplyCheck.objects.filter(turn__match__group=society.group, rule=ASKED_IF_AI).exclude(by="nobody")
    return {f"turn:{one.turn_id}:{one.made}": one.by for one in checks.order_by("pk")}


def _order(said: Sequence[Utterance]) -> Mapping[str, int]:
    """The steps of a match at which something was written, in the order of time: they never overlap."""
    began: dict[str, datetime] = {}
    for one in said:
        began[one.path] = min(one.at, began.get(one.path, one.at))
    return {path: at for at, path in enumerate(sorted(began, key=lambda path: began[path]))}


def _rows(society: Society, match: Match, one: Utterance, *, kind: str, later: Sequence[Utterance]) -> Asked:
    for position, placing in society.placings[match.pk].items():
        if placing.seat_id == one.seat:
            continue
        reply = next((each for each in later if each.seat == placing.seat_id), None)
        seat, is_gone = society.seats[placing.seat_id], placing.seat_id in society.withdrawn
        is_withheld = society.is_withheld(match.pk, placing.seat_id)
        row = {
            "match": society.match(match),
            "group": society.group.code,
            "round": match.round,
            "step": one.path,
            "seq": one.seq or None,
            "asker": society.seat(one.seat),
            "asker_participant": society.participant(one.seat),
            "asked_kind": kind,
            "seat": society.seat(placing.seat_id),
            "participant": society.participant(placing.seat_id),
            "kind": seat.kind,
            "match_label": society.label(match.pk, position),
            "asked_if_ai": society.asked_if_ai(placing.seat_id),
            "reply_step": reply.path if reply else None,
            "reply_seq": reply.seq or None if reply else None,
            "answered": None if is_withheld else answered(kind, reply.text if reply else ""),
            "is_void": match.status == Match.Status.VOID,
            "missing_reason": GONE if is_gone else BY_PARTNER if is_withheld else None,
        }
        yield row, reply


def _questions(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        yield from questions_in(society)


KIND_QUESTIONS = Table("kind_questions", "A seat that was asked whether it is a person or an AI", COLUMNS, _questions)
