"""Every write about a bot's turn.

An act, the turn's outcome and its `Due` row commit together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from bots.delivery import REGENERATE, Delivery, delivery_of
from bots.held import Plan, Turn, Values, as_decided, failed_of, is_interrupted, pauses_of
from bots.models import BotTurn
from bots.queries import TAKE_TURN, Address, has_missed, heard_of, newest_of_people, own_last_seq
from bots.rules import Heard, only_ends, speaks
from chat import notices
from chat.models import Conversation, Entry
from chat.services import keep_shown
from chat.writing import ANSWERS, PAUSES, PLANNED_AT, TYPING_AT
from events import clock, due
from events.claim import Claim
from events.log import record
from flow import queries as flow
from flow.models import Act, Match
from flow.services import games
from flow.state import MatchState
from matching.models import Group, Seat
from matching.services import run_group
from studies import definition
from studies.models import Version

Outcome = BotTurn.Outcome
INTERRUPTED, SILENT, YIELDED, UNSAID = "turn.interrupted", "turn.silent", "turn.yielded", "turn.unsaid"
REPLAYED = "group.replayed"
log = logging.getLogger("rapport.turn")


@transaction.atomic
def begin(address: Address) -> Turn:
    """Make or re-read the turn's row, and read what its seat sees now."""
    row, is_new = BotTurn.objects.get_or_create(match_id=address.match, path=address.path, seat_id=address.seat)
    row = BotTurn.objects.select_related("match__group").get(pk=row.pk)
    facts = flow.turn(address.match, address.path, address.seat)
    heard = heard_of(address) if facts and facts.is_talk else None
    delivery = delivery_of(facts.seat.settings) if facts and heard else Delivery()
    turn = as_decided(Turn(row, address, facts, heard, has_missed(address), delivery))
    turn = replace(turn, facts=replace(turn.facts, answers=turn.answers)) if turn.facts else turn
    turn = turn if is_new else replace(turn, failed=failed_of(turn))
    lines = turn.facts.view.lines if turn.facts and heard and turn.waits else ()
    if newest := max((line.seq for line in lines), default=0):
        keep_shown(address.match, address.path, address.seat, newest)
    return turn


@transaction.atomic
def plan(turn: Turn, wanted: Plan) -> Plan:
    """Keep the instants a turn is planned for, once: a second look, after a crash say, returns the first one's."""
    rows = BotTurn.objects.filter(pk=turn.row.pk)
    # Compare-and-set: of two holders of one turn the first plans. What a talk's last entry was planned for is over.
    is_free = Q(planned_at=None) | Q(delivered_at__gte=F("planned_at"))
    if turn.heard:
        # It may have come a moment sooner than planned, by the clock of a worker; or one taken for dead plans it anew.
        is_free |= Q(read_to=None) | Q(read_to__lt=turn.heard.own_last)
    free = rows.filter(is_free)
    free.update(planned_at=wanted.at, typing_at=wanted.typing_at, read_to=turn.read if turn.heard else None)
    planned_at, typing_at = rows.values_list("planned_at", "typing_at").get()
    return Plan(planned_at, typing_at) if planned_at else wanted


def show_typing(turn: Turn, until: datetime) -> None:
    """Let people see that the seat writes, until it stops. A hint: if it is lost, or given twice, nothing is.

    So it is of a person's, too: what fails here must not make the message late.
    """
    at = turn.address
    try:
        notices.by_program(at.match, at.path, at.seat, until=until, key=turn.key)
    except Exception as error:
        log.info("notice lost", extra={"facts": {"what": "by_program", "error": type(error).__name__}})


def deliver(claim: Claim, turn: Turn, values: Values, *, source: str, rest: Sequence[Values] = ()) -> str:
    """Act through the door that people use; the outcome and the claim are settled in its transaction.

    Args:
        rest: What is to be said after this, as acts of their own: it is kept in the same transaction.

    Returns:
        "delivered" or "overtaken"; where the seat minds what was said meanwhile also "regenerated", "dropped" or
        "yielded".

    Raises:
        FlowError: the door refused the values; nothing was done.
        LostClaim: somebody else has the turn; nothing was done.
    """
    if turn.heard and (turn.gives_way or turn.heard.has_floor):
        return _deliver_unless_overtaken(claim, turn, values, source=source, rest=rest)
    return _deliver(claim, turn, values, source=source, rest=rest)


@transaction.atomic
def _deliver_unless_overtaken(claim: Claim, turn: Turn, values: Values, *, source: str, rest: Sequence[Values]) -> str:
    """Look once more whether it is still to be said, and say it, while nobody else can say anything."""
    at = turn.address
    # In this order, as whoever acts, ends a step or says something over a socket does.
    games.lock_group(games.group_of_match(at.match))
    Match.objects.select_for_update(of=("self",), no_key=True).get(pk=at.match)
    list(Conversation.objects.select_for_update(of=("self",), no_key=True).filter(match_id=at.match, path=at.path))
    if turn.gives_way and is_interrupted(turn):
        return interrupted(claim, turn)
    if turn.heard and turn.heard.has_floor and not turn.rest:
        now = heard_of(at)
        if now is not None and not now.has_floor:
            return _yield_floor(claim, turn)
    return _deliver(claim, turn, values, source=source, rest=rest)


