"""Every write to a conversation. Nothing here closes a step: that is decided with the match, in flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from chat import case_numbers, earlier
from chat.channels import Draft
from chat.errors import ChatError
from chat.lines import Room
from chat.models import CaseNumber, Conversation, EarlierShown, Entry, Report, TypingShown
from chat.notices import called
from chat.queries import as_said
from chat.safety import services as guard
from chat.safety.policy import safety_of
from chat.safety.queries import has_paused
from chat.safety.words import look_at_report
from chat.screening_wordings import edition
from chat.storing import Incoming, Seated, seated_in, store
from chat.terms import PERSON, Terms, terms_of
from chat.writing import Writing
from events import clock
from events.log import record
from events.models import Event
from events.prepared import Given, prepared, run, together
from flow.deadlines import GRACE
from flow.models import Act, Match, Placing
from flow.state import place_of
from matching import apart
from matching.models import Seat
from participants.models import Participant
from participants.services import lock_people
from scheduling.models import Session

FULL = "talk.full"
CLOSED = "talk.closed"
READY = "talk.ready"
HELD = "chat.held_back"
REPORTED, ANSWERED = "chat.reported", "chat.report_answered"
ALERT, TOLD = "chat.report_alert", "chat.report_told"
PARTING = "chat.parting_wished"
MOST_KEY_CHARS = 60
UNKNOWN = Writing()
# A page that shows nothing new stores nothing; of two that are drawn at once one row stays.
_SHOWN = """
INSERT INTO chat_shown (conversation_id, seat_id, seq)
SELECT id, %(seat)s, %(seq)s FROM chat_conversation
WHERE match_id = %(match)s AND path = %(path)s AND NOT EXISTS (
    SELECT FROM chat_shown WHERE conversation_id = chat_conversation.id AND seat_id = %(seat)s AND seq >= %(seq)s
)
ON CONFLICT DO NOTHING RETURNING 1
"""


@transaction.atomic
def open_conversation(match: Match, *, path: str, channel: str) -> Conversation:
    """The conversation of a talk; made at the first call, the same row at every other."""
    screened_by = edition() if safety_of(match.group.version) else ""
    made = {"channel": channel, "edition": screened_by}
    conversation, _ = Conversation.objects.get_or_create(match=match, path=path, defaults=made)
    return conversation


@transaction.atomic
def close_conversation(match: Match, *, path: str) -> None:
    """Note when a talk was over; from the commit on nothing more can be said. Calling twice is harmless."""
    _hold(match)
    if Conversation.objects.filter(match=match, path=path, closed_at=None).update(closed_at=clock.RapportNow()):
        conversation = Conversation.objects.get(match=match, path=path)
        conversation.match = match
        _record(CLOSED, conversation, match, {})


@transaction.atomic
def post_entry(
    *,
    conversation_id: int,
    seat_id: int,
    kind: str,
    text: str,
    key: str,
    facts: Mapping[str, Any] | None = None,
    writing: Writing = UNKNOWN,
) -> Entry:
    """Store one entry and tell those in the match. The same key again returns the stored row.

    Args:
        kind: One of what the channel accepts.
        text: In any form; stored stripped, never cut.
        facts: {"to": seq} of a comment or vote, {"section": name} of an edit, {"thing": name} of a point.
        key: Idempotency key of the intent, 1 to 60 characters, unique per seat and conversation.
        writing: How it came about; no part of what is said, so a repeat may bring other numbers.

    Raises:
        ChatError: refused, nothing stored; see its codes.
    """
    conversation = Conversation.objects.select_related("match__group__version").filter(pk=conversation_id).first()
    if conversation is None:
        raise ChatError("no_conversation", f"there is no conversation {conversation_id}")
    if not 0 < len(key) <= MOST_KEY_CHARS:
        raise ChatError("key", f"an idempotency key has 1 to {MOST_KEY_CHARS} characters")
    terms = terms_of(conversation)
    draft = terms.channel.draft(kind, text, facts or {})
    known = _stored(conversation, seat_id, key, draft)
    return known or _append(conversation, Incoming(seat_id, key, draft, writing), terms)


@transaction.atomic
def say(room: Room, new: Incoming, *, stream: str) -> tuple[Entry, bool] | None:
    """Store what a person says over a socket, and whether it is new under its key; None, and nothing is changed, where
    anything is not as it is in an ordinary talk.

    Whoever refuses returns: a rollback would make the connection forget every statement that it has prepared.
    """
    (match,), (talk,), known, ready, seated = together(
        _match_under_lock.given(match=room.match),
        _talk_under_lock.given(talk=room.talk),
        # under both locks: each statement sees what was committed before it
        _under_key.given(talk=room.talk, seat=new.seat, key=new.key),
        _ready.given(match=room.match, path=room.path, seat=new.seat),
        seated_in(room.match),
    )
    own = next((one for one in seated if one.seat == new.seat), None)
    if own is None or own.stream != stream:
        return None
    if known:
        is_same = (known[0].kind, known[0].text) == (new.draft.kind, new.draft.text)
        return (known[0], False) if is_same else None
    if ready or not _is_here(own, talk.read_at) or not _is_open(talk, match, talk.read_at):
        return None
    if room.screens and has_paused(talk.pk, new.seat):
        return None
    if room.screens:
        guard.note_edition(talk)
    stored = store(
        talk, match, new,
        study=room.study, seated=seated, programs_hear=room.programs_hear, shows_typing=room.shows_typing,
        by_socket=True,
    )  # fmt: skip
    return stored, True


@prepared
def _match_under_lock(match: Given) -> QuerySet[Match]:
    return Match.objects.select_for_update(of=("self",), no_key=True).filter(pk=match)


@prepared
def _talk_under_lock(talk: Given) -> QuerySet[Conversation]:
    # Its key stays: rows that only name it, such as what was shown to others meanwhile, need not wait.
    locked = Conversation.objects.select_for_update(of=("self",), no_key=True)
    return locked.filter(pk=talk).annotate(read_at=clock.RapportNow())


@prepared
def _under_key(talk: Given, seat: Given, key: Given) -> QuerySet[Entry]:
    return Entry.objects.filter(conversation=talk, seat=seat, key=key)


@prepared
def _ready(match: Given, path: Given, seat: Given) -> QuerySet[Act, int]:
    return Act.objects.filter(match=match, path=path, seat=seat).values_list("pk", flat=True)


def _is_here(own: Seated, now: datetime) -> bool:
    """Whether somebody may speak with nothing to follow: an act that comes after missed ones forgives them, and one
    after the time of its visit breaks the visit off."""
    is_in = own.status == Seat.Status.SITTING and own.session == Session.Status.ACTIVE
    is_in_time = own.grace_until is None or now <= own.grace_until + GRACE
    return is_in and is_in_time and own.occupant == PERSON and not own.strikes


def _hold(match: Match) -> None:
    """Lock the match first, as `post_entry` does: an entry and the end of its talk, or the reactions to both of which
    there is one row, must not each hold what the other needs."""
    Match.objects.select_for_update(of=("self",), no_key=True).get(pk=match.pk)


@transaction.atomic
def say_ready(conversation: Conversation, match: Match, *, has_left: bool = False) -> None:
    """Let the seats without a person know that somebody has said to be ready: some wait for nothing else."""
    _hold(match)
    _record(READY, conversation, match, {"left": True} if has_left else {})


@transaction.atomic
def note_held_back(conversation: Conversation, match: Match, *, seat_id: int, why: Mapping[str, Any]) -> None:
    """Record that words were not taken in because of contact details in them; not the words."""
    _record(HELD, conversation, match, {"seat": seat_id, **why})


def keep_shown(match_id: int, path: str, seat_id: int, seq: int) -> bool:
    """Keep that a page, or a turn, of a seat holds the entries of a talk up to a number; whether it did not before."""
    return bool(run(_SHOWN, {"match": match_id, "path": path, "seat": seat_id, "seq": seq}))


@transaction.atomic
def keep_typing(participant_id: int, who: str, begun_at: str) -> None:
    """Keep that somebody's browser was told that another in their open talk, by what it is called there, was writing;
    the first time.

    Harmless where the talk is over by now: then nobody knows any more whom it was about.
    """
    here = Placing.objects.filter(seat__participant=participant_id, seat__status=Seat.Status.SITTING)
    own = here.exclude(match__path="").order_by("-match__pk").first()
    placings = Placing.objects.filter(match=own.match_id).select_related("seat") if own else []
    writer = next((one for one in placings if called(place_of(one)) == who), None)
    conversation = Conversation.objects.filter(match=own.match_id, closed_at=None).first() if own else None
    if own is None or writer is None or conversation is None:
        return
    facts: dict[str, Any] = {"conversation": conversation, "seat_id": own.seat_id, "writer_id": writer.seat_id}
    TypingShown.objects.get_or_create(**facts, begun_at=datetime.fromisoformat(begun_at))


@transaction.atomic
def keep_earlier(session: Session, number: int) -> None:
    """Keep that somebody has opened an earlier conversation; the first time. Harmless where it is none any more."""
    keys = earlier.keys_of(session, number)
    if keys is not None:
        conversation, seat, other = keys
        EarlierShown.objects.get_or_create(conversation_id=conversation, seat_id=seat, earlier_id=other)


def _append(conversation: Conversation, new: Incoming, terms: Terms) -> Entry:
    draft = new.draft
    # The match first: a step that is closing at this moment (flow updates its row) must not get an entry afterwards.
    match = _match_under_lock.get(match=conversation.match_id)
    # Then the conversation: two writers must not take the same seq, nor one intent two seqs.
    locked = _talk_under_lock.get(talk=conversation.pk)
    known = _stored(locked, new.seat, new.key, draft)
    if known:
        return known
    _check_open(locked, match)
    used = _check_speaker(locked, new.seat, terms)
    target = locked.entries.select_related("seat").filter(seq=draft.to).first() if draft.to else None
    terms.channel.target(draft, as_said(target) if target else None)
    version = conversation.match.group.version
    (seated,) = together(seated_in(match.pk))
    entry = store(
        locked, match, new,
        study=version.study_id, seated=seated, programs_hear=terms.programs_hear, shows_typing=terms.shows_typing,
    )  # fmt: skip
    guard.look(conversation, match, entry)
    if terms.quota and used + 1 == terms.quota and _is_full(locked, terms):
        _record(FULL, conversation, match, {})
    return entry


def _stored(conversation: Conversation, seat_id: int, key: str, draft: Draft) -> Entry | None:
    entry = conversation.entries.filter(seat_id=seat_id, key=key).first()
    if entry and (entry.kind, entry.text, entry.facts) != (draft.kind, draft.text, dict(draft.facts)):
        raise ChatError("conflict", f"entry {entry.seq} was stored under this key with another body: take a new key")
    return entry


def _is_open(conversation: Conversation, match: Match, now: datetime) -> bool:
    is_at_it = match.status == Match.Status.OPEN and match.path == conversation.path and not conversation.closed_at
    return is_at_it and (match.deadline_at is None or now <= match.deadline_at + GRACE)


def _check_open(conversation: Conversation, match: Match) -> None:
    if not _is_open(conversation, match, clock.now()):
        raise ChatError("closed", f"the talk {conversation.path} of match {match.pk} is over: nothing more can be said")


def _check_speaker(conversation: Conversation, seat_id: int, terms: Terms) -> int:
    """How many entries the seat has made, where there is a limit to them. Raises ChatError when it may make no more."""
    is_here = seat_id in {seat.pk for seat in terms.speakers}
    if not is_here or not Seat.objects.filter(pk=seat_id, status=Seat.Status.SITTING).exists():
        raise ChatError("not_here", f"seat {seat_id} cannot speak at {conversation.path}: another role, or it left")
    used = conversation.entries.filter(seat_id=seat_id).count() if terms.quota else 0
    if terms.quota and used >= terms.quota:
        raise ChatError("quota", f"seat {seat_id} has made its {terms.quota} entries at {conversation.path}")
    return used


def _is_full(conversation: Conversation, terms: Terms) -> bool:
    made = dict(conversation.entries.values_list("seat_id").annotate(n=Count("pk")))
    acts = Act.objects.filter(match_id=conversation.match_id, path=conversation.path)
    ready = set(acts.values_list("seat_id", flat=True))
    return all(made.get(seat.pk, 0) >= terms.quota or seat.pk in ready for seat in terms.speakers)


def _record(kind: str, conversation: Conversation, match: Match, facts: Mapping[str, Any]) -> None:
    where = {"match": match.pk, "path": conversation.path, "rev": match.rev}
    study = conversation.match.group.version.study_id
    record(kind, study=study, subject=("conversation", conversation.pk), facts={**where, **facts})


@transaction.atomic
def report(
    conversation: Conversation,
    seat: Seat,
    *,
    key: UUID,
    reason: str,
    text: str,
    session: Session,
    is_apart: bool = False,
) -> Report:
    """Keep what somebody reports, from whichever visit. The same key again returns the stored row.

    Of somebody who has asked for deletion only that there was something, and why: their words are not taken in. An
    erasure, theirs or of whom they want to meet no more, comes wholly before or after.

    Args:
        is_apart: Whether they do not want to meet the others again: from the commit on nobody seats them together, and
            a pair that they are ends.
    """
    met = _met_in(conversation, seat) if is_apart else []
    # The visit before people, as everybody locks: what is found in the words names it.
    list(Session.objects.select_for_update(of=("self",), no_key=True).filter(pk=session.pk).only("pk"))
    is_withdrawn = _has_withdrawn(session.participant_id, beside=met)
    kept = "" if is_withdrawn else text
    case = partial(case_numbers.drawn, conversation.match.group.version.study_id, CaseNumber.Kind.REPORT)
    screened_by = edition() if kept and safety_of(session.participant.version) else ""
    facts = {"reason": reason, "text": kept, "last_seq": conversation.last_seq, "case": case, "edition": screened_by}
    facts["is_apart"] = is_apart and not is_withdrawn
    made, is_new = Report.objects.get_or_create(seat=seat, key=key, defaults={"conversation": conversation, **facts})
    if is_new:
        _record(REPORTED, conversation, conversation.match, {"seat": seat.pk, "reason": reason})
        if reason == Report.Reason.DANGER:
            _record(ALERT, conversation, conversation.match, {"report": made.pk})
        look_at_report(session, made)
        if made.is_apart:
            apart.keep(session.participant_id, met)
            if (pair := conversation.match.group.pair_id) is not None:
                _record(PARTING, conversation, conversation.match, {"pair": pair})
    return made


def _met_in(conversation: Conversation, seat: Seat) -> Sequence[int]:
    """The people, by key, whom somebody met in a conversation."""
    met = Seat.objects.filter(placings__match=conversation.match_id).exclude(pk=seat.pk)
    return [pk for pk in met.values_list("participant", flat=True) if pk]


def is_told_of(row: Report) -> bool:
    """Whether whoever is on call was told of a report."""
    about = {"subject_kind": "conversation", "subject_id": row.conversation_id, "facts__report": row.pk}
    return Event.objects.filter(kind=TOLD, **about).exists()


@transaction.atomic
def note_told_of(row: Report) -> None:
    """Keep that whoever is on call was told of a report."""
    _record(TOLD, row.conversation, row.conversation.match, {"report": row.pk})


@transaction.atomic
def answer_report(report_id: int, *, answer: str) -> None:
    """Note that a report was looked at, and what was done; of somebody who asked for deletion, only when.

    Raises:
        ChatError: "empty" without words, "conflict" when it has an answer.
    """
    person = Report.objects.values_list("seat__participant", flat=True).get(pk=report_id)
    is_withdrawn = _has_withdrawn(person or 0)
    # Under its lock: of two who answer at once one is told that the other was first.
    row = Report.objects.select_for_update(of=("self",)).select_related("conversation__match").get(pk=report_id)
    if not answer.strip():
        raise ChatError("empty", "say in a few words what was done about it")
    if row.answered_at is not None:
        raise ChatError("conflict", f"it was answered already: {row.answer}")
    row.answered_at, row.answer = clock.now(), "" if is_withdrawn else answer.strip()
    row.save(update_fields=["answered_at", "answer"])
    _record(ANSWERED, row.conversation, row.conversation.match, {"seat": row.seat_id})


def _has_withdrawn(person: int, *, beside: Sequence[int] = ()) -> bool:
    """Whether somebody asked for deletion. Holds their row, and those of some others, by key: an erasure comes wholly
    before or after, and nobody asks for one meanwhile.
    """
    people = lock_people({person, *beside})
    return person in people and people[person].status == Participant.Status.WITHDRAWN
