"""Waiting, being asked, being seated: every write about tickets, groups and their seats.

The verbs about tickets run in a transaction that holds the session's lock; `seat_group` in one that holds the slot's.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from events import clock, due, log
from events.prepared import insert, run, update
from matching import apart, queries, rules
from matching.company import pair_for
from matching.errors import MatchingError
from matching.models import Group, Ticket
from matching.seating import Table, make_seats, table_of
from matching.topics import topic_of
from participants.codes import Names, names_of
from participants.models import Participant
from scheduling.models import Session
from studies import giving
from studies.models import Version
from studies.schema_partners import Fill

JOINED = "ticket.joined"
ASKED = "ticket.asked"
READY = "ticket.ready"
BACK = "ticket.back"
LEFT = "ticket.left"
EXPIRED = "ticket.expired"
SEATED = "ticket.seated"
GROUP_FORMED = "group.formed"

# Session id → the sockets' stream that follows it, with its newest revision.
Wake = Mapping[int, Mapping[str, int]]

FORM = "flow.tasks.form_groups"  # what looks whether a group can be formed
STATUS_EVENT = {
    Ticket.Status.WAITING: BACK,
    Ticket.Status.ASKED: ASKED,
    Ticket.Status.READY: READY,
    Ticket.Status.LEFT: LEFT,
    Ticket.Status.EXPIRED: EXPIRED,
    Ticket.Status.SEATED: SEATED,
}


def join(session: Session, stage: str) -> Ticket:
    """Take a place in the waiting room; whoever is sent back to it begins to wait anew."""
    now = clock.now()
    ticket = queries.ticket_of(session, stage) or Ticket(session=session, stage=stage)
    ticket.version, ticket.status, ticket.misses = session.participant.version, Ticket.Status.WAITING, 0
    ticket.joined_at = ticket.seen_at = now
    ticket.asked_at = ticket.ready_at = ticket.ended_at = None
    if ticket.pk is None:
        insert(ticket)
    else:
        ticket.save()
    _record(ticket, JOINED)
    return ticket


def mark_ready(ticket: Ticket, *, ready_seconds: int) -> bool:
    """Say "I am ready"; false when one was not asked, or answers too late."""
    now = clock.now()
    if ticket.status != Ticket.Status.ASKED or ticket.asked_at is None:
        return False
    if now > ticket.asked_at + timedelta(seconds=ready_seconds) + rules.GRACE:
        return False
    ticket.ready_at, ticket.misses = now, 0
    _change(ticket, Ticket.Status.READY)
    return True


def ready_at_once(ticket: Ticket, *, ready_seconds: int) -> None:
    """Take somebody who needs nobody else for ready as they come: asked and answered in one moment."""
    ask([ticket], {})
    mark_ready(ticket, ready_seconds=ready_seconds)


def ask(tickets: Iterable[Ticket], wake: Wake) -> None:
    """Ask people whether they are ready."""
    now = clock.now()
    for ticket in tickets:
        ticket.asked_at, ticket.ready_at = now, None
        _change(ticket, Ticket.Status.ASKED, wake)


def return_to_waiting(tickets: Iterable[Ticket], wake: Wake) -> None:
    """Let people wait on, with their old place in the queue. Who was asked and did not answer has missed once."""
    for ticket in tickets:
        ticket.misses += ticket.status == Ticket.Status.ASKED
        ticket.asked_at = ticket.ready_at = None
        _change(ticket, Ticket.Status.WAITING, wake)


def expire(ticket: Ticket) -> None:
    """End the waiting of somebody for whom no group came, or who did not answer."""
    _end(ticket, Ticket.Status.EXPIRED)


def leave_waiting(participant: Participant) -> None:
    """End whatever waiting a participant is in, by their own wish. Harmless when there is none."""
    for ticket in queries.live_tickets(participant):
        _end(ticket, Ticket.Status.LEFT)


def seen(session: Session, stage: str) -> bool:
    """A sign of life of somebody who waits; true when a group may depend on it."""
    ticket = queries.ticket_of(session, stage)
    if ticket is None or ticket.status not in queries.LIVE:
        return False
    now = ticket.read_at  # type: ignore[attr-defined]
    was_away = ticket.seen_at < now - rules.PRESENT
    with transaction.atomic() if was_away else nullcontext():
        run("UPDATE matching_ticket SET seen_at = %s WHERE id = %s AND seen_at < %s RETURNING 1", [now, ticket.pk, now])
        if was_away:
            look_again(ticket.version_id, stage, None)
    return was_away or ticket.status != Ticket.Status.WAITING


def look_again(version_id: int, stage: str, at: datetime | None) -> None:
    """Have the waiting room looked at, at an instant (None: now), in the caller's transaction."""
    due.schedule(FORM, f"{version_id}:{stage}", at, facts={"version": version_id, "stage": stage})


