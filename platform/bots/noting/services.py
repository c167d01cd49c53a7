"""Every write about notes that a model takes.

The model is asked between two transactions. The first says that it will be; the second looks anew at all that may have
changed meanwhile, and writes the version, what came of the attempt and the work's own row together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from bots import scopes
from bots.budgets import MEMORY, spending_of
from bots.models import BY_MODEL, Memory, Noting
from bots.noting.queries import known_by_models, wanting
from bots.noting.support import unsupported
from bots.noting.telling import Material
from bots.recall import Acquaintance, notable_in, over_with
from bots.scribes import Noted
from bots.scribing.services import lines_of
from chat.models import Conversation, Entry
from events import clock, due
from events.claim import Claim
from events.models import Event
from flow.game import game_of
from llm.spending import Spending
from matching.lasting import NAMED
from matching.models import Seat
from participants.models import Participant
from studies import definition
from studies.schema_memory import NotesByModel

Outcome = Noting.Outcome
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
MOST_ATTEMPTS = len(PAUSES) + 1

log = logging.getLogger("rapport.notes")


@dataclass(frozen=True)
class Job:
    """One version that is to be written.

    Attributes:
        noting: Key of the attempt's row.
        talk: The conversation that is to be noted.
        base: The version that the notes were when this was begun; 0 where there was none.
        prompt: The study file's words to the model, with their slots.
        scope: The key under which the log of calls keeps it.
        spending: On whose account it is asked.
    """

    noting: int
    attempt: int
    known: Acquaintance
    writer: NotesByModel
    talk: int
    base: int
    material: Material
    prompt: str
    slots: Mapping[str, Any]
    scope: str
    spending: Spending


@transaction.atomic
def begin(conversation_id: int) -> Job | None:
    """Say that a model will be asked for the first conversation that is not noted yet; None where there is none.

    An attempt whose holder died goes on under its own key, so that an answer that came meanwhile is used.
    """
    talk = Conversation.objects.select_related("match__group__version").get(pk=conversation_id)
    for seat, known, writer in known_by_models(talk):
        # Who deletes their data holds this lock: then it was before this, or sees that an answer may come.
        person = _locked(known)
        missing = wanting(known)
        if person.status != Participant.Status.WITHDRAWN and missing:
            return _job(seat, known, writer, missing[0])
    return None


def _job(seat: Seat, known: Acquaintance, writer: NotesByModel, talk: Conversation) -> Job:
    last = _newest(known)
    talks = list(over_with(known))
    number = [one.pk for one in talks].index(talk.pk) + 1
    said = [one for one in notable_in(talks, known) if one.talk == number]
    noting = _opened(known, talk)
    game = game_of(seat.group)
    slots = game.parameters.slots()
    slots = slots | ({"partner_name": seat.settings[NAMED]} if NAMED in seat.settings else {})
    return Job(
        noting=noting.pk, attempt=noting.attempt, known=known, writer=writer, talk=talk.pk,
        base=last.version if last else 0, material=Material(lines_of(last) if last else [], said),
        prompt=definition.text(game.version, writer.prompt), slots=slots,
        scope=scopes.of_notes(seat, talk.pk, _seat_in(talk, known), noting.attempt),
        spending=spending_of(seat, writer.model.model_dump(mode="json"), MEMORY, match=talk.match_id),
    )  # fmt: skip


def _seat_in(talk: Conversation, known: Acquaintance) -> int:
    """Where the partner sat in a conversation: whichever later one its notes are asked for after, the key is the same.

    So an answer that came before a worker died is used, and not paid for twice.
    """
    own = talk.match.placings.filter(seat__partner=known.partner, seat__kind=Seat.Kind.AI).order_by("pk")
    return own.values_list("seat_id", flat=True)[0]


def _opened(known: Acquaintance, talk: Conversation) -> Noting:
    """The row of the attempt that is open; a new one where none is."""
    whose = {"participant_id": known.participant, "partner": known.partner, "kind": known.rule.kind}
    last = Noting.objects.filter(**whose, conversation=talk).order_by("-attempt").first()
    if last is not None and last.outcome == Outcome.OPEN:
        Noting.objects.filter(pk=last.pk).update(asked_at=clock.RapportNow())
        return last
    return Noting.objects.create(**whose, conversation=talk, attempt=last.attempt + 1 if last else 1)


def _locked(known: Acquaintance) -> Participant:
    assert known.participant is not None, "notes are taken of somebody"
    return Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=known.participant)


def _newest(known: Acquaintance) -> Memory | None:
    mine = Memory.objects.filter(participant=known.participant, partner=known.partner, kind=known.rule.kind)
    return mine.order_by("-version").first()


@transaction.atomic
def conclude(claim: Claim, job: Job, lines: Sequence[Noted]) -> str:
    """Write the version, and see to what is left to be noted.

    Raises:
        LostClaim: somebody else has the work; nothing was written.
    """
    outcome = written(job, lines)
    due.settle(claim, outcome)
    _see_to_the_rest(claim, job)
    return outcome


@transaction.atomic
def written(job: Job, lines: Sequence[Noted]) -> str:
    """Write the version unless somebody else has, or the person asked for deletion meanwhile; what came of it."""
    # Of two at once the second finds the version there, and no erasure is run between look and write.
    person = _locked(job.known)
    last = _newest(job.known)
    mine = Memory.objects.filter(participant=person, partner=job.known.partner, kind=job.known.rule.kind)
    is_gone = person.status == Participant.Status.WITHDRAWN
    if is_gone or (last.version if last else 0) != job.base or mine.filter(conversation=job.talk).exists():
        _end(job, Outcome.DROPPED)
        return str(Outcome.DROPPED)
    text = "\n".join(line.text for line in lines)
    keys = {key for line in lines for key in line.sources}
    said = dict(Entry.objects.filter(pk__in=keys).values_list("pk", "text"))
    Memory.objects.create(
        participant=person, partner=job.known.partner, kind=job.known.rule.kind, version=job.base + 1,
        conversation_id=job.talk, text=text, sources=[list(line.sources) for line in lines],
        unsupported=unsupported(lines, said), made_by=f"{BY_MODEL}{job.writer.model.name}",
        sha256=sha256(text.encode()).hexdigest(),
    )  # fmt: skip
    _end(job, Outcome.WRITTEN)
    return str(Outcome.WRITTEN)


@transaction.atomic
def fail(claim: Claim, job: Job, error_code: str) -> str:
    """Say that an attempt came to nothing: the version before stays in force, and it is tried again, within limits.

    Raises:
        LostClaim: somebody else has the work.
    """
    is_last = job.attempt >= MOST_ATTEMPTS
    outcome = Outcome.GIVEN_UP if is_last else Outcome.FAILED
    _end(job, outcome, error_code)
    said = "failed" if is_last else "notes failed"  # the former is counted on the board as work that was given up
    due.settle(claim, said)
    facts = {"conversation": job.talk, "attempt": job.attempt, "outcome": str(outcome), "error_code": error_code}
    log.warning("notes not taken", extra={"facts": facts})
    if is_last:
        _see_to_the_rest(claim, job)
    else:
        _again(claim, PAUSES[job.attempt - 1])
    return said


def _end(job: Job, outcome: str, error_code: str = "") -> None:
    """The first outcome of an attempt stands."""
    mine = Noting.objects.filter(pk=job.noting, outcome=Outcome.OPEN)
    mine.update(outcome=outcome, error_code=error_code[:30], ended_at=clock.RapportNow())


def _see_to_the_rest(claim: Claim, job: Job) -> None:
    """One conversation is noted at a time, so that no row is in hand longer than the loop lets it be."""
    if wanting(job.known):
        _again(claim, timedelta(0))


def _again(claim: Claim, after: timedelta) -> None:
    event = Event(pk=claim.event_id) if claim.event_id else None
    due.schedule(claim.reaction, claim.key, clock.now() + after, facts=claim.facts, event=event)
