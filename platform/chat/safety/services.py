"""Every write about safety. Triggers are written in the transaction of the message: see docs/decisions/0012."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from chat import case_numbers
from chat.errors import ChatError
from chat.models import CaseNumber, Conversation, Entry, SafetyStep, Trigger, WordsStep, WordsTrigger
from chat.safety import words as words_outside
from chat.safety.policy import Judged, judged, language_of, pauses, safety_of
from chat.safety.queries import PERSON, Found, What, paused_in
from chat.screening_wordings import edition
from events import clock, due
from events.claim import Claim
from events.log import record
from flow.deadlines import move_deadline, stream_of
from flow.models import Match
from matching.models import Seat
from participants.models import Participant
from scheduling.models import Session

FOUND, ALERT, PAUSED, RESUMED, STOPPED = (
    "safety.found", "safety.alert", "safety.paused", "safety.resumed", "safety.stopped",
)  # fmt: skip
ANSWERED, HELD = "safety.answered", "safety.reply_held"
LONGEST_PAUSE = timedelta(minutes=30)
"""How much longer a talk may last for a pause of the only person in it."""


@transaction.atomic
def look(conversation: Conversation, match: Match, entry: Entry) -> None:
    """Screen what a person has just said, and do what the study file says follows. Call it with the entry stored."""
    version = conversation.match.group.version
    safety = safety_of(version)
    if safety is None or not entry.text:
        return
    seat = Seat.objects.get(pk=entry.seat_id)
    if seat.occupant != PERSON:
        return
    note_edition(conversation)
    found = judged(entry.text, language_of(version))
    if not found.tier:
        return
    said = {"conversation": conversation, "seat": seat, "key": entry.key, "seq": entry.seq}
    trigger = Trigger.objects.create(case=_case(conversation), **said, **found.row)
    _record(FOUND, conversation, {"seat": seat.pk, "seq": entry.seq, "tier": found.tier, "source": found.source}, seat)
    if pauses(safety, found.tier):
        _pause(conversation, match, trigger)
    if found.tier == Trigger.Tier.STOP:
        _record(ALERT, conversation, {"trigger": trigger.pk})


def note_edition(conversation: Conversation) -> None:
    """Keep that a conversation is screened by other rules than it began with. The caller holds its lock.

    Of a message in which nothing is found there is no row: so `verify` knows by which rules it was looked at.
    """
    if conversation.edition not in (edition(), Conversation.SEVERAL):
        conversation.edition = Conversation.SEVERAL
        conversation.save(update_fields=["edition"])


def _pause(conversation: Conversation, match: Match, trigger: Trigger) -> None:
    if trigger.seat_id in paused_in(conversation):
        return
    SafetyStep.objects.create(conversation=conversation, seat=trigger.seat, trigger=trigger, what=What.PAUSED)
    if _is_alone(match):
        _move_deadline(match, LONGEST_PAUSE)
    _record(PAUSED, conversation, {"seat": trigger.seat_id}, *_people(match))


@transaction.atomic
def resume(conversation: Conversation, match: Match, trigger: Trigger) -> None:
    """Whoever paused goes on with the conversation. The caller holds the group's lock."""
    began = trigger.steps.get(what=What.PAUSED).at
    SafetyStep.objects.create(conversation=conversation, seat=trigger.seat, trigger=trigger, what=What.RESUMED)
    if _is_alone(match) and match.deadline_at is not None:
        _move_deadline(match, min(clock.now() - began, LONGEST_PAUSE) - LONGEST_PAUSE)
    _record(RESUMED, conversation, {**_where(match), "seat": trigger.seat_id}, *_people(match))


@transaction.atomic
def stop(conversation: Conversation, trigger: Trigger) -> None:
    """Whoever paused stops for the day. What becomes of the visit is flow's. The caller holds the group's lock."""
    SafetyStep.objects.create(conversation=conversation, seat=trigger.seat, trigger=trigger, what=What.STOPPED)
    _record(STOPPED, conversation, {"seat": trigger.seat_id})


@transaction.atomic
def hold_reply(conversation_id: int, seat_id: int, *, key: str, found: Judged, held_ms: int) -> Trigger:
    """Keep that a program's reply was replaced, and why. The same turn again returns the stored row."""
    conversation = Conversation.objects.select_related("match__group__version").get(pk=conversation_id)
    new: dict[str, Any] = {"case": partial(_case, conversation), "seq": conversation.last_seq, **found.row}
    made, is_new = Trigger.objects.get_or_create(
        conversation=conversation, seat_id=seat_id, is_reply=True, key=key, defaults=new
    )
    if is_new:
        SafetyStep.objects.create(
            conversation=conversation, seat_id=seat_id, trigger=made, what=What.REPLACED, number=held_ms
        )
        facts = {"seat": seat_id, "tier": found.tier, "source": found.source, "held_ms": held_ms}
        _record(HELD, conversation, facts, *_people(conversation.match))
    return made