def _deliver(claim: Claim, turn: Turn, values: Values, *, source: str, rest: Sequence[Values]) -> str:
    at = turn.address
    said = games.act(
        match_id=at.match, path=at.path, seat_id=at.seat, values={**values, **_beside(turn)}, source=source,
        key=turn.key,
        settle=lambda: _conclude(claim, turn, rest),
    )  # fmt: skip
    return str(Outcome.DELIVERED if said == games.STORED else Outcome.OVERTAKEN)


def _beside(turn: Turn) -> Mapping[str, Any]:
    """What is kept with what a seat says in a talk: what it answers, and when it was to say it."""
    if turn.heard is None:
        return {}
    planned: tuple[datetime | None, datetime | None] = (None, None)
    if turn.waits:
        planned = BotTurn.objects.filter(pk=turn.row.pk).values_list("planned_at", "typing_at").get()
    stops = pauses_of(turn, Plan(planned[0], planned[1])) if planned[0] else []
    return {ANSWERS: _answered(turn, turn.heard), PLANNED_AT: planned[0], TYPING_AT: planned[1], PAUSES: stops}


def _answered(turn: Turn, heard: Heard) -> int:
    """The entry that was read last when what is said was made up: of the rest of a reply, before its first message."""
    if not turn.rest:
        return heard.answers
    at = turn.address
    before = Entry.objects.filter(conversation__match=at.match, conversation__path=at.path, seq=heard.own_last)
    return before.values_list("answers", flat=True).first() or 0


def _conclude(claim: Claim, turn: Turn, rest: Sequence[Values] = ()) -> None:
    """Say what came of the turn, inside the act's transaction."""
    _close(turn, Outcome.DELIVERED if _has_acted(turn) else Outcome.OVERTAKEN)
    if rest or turn.rest:
        BotTurn.objects.filter(pk=turn.row.pk).update(rest=[dict(one) for one in rest])
    if turn.failed is not None and _has_acted(turn) and not turn.only_ends:
        turn.row.failures.filter(pk=turn.failed.pk).update(is_answered=True)
    due.settle(claim, "done")
    if rest:
        due.schedule(TAKE_TURN, claim.key, None, facts=claim.facts)
    elif turn.heard:
        _go_on(turn)


def _has_acted(turn: Turn) -> bool:
    at = turn.address
    acts = Act.objects.filter(match_id=at.match, path=at.path, seat_id=at.seat).exclude(source=Act.Source.TIMEOUT)
    return acts.exists() or own_last_seq(at) > 0


def _close(turn: Turn, outcome: str, error_code: str = "") -> None:
    """The first outcome stands; in a talk whoever says something has, whatever was before. A failure has its own row.

    A talk's later entries only move the time of delivery.
    """
    row = BotTurn.objects.filter(pk=turn.row.pk)
    if outcome == Outcome.DELIVERED:
        in_talk = [Outcome.OPEN, Outcome.SILENT, Outcome.FAILED, Outcome.DELIVERED]
        now = {"delivered_at": clock.RapportNow(), "interruptions": 0, "read_to": None, "error_code": ""}
        row.filter(outcome__in=in_talk if turn.heard else [Outcome.OPEN]).update(outcome=outcome, **now)
    else:
        still = [Outcome.OPEN, Outcome.SILENT] if outcome == Outcome.FAILED else [Outcome.OPEN]
        row.filter(outcome__in=still).update(outcome=outcome, error_code=error_code[:30])


@transaction.atomic
def end(claim: Claim, turn: Turn, *, outcome: str, error_code: str = "") -> str:
    """Close a turn without an act: planned to be missed, failed, or overtaken."""
    if outcome == Outcome.OVERTAKEN and _has_acted(turn):
        outcome = Outcome.DELIVERED
    _close(turn, outcome, error_code)
    if turn.rest:
        _leave_unsaid(turn)
    if turn.row.interruptions:
        BotTurn.objects.filter(pk=turn.row.pk).update(interruptions=0)
    if turn.heard:
        free_plan(turn)
    due.settle(claim, outcome)
    return outcome


def free_plan(turn: Turn) -> None:
    """What a talk's next turn says is planned for a time of its own; when the last was said and planned stays."""
    open_plan = BotTurn.objects.filter(pk=turn.row.pk).exclude(read_to=None)  # there is none of what was said
    open_plan.update(planned_at=None, typing_at=None, read_to=None)


@transaction.atomic
def interrupted(claim: Claim, turn: Turn) -> str:
    """Give up what is to be said, because a person has written since; the turn is taken anew at once.

    Returns:
        "regenerated" or "dropped": what that is in the data. They differ in the time for which the next is planned.
    """
    how = "regenerated" if turn.delivery.if_interrupted == REGENERATE else "dropped"
    _give_up(turn, interruptions=F("interruptions") + 1, **{how: F(how) + 1})
    _record(INTERRUPTED, turn, because=how, seq=newest_of_people(turn.address))
    due.settle(claim, how)
    due.schedule(TAKE_TURN, claim.key, None, facts=claim.facts)
    return how


