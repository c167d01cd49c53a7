"""Every write about people behind the curtain: asked, offered a draft, decided, or out of time.

Nobody writes into a conversation here. What was decided stands in a row, and the seat's turn says it through the door
that every seat uses, under the turn's own key: so there is one message, whoever decided it and whatever died meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction

from bots import keeping, lines
from bots.errors import BotsError
from bots.held import Turn
from bots.judging import ASKED_IF_AI, Judged, asked_in, judged
from bots.models import BotTurn, ReplyCheck, WizardReply, WizardSeat
from bots.queries import TAKE_TURN
from bots.services import ask as ask_seat
from bots.wizards.queries import newest_of, turn_facts
from bots.wizards.rules import DRAFT, LINE, fallback, is_as_drafted, says_something
from chat.forms import MESSAGE, MORE, THEN
from events import clock, due
from events.claim import Claim
from events.log import record
from flow.game import game_of
from flow.queries import TurnFacts
from matching.seating import WIZARD
from studies import definition

By, Outcome = WizardReply.By, WizardReply.Outcome
LEASE = timedelta(seconds=30)
LEFT_TO_SAY_IT = timedelta(seconds=5)
"""Before a conversation's end, so that what follows where nobody writes can still be said."""
TAKEN, LEFT = "wizard.taken", "wizard.left"
ASKED, DECIDED = "wizard.asked", "wizard.decided"


@transaction.atomic
def ask(turn: Turn, facts: TurnFacts) -> WizardReply:
    """The row of the message that a seat is to say now, made where there is none.

    One by which nothing was said stands until somebody says something more.
    """
    _locked(turn.row.pk)
    last = newest_of(turn.row.pk, turn.made)
    if last is not None and (last.heard == turn.answers or not (is_spent(last) or _was_refused(turn, last))):
        return last
    now = clock.now()
    until = now + timedelta(seconds=facts.seat.settings[WIZARD]["seconds"] if turn.waits else 0)
    if facts.deadline_at is not None:
        until = max(now, min(until, facts.deadline_at - LEFT_TO_SAY_IT))
    number = last.number + 1 if last is not None else 1
    row = WizardReply.objects.create(
        turn=turn.row, made=turn.made, number=number, heard=turn.answers, asked_at=now, until=until
    )
    _record(ASKED, turn.row, seq=turn.answers)
    return row


def is_spent(reply: WizardReply) -> bool:
    """Whether it is decided that nothing is said."""
    return reply.outcome != Outcome.OPEN and not says_something(reply.values) and reply.by != By.SAFETY


def _was_refused(turn: Turn, reply: WizardReply) -> bool:
    """Whether the door has refused what was decided, so that it would again."""
    failures = turn.row.failures.filter(made=turn.made, at__gte=reply.decided_at or reply.asked_at)
    return reply.outcome != Outcome.OPEN and failures.exists()


@transaction.atomic
def keep_draft(reply_id: int, values: Mapping[str, Any] | None, error_code: str = "") -> WizardReply:
    """Keep what the model would say, once; also where somebody has decided meanwhile: they did not see it."""
    rows = WizardReply.objects.filter(pk=reply_id)
    draft = dict(values) if values is not None else None
    rows.filter(drafted_at=None).update(draft=draft, error_code=error_code[:30], drafted_at=clock.RapportNow())
    return rows.get()


@transaction.atomic
def wait(claim: Claim, reply: WizardReply) -> str:
    """Give the turn back until time is up; at once where somebody has decided while it was looked at.

    Raises:
        LostClaim: somebody else has the turn; nothing was done.
    """
    _locked(reply.turn_id)  # whoever decides holds it, and moves the turn to now
    reply.refresh_from_db()
    until = reply.until if reply.outcome == Outcome.OPEN else None
    due.settle(claim, "asked")
    due.schedule(TAKE_TURN, claim.key, until, facts=claim.facts)
    return "asked"


@transaction.atomic
def settle(turn: Turn, reply: WizardReply, facts: TurnFacts) -> WizardReply:
    """What is to be said: as somebody has decided, or what the study file says where nobody has in time."""
    _locked(turn.row.pk)
    reply.refresh_from_db()
    if reply.outcome != Outcome.OPEN:
        return reply
    found, line = _looked_at_again(reply, facts), _line(facts)
    draft = None if found is not None and found.wrong else reply.draft
    does = fallback(facts.seat.settings[WIZARD]["otherwise"], draft, line)
    reply.by = {DRAFT: By.MODEL, LINE: By.LINE}.get(does, By.NOBODY)
    reply.values = {DRAFT: draft, LINE: line}.get(does)
    if found is not None and reply.by == By.MODEL:
        _keep_claim(reply, facts, found, by=ReplyCheck.By.MODEL)
    return _decided(reply, Outcome.LAPSED)


@transaction.atomic
def hold(turn: Turn, *, over: bool = False) -> None:
    """The study file's own line is said for safety, whoever was to write.

    Args:
        over: Whether it takes the place of what somebody has decided.
    """
    _locked(turn.row.pk)
    reply = newest_of(turn.row.pk, turn.made)
    if reply is not None and (over or reply.outcome == Outcome.OPEN) and reply.by != By.SAFETY:
        reply.by = By.SAFETY
        _decided(reply, Outcome.HELD)


