"""What was said in talks, and the answers to surveys and quizzes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chat.models import Entry, TypingShown
from exports import keys
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.declared import is_free_answer
from exports.saying import SAYS_COLUMNS, said_of
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from exports.society import societies
from exports.tables.scales import TIMES
from exports.tables.wizards import written_by
from measures.models import Answer
from studies.definition import version_of

BROWSER = "the person's browser, which may say anything: it describes, and decides nothing"
UNSAID = "a program said it, or the browser did not say"

ENTRY_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    Column("channel", "What kind of talk it is.", allowed="chat|feed|document"),
    Column("seq", "Place in the talk, from 1, without gaps where nobody withdrew.", "integer"),
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.ROLE,
    Column("kind", "What was done.", allowed="message|post|comment|vote|edit|point"),
    Column("text", "The words.", "text", missing="this kind has no words, or see `missing_reason`"),
    Column("n_chars", "Length of the text.", "integer", "characters", missing="see `missing_reason`"),
    *SAYS_COLUMNS,
    Column("facts", "What it refers to, such as the entry answered or the section edited.", "json"),
    Column(
        "written_by", "Of a seat in whose place people may write: who gave the words; see wizard_replies.",
        allowed="person|model|model_edited|line|safety", missing="nobody may write in its place",
    ),
    keys.since_group("entry_s", "When it was stored"),
    Column(
        "answers",
        "`seq` of the newest entry by somebody else that had been read when it was begun; 0 if there was none.",
        "integer", missing=UNSAID, source="the person's browser; of an automated seat the platform",
    ),
    keys.since_group("planned_s", "When an automated seat was to say it", missing="a person said it, or nobody waited"),
    Column(
        "delay_ms", "From the storing of what it answers to its own; planned was `planned_s` less that `entry_s`.",
        "integer", "ms", missing="it answers nothing, or nothing that is in this table",
    ),
    keys.since_group(
        "typing_planned_s", "From when on the others were to see that an automated seat was writing it",
        missing="a person said it, or the talk does not show who is writing, or not of this seat",
    ),
    Column(
        "pauses_planned", "When they were to see it stop, each [seconds after `typing_planned_s`, seconds it lasts].",
        "json", missing="see `typing_planned_s`, or it was to write without a pause",
    ),
    keys.since_group(
        "typing_s", "Since when its writer was writing, as the others were told before it came",
        missing="nobody was told: the talk does not show it, or the writing took less than a moment",
    ),
    Column(
        "typing_starts", "How often others were told that its writer began, or went on after a pause, before it came.",
        "integer", missing="see `typing_s`",
    ),
    Column(
        "first_key_ms", "From the showing of what it answers, or of the page, to the first key.", "integer", "ms",
        missing=UNSAID, source=BROWSER,
    ),
    Column(
        "sent_ms", "From the same moment to the sending: `entry_s` less this is when it was shown.", "integer", "ms",
        missing=UNSAID, source=BROWSER,
    ),
    Column("edits", "How often something was taken out again.", "integer", "times", missing=UNSAID, source=BROWSER),
    Column(
        "pastes", "How often text was put in from elsewhere, or tried to be.", "integer", "times",
        missing=f"{UNSAID}, or pastes are not counted in this talk", source=BROWSER,
    ),
    Column(
        "blurs", "How often another window came to the front while it was written.", "integer", "times",
        missing=UNSAID, source=BROWSER,
    ),
    keys.MISSING_REASON,
]  # fmt: skip

ANSWER_COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    Column("stage", "The survey or quiz, as named in the study file."),
    Column("item", "The item as named in its file, of a scale behind that and a dot; the codebook has the wording."),
    Column("attempt", "Which try at the quiz or condition page, from 1; always 1 in a survey.", "integer"),
    Column("position", "Place in which the item was shown, from 1.", "integer"),
    Column(
        "value", "The answer.", "text", "see the item's own entry in the codebook",
        missing="shown and not answered, or see `missing_reason`",
    ),
    Column("is_correct", "1 if right.", "boolean", missing="the item has no right answer, or was not answered"),
    *TIMES,
    keys.since_session("answer_s", "When it was stored"),
    keys.MISSING_REASON,
]  # fmt: skip


def _entries(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        said = Entry.objects.filter(conversation__match__group=society.group).exclude(seat__in=society.withdrawn)
        said = said.select_related("conversation").order_by(
            "conversation__match__round", "conversation__match__number", "conversation__pk", "seq"
        )
        stored: dict[tuple[int, int], datetime] = {}
        typing, by = _typing(society.group.pk), written_by(society.group.pk)
        for one in said.iterator(chunk_size=CHUNK):
            match = society.matches[one.conversation.match_id]
            is_withheld = society.is_withheld(match.pk, one.seat_id)
            stored[one.conversation_id, one.seq] = one.at
            yield {
                "match": society.match(match),
                "group": society.group.code,
                "round": match.round,
                "step": one.conversation.path,
                "channel": one.conversation.channel,
                "seq": one.seq,
                "seat": society.seat(one.seat_id),
                "participant": society.participant(one.seat_id),
                "role": society.seats[one.seat_id].role,
                "kind": one.kind,
                "text": None if is_withheld else one.text,
                "n_chars": None if is_withheld else len(one.text),
                **said_of(None if is_withheld else one.text),
                "facts": one.facts,
                "written_by": by.get(one.key),
                "entry_s": seconds(one.at, society.group.formed_at),
                **_made(one, stored, began=society.group.formed_at),
                **_writing(_told_before(one, typing), began=society.group.formed_at),
                "missing_reason": BY_PARTNER if is_withheld else None,
            }


def _made(one: Entry, stored: Mapping[tuple[int, int], datetime], *, began: datetime) -> Row:
    """How an entry came about.

    Args:
        stored: When each entry before it was stored, by conversation and number.
    """
    answered = stored.get((one.conversation_id, one.answers or 0))
    return {
        "answers": one.answers,
        "planned_s": seconds(one.planned_at, began),
        "delay_ms": round((one.at - answered).total_seconds() * 1000) if answered else None,
        "typing_planned_s": seconds(one.typing_at, began),
        "pauses_planned": one.pauses or None,
        "first_key_ms": one.first_key_ms,
        "sent_ms": one.sent_ms,
        "edits": one.edits,
        "pastes": one.pastes,
        "blurs": one.blurs,
    }


def _typing(group: int) -> dict[tuple[int, int], list[datetime]]:
    """Since when somebody was writing, as others were told, by conversation and seat, the newest first."""
    found: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    told = TypingShown.objects.filter(conversation__match__group=group).order_by("-begun_at")
    for talk, writer, begun in told.values_list("conversation", "writer", "begun_at"):
        found[talk, writer].append(begun)
    return found


def _told_before(one: Entry, typing: Mapping[tuple[int, int], list[datetime]]) -> Sequence[datetime]:
    """When the writing of an entry began, as others were told: all that its writer has begun since the last.

    Takes out what has come by now, so entries are asked about in their order.
    """
    begun = typing.get((one.conversation_id, one.seat_id), [])
    found = []
    while begun and begun[-1] <= one.at:
        found.append(begun.pop())
    return sorted(set(found))  # of several who were told one has it before the others


def _writing(begun: Sequence[datetime], *, began: datetime) -> Row:
    return {"typing_s": seconds(begun[0] if begun else None, began), "typing_starts": len(begun) or None}


def _answers(scope: Scope) -> Iterator[Row]:
    given = Answer.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    given = given.select_related("session__participant")
    code, held_back = by_code("session__participant__code"), _held_back(scope)
    for one in given.order_by(code, "session__wave", "session__repeat", "pk").iterator(chunk_size=CHUNK):
        since = held_back.get(one.session.participant_id)
        version = version_of(one.session.participant.version_id)
        is_withheld = since is not None and one.at >= since and is_free_answer(version, one.stage, one.item)
        yield {
            "participant": one.session.participant.code,
            "wave": one.session.wave,
            "repeat": one.session.repeat,
            "stage": one.stage,
            "item": one.item,
            "attempt": one.attempt,
            "position": one.position,
            "value": None if is_withheld else one.value,
            "is_correct": one.is_correct,
            "shown_ms": one.shown_ms,
            "first_ms": one.first_ms,
            "last_ms": one.last_ms,
            "answer_s": seconds(one.at, one.session.started_at),
            "missing_reason": BY_PARTNER if is_withheld else None,
        }


def _held_back(scope: Scope) -> Mapping[int, datetime]:
    """Whoever met somebody that asked for deletion → since when their own words may tell of that person."""
    found: dict[int, datetime] = {}
    for society in societies(scope, with_withdrawn=True):
        for pk, seat in society.seats.items():
            if seat.participant_id and society.are_answers_withheld(pk):
                before = found.get(seat.participant_id, society.group.formed_at)
                found[seat.participant_id] = min(before, society.group.formed_at)
    return found


ENTRIES = Table("entries", "Everything said or done in talks", ENTRY_COLUMNS, _entries)
ANSWERS = Table("answers", "Answers to surveys and quizzes, every try", ANSWER_COLUMNS, _answers)