def seat_group(
    version: Version,
    game_stage: str,
    tickets: Sequence[Ticket],
    *,
    origin: str,
    stand_ins: Fill | None = None,
    is_replaced: bool = False,
    code: str = "",
    only: str = "",
) -> Group:
    """Make a group and its seats under the next condition, inside the caller's transaction.

    Args:
        tickets: Those who sit; the caller locks their sessions afterwards and checks that they still can.
        stand_ins: Who takes the seats of people who are missing; None: the study file's `fill`, if it declares one.
        is_replaced: Whether who is missing is a partner who dropped out, and is replaced as the study file declares.
        code: The group's code, where it is played again; "": a new one.
        only: Levels that it is to have, as `giving.only_levels` spells them: for trials.

    Raises:
        MatchingError: "no_group", "no_occupant", "too_many", "no_pair"; "parted": two of them were partners and are to
            be no more, or one does not want to meet the other again. Nothing was made.
    """
    people = [ticket.session.participant_id for ticket in tickets]
    if apart.are_apart(people):
        raise MatchingError("parted", "two who were to sit together are to be kept apart")
    table = table_of(version, game_stage)
    is_filled = len(tickets) < table.plan.humans
    names: Names = {"code": code} if code else names_of(Group, "g", version)
    group = Group(version=version, stage=game_stage, origin=origin, is_filled=is_filled, rounds=0, **names)
    group.pair = pair_for(version, tickets) if table.plan.lasts is not None else None
    insert(group)
    group.condition = giving.at_formation(version, group, people, only)
    group.topic = topic_of(version, table.game, group, [ticket.session for ticket in tickets])
    group.rounds = table.experiment.rounds(table.parameters(group), table.chance("rounds", group))
    update(group, "condition", "topic", "rounds")
    replacement = table.plan.replacement if is_replaced else None
    make_seats(table, group, tickets, fill=stand_ins or table.plan.fill, replacement=replacement)
    facts = {"stage": game_stage, "condition": group.condition, "people": len(tickets), "filled": is_filled}
    log.record(GROUP_FORMED, study=version.study_id, subject=("group", group.pk), facts=facts)
    return group


def run_group(version: Version, game_stage: str, code: str = "", *, condition: str = "") -> Group:
    """Make one group in which nobody sits: every person's seat has a policy.

    Args:
        code: Where it is played again; "": a new one.
        condition: Levels that it is to have, as `giving.only_levels` spells them; others are given out in balance.

    Raises:
        MatchingError: as `seat_group`; "no_occupant" where neither `fill` nor the experiment has a policy.
    """
    table = table_of(version, game_stage)
    stand_ins = table.plan.fill or _any_policy(table)
    return seat_group(
        version, game_stage, [], origin=Group.Origin.RUN, stand_ins=stand_ins, code=code, only=condition
    )  # fmt: skip


def _any_policy(table: Table) -> Fill | None:
    label_as = table.plan.partners.human
    if not table.plan.humans:
        return None
    if label_as is None or not table.experiment.policies:
        raise MatchingError("no_occupant", f"{table.experiment.name} has no policy that could sit in a person's seat")
    return Fill(after_seconds=1, label_as=label_as, policies=list(table.experiment.policies))


def mark_seated(tickets: Iterable[Ticket]) -> None:
    """End the waiting of those who got a seat."""
    for ticket in tickets:
        _end(ticket, Ticket.Status.SEATED)


def _end(ticket: Ticket, status: Ticket.Status) -> None:
    """Paid is the time one was there: until now, or until shortly after the last sign of life."""
    now = clock.now()
    until = min(now, ticket.seen_at + rules.PRESENT)
    ticket.ended_at = now
    ticket.waited_seconds += max(0, ceil((until - ticket.joined_at).total_seconds()))
    _change(ticket, status)


def _change(ticket: Ticket, status: Ticket.Status, wake: Wake | None = None) -> None:
    before, ticket.status = ticket.status, status
    update(ticket, "status", "asked_at", "ready_at", "ended_at", "misses", "waited_seconds")
    _record(ticket, STATUS_EVENT[status], before=before, wake=(wake or {}).get(ticket.session_id))


def _record(ticket: Ticket, kind: str, *, before: str = "", wake: Mapping[str, int] | None = None) -> None:
    facts = {"version": ticket.version_id, "stage": ticket.stage, "session": ticket.session_id}
    facts |= {"before": before} if before else {}
    log.record(kind, study=ticket.version.study_id, subject=("ticket", ticket.pk), facts=facts, wake=wake)