@transaction.atomic
def note_shown(match_id: int, path: str, seat_id: int, triggers: list[int], breaks: int) -> None:
    """Keep that the card, or a reminder of a break, was on a page that was shown; once each."""
    talk = Conversation.objects.filter(match=match_id, path=path).first()
    if talk is None:
        return
    # Those that were deleted since the page was drawn are left out.
    there = Trigger.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=triggers).order_by("pk")
    rows = [SafetyStep(conversation=talk, seat_id=seat_id, trigger=one, what=What.CARD) for one in there]
    if breaks:
        rows.append(SafetyStep(conversation=talk, seat_id=seat_id, what=What.BREAK, number=breaks))
    SafetyStep.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def alert_again(claim: Claim, at: datetime) -> None:
    """Let the work in hand be done once more, as soon as it is settled and it is time."""
    due.schedule(claim.reaction, claim.key, at, facts=claim.facts)


@transaction.atomic
def note_alerted(trigger: Found) -> None:
    """Keep that whoever is on call was told; once."""
    if isinstance(trigger, WordsTrigger):
        WordsStep.objects.get_or_create(trigger=trigger, what=WordsStep.What.ALERTED)
        return
    SafetyStep.objects.get_or_create(
        conversation=trigger.conversation, seat=trigger.seat, trigger=trigger, what=What.ALERTED
    )


@transaction.atomic
def note_card(session_id: int, page: str, triggers: list[int]) -> None:
    """Keep on which page the card was first shown for what was found outside conversations; once each."""
    known = WordsStep.objects.filter(trigger__in=triggers, what=WordsStep.What.CARD).values_list("trigger", flat=True)
    unseen = set(triggers) - set(known)
    if not unseen:
        return
    # The visit first, which each row names: whoever deletes the data holds it, and then wants the rows.
    list(Session.objects.select_for_update(of=("self",), no_key=True).filter(pk=session_id).only("pk"))
    # Those that were deleted since the page was drawn are left out.
    there = WordsTrigger.objects.select_for_update(of=("self",), no_key=True)
    new = there.filter(pk__in=unseen).order_by("pk")
    steps = [WordsStep(trigger=one, what=WordsStep.What.CARD, session_id=session_id, page=page) for one in new]
    WordsStep.objects.bulk_create(steps, ignore_conflicts=True)


@transaction.atomic
def answer(found: Found, *, verdict: str, words: str, by: str = "") -> None:
    """Note that somebody looked at what was found, whether there was risk, and what was done.

    Of somebody who asked for deletion only that and when.

    Raises:
        ChatError: "empty" without a verdict or words, "conflict" when it has an answer, "gone" when it was deleted.
    """
    # The person first, as whoever deletes their data locks: under it they cannot ask for that meanwhile.
    people = Participant.objects.select_for_update(of=("self",), no_key=True)
    theirs = {"sessions": found.session_id} if isinstance(found, WordsTrigger) else {"seats": found.seat_id}
    person = people.filter(**theirs).first()
    # Under its lock: of two who answer at once one is told that the other was first.
    row = type(found)._default_manager.select_for_update(of=("self",)).filter(pk=found.pk).first()
    if row is None:
        raise ChatError("gone", "its message was deleted with the data of who wrote it")
    if verdict not in SafetyStep.Verdict.values or not words.strip():
        raise ChatError("empty", f"say {', '.join(SafetyStep.Verdict.values)}, and in a few words what was done")
    if row.steps.filter(what=What.ANSWERED).exists():
        raise ChatError("conflict", "it was answered already")
    is_withdrawn = person is not None and person.status == Participant.Status.WITHDRAWN
    said = {"what": What.ANSWERED, "verdict": verdict, "words": "" if is_withdrawn else words.strip(), "by": by}
    if isinstance(row, WordsTrigger):
        WordsStep.objects.create(trigger=row, **said)
        words_outside.tell(words_outside.ANSWERED, row)
    else:
        SafetyStep.objects.create(conversation=row.conversation, seat=row.seat, trigger=row, **said)
        _record(ANSWERED, row.conversation, {"seat": row.seat_id})


def _case(conversation: Conversation) -> CaseNumber:
    """A number that was never given in the study."""
    return case_numbers.drawn(conversation.match.group.version.study_id, CaseNumber.Kind.FOUND)


def _is_alone(match: Match) -> bool:
    return len(_people(match)) == 1


def _people(match: Match) -> list[Seat]:
    """The people who sit in a match."""
    sitting = Seat.objects.filter(placings__match=match, session__isnull=False, status=Seat.Status.SITTING)
    return list(sitting.select_related("session__participant").order_by("pk"))


def _move_deadline(match: Match, by: timedelta) -> None:
    if match.deadline_at is not None:
        move_deadline(match, match.deadline_at + by)


def _where(match: Match) -> Mapping[str, Any]:
    return {"match": match.pk, "path": match.path, "rev": match.rev}


def _record(kind: str, conversation: Conversation, facts: Mapping[str, Any], *woken: Seat) -> None:
    """Tell what happened, never a word of it; wake the pages of some people."""
    wake = {stream_of(seat.session): conversation.last_seq for seat in woken if seat.session}
    study = conversation.match.group.version.study_id
    record(kind, study=study, subject=("conversation", conversation.pk), facts=facts, wake=wake)