@transaction.atomic
def take(turn_id: int, username: str) -> WizardSeat:
    """Sit down behind a seat, or stay there: whoever is not heard of for half a minute has left it.

    Raises:
        BotsError: "wizard_taken": somebody else sits there.
    """
    seat, now = _locked(turn_id), clock.now()
    is_held = seat.holder not in ("", username) and seat.lease_until is not None and seat.lease_until > now
    if is_held:
        raise BotsError("wizard_taken", "somebody else sits behind this seat: take another, or wait until they leave")
    if seat.holder != username:
        _record(TAKEN, seat.turn)
    seat.holder, seat.lease_until = username, now + LEASE
    seat.save(update_fields=["holder", "lease_until"])
    return seat


@transaction.atomic
def leave(turn_id: int, username: str) -> None:
    """Get up from behind a seat. Harmless where somebody else sits there by now."""
    seat = _locked(turn_id)
    if seat.holder == username:
        seat.holder, seat.lease_until = "", None
        seat.save(update_fields=["holder", "lease_until"])
        _record(LEFT, seat.turn)


@transaction.atomic
def decide(reply_id: int, username: str, *, words: str, begins_with_draft: bool) -> WizardReply:
    """Decide what a seat says next; its turn says it at the seat's own pace.

    Args:
        begins_with_draft: Whether the words were made from the draft.

    Raises:
        BotsError: "wizard_taken": somebody else sits there; "wizard_late": it is decided, or time is up, or the
            conversation is over; "wizard_words": the words may not be said, with what is wrong.
    """
    named = WizardReply.objects.get(pk=reply_id)
    seat = _locked(named.turn_id)
    reply, turn = WizardReply.objects.get(pk=reply_id), seat.turn
    if seat.holder != username:
        raise BotsError("wizard_taken", "somebody else sits behind this seat, or you were away for too long: sit down")
    facts = turn_facts(turn)
    if reply.outcome != Outcome.OPEN or clock.now() >= reply.until or facts is None:
        raise BotsError("wizard_late", "it was too late: this message was decided without you")
    words = words.replace("\r\n", "\n")  # as browsers send the ends of lines
    is_draft = is_as_drafted(words, reply.draft)
    rules = keeping.rules_of(facts, "", facts.fields)
    found = _looked_at_again(reply, facts) if is_draft else judged({MESSAGE: words, THEN: MORE}, rules)
    if found is not None and (found.wrong or not found.values.get(MESSAGE)):
        raise BotsError("wizard_words", "; ".join(found.wrong.values()) or "write something")
    if is_draft:
        reply.by, reply.values = By.MODEL, reply.draft
    elif found is not None:
        reply.by = By.MODEL_EDITED if begins_with_draft and reply.draft is not None else By.PERSON
        reply.values = {MESSAGE: found.values[MESSAGE], THEN: MORE}
    if found is not None and rules.asked_kind:
        _keep_claim(reply, facts, found, by=ReplyCheck.By.MODEL if is_draft else ReplyCheck.By.WIZARD)
    reply.wizard = username
    ask_seat(turn.match, turn.seat_id)
    return _decided(reply, Outcome.CHOSEN)


def _looked_at_again(reply: WizardReply, facts: TurnFacts) -> Judged | None:
    """What a draft is worth where somebody has asked since what the seat is; None where nothing is new to it."""
    if reply.draft is None or facts.answers == reply.heard:
        return None
    rules = keeping.rules_of(facts, "", facts.fields)
    return judged(reply.draft, rules) if rules.asked_kind else None


def _decided(reply: WizardReply, outcome: str) -> WizardReply:
    reply.outcome, reply.decided_at = outcome, clock.now()
    reply.save(update_fields=["outcome", "by", "values", "wizard", "decided_at"])
    if reply.by not in (By.MODEL, By.SAFETY):  # what was looked at was the draft, and that is not said
        given = {By.LINE: ReplyCheck.By.LINE, By.NOBODY: ReplyCheck.By.NOBODY}.get(By(reply.by), ReplyCheck.By.WIZARD)
        ReplyCheck.objects.filter(turn=reply.turn_id, made=reply.made).update(by=given)
    turn = BotTurn.objects.select_related("match__group").get(pk=reply.turn_id)
    _record(DECIDED, turn, outcome=outcome, source=reply.by, number=reply.made, attempt=reply.number)
    return reply


def _keep_claim(reply: WizardReply, facts: TurnFacts, found: Judged, *, by: str) -> None:
    """What is said to somebody who asked what the seat is, as it is kept of models."""
    asked_kind = asked_in(facts.view.lines)
    place: dict[str, Any] = {"turn_id": reply.turn_id, "made": reply.made, "rule": ASKED_IF_AI}
    said = {"asked_kind": asked_kind, "claims": found.claims, "by": by}
    ReplyCheck.objects.filter(**place).update(**said)
    ReplyCheck.objects.get_or_create(**place, heard=facts.answers, defaults=said)


def _line(facts: TurnFacts) -> Mapping[str, Any] | None:
    """The line of the study file for a seat behind which nobody has written; None where there is none that fits."""
    language = definition.definition(game_of(facts.seat.group).version).language
    return lines.instead(facts.fields, {}, lines.in_language(facts.seat.settings[WIZARD]["line"], language))


def _locked(turn_id: int) -> WizardSeat:
    """The row of a seat under its lock: of two who decide at once the second finds it decided."""
    WizardSeat.objects.get_or_create(turn_id=turn_id)
    seats = WizardSeat.objects.select_for_update(of=("self",)).select_related("turn__match__group__version")
    return seats.get(turn_id=turn_id)


def _record(kind: str, turn: BotTurn, **facts: Any) -> None:
    study = definition.version_of(turn.match.group.version_id).study_id
    where = {"match": turn.match_id, "path": turn.path}
    record(kind, study=study, subject=("seat", turn.seat_id), facts={**where, **facts})