@transaction.atomic
def give_up_rest(claim: Claim, turn: Turn) -> str:
    """Say nothing, or nothing more, of a reply: there is something to be looked at first. The turn is taken anew."""
    _give_up(turn)
    due.settle(claim, "unsaid")
    due.schedule(TAKE_TURN, claim.key, None, facts=claim.facts)
    return "unsaid"


@transaction.atomic
def stay_silent(claim: Claim, turn: Turn) -> str:
    """Say nothing to all that was read: the seat has chosen so. It is asked again when a person says something more."""
    _give_up(turn, silent=F("silent") + 1, passed=turn.read, interruptions=0)
    BotTurn.objects.filter(pk=turn.row.pk, outcome=Outcome.OPEN).update(outcome=Outcome.SILENT)
    _record(SILENT, turn, seq=turn.read)
    due.settle(claim, "silent")
    if turn.delivery.takes_turns:  # then another one may answer in its place
        _ask_who_speaks(turn.row.match_id, turn.address.path)
    else:  # whoever ended the talk while it was asked waits for it to end, too, and nothing else would ask it
        _go_on(turn)
    return "silent"


def _yield_floor(claim: Claim, turn: Turn) -> str:
    """Say nothing because another seat has answered meanwhile, or is to: what was said since has decided that."""
    _give_up(turn, yielded=F("yielded") + 1)
    _record(YIELDED, turn, seq=turn.read)
    due.settle(claim, "yielded")
    return "yielded"


def _give_up(turn: Turn, **changes: Any) -> None:
    """Free the plan of what is not said, with whatever else changes."""
    if turn.rest:
        _leave_unsaid(turn)
    free = {"planned_at": None, "typing_at": None, "read_to": None}
    BotTurn.objects.filter(pk=turn.row.pk).update(**free, **changes)


def _leave_unsaid(turn: Turn) -> None:
    """Nothing more of a reply that was begun is said, and no word of it is kept here."""
    left = len(turn.rest)
    BotTurn.objects.filter(pk=turn.row.pk).update(rest=[], unsaid=F("unsaid") + left)
    _record(UNSAID, turn, number=left)


def _record(kind: str, turn: Turn, **facts: Any) -> None:
    match, at = turn.row.match, turn.address
    where = {"match": at.match, "path": at.path, "rev": match.rev}
    study = definition.version_of(match.group.version_id).study_id
    record(kind, study=study, subject=("seat", at.seat), facts={**where, **facts})


@transaction.atomic
def postpone(claim: Claim, until: datetime) -> str:
    """Give the turn back until (shortly before) its planned instant, which stands in its row."""
    due.settle(claim, "planned")
    due.schedule(TAKE_TURN, claim.key, until, facts=claim.facts)
    return "planned"


def _go_on(turn: Turn) -> None:
    """In a talk with a quota, or without people, the seat speaks again; otherwise it waits to be asked, or to end."""
    match = Match.objects.select_related("group__version").get(pk=turn.address.match)
    heard = heard_of(turn.address)
    if match.path == turn.address.path and heard and (speaks(heard) or only_ends(heard)):
        ask(match, turn.address.seat)


def ask(match: Match, seat_id: int) -> None:
    """Let a seat act at the open step, in the caller's transaction; where its turn is open already it stays."""
    facts = {"match": match.pk, "path": match.path, "rev": match.rev}
    due.schedule(TAKE_TURN, f"{match.pk}:{match.rev}:{seat_id}", None, facts=facts)


@transaction.atomic
def listen(match_id: int, path: str) -> int:
    """Ask the automated seats of a talk that have something to answer to act; return how many."""
    return _ask_who_speaks(match_id, path)


def _ask_who_speaks(match_id: int, path: str) -> int:
    match = Match.objects.select_related("group__version").get(pk=match_id)
    if match.path != path or match.group.origin == Group.Origin.RUN:
        return 0
    asked = 0
    for seat in MatchState(match).seats.values():
        heard = heard_of(Address(match_id, path, seat.pk)) if seat.occupant != "person" else None
        # with a quota a seat speaks at its own pace, whatever it hears
        has_something = heard and not heard.quota and (speaks(heard) or only_ends(heard))
        if has_something and seat.status == Seat.Status.SITTING:
            ask(match, seat.pk)
            asked += 1
    return asked


@transaction.atomic
def make_group(version: Version, stage: str, code: str = "", *, condition: str = "") -> Group:
    """Make a group without people and open its first round.

    Args:
        code: Of the group whose recording is played; the log keeps that it is.
        condition: Levels under which it was ordered, as `studies.giving.only_levels` spells them.

    Raises:
        MatchingError: the study file lets nobody sit where people are wanted.
    """
    group = run_group(version, stage, code, condition=condition)
    if code:
        record(REPLAYED, study=version.study_id, subject=("group", group.pk))
    games.begin(group.pk)
    return group
