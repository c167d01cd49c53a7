"""Every write about batches. Their groups are made, held and closed under the batch's or the group's lock."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction
from django.db.models import Max

from bots import services as turns
from bots.batches import queries
from bots.batches.rules import Order, Spent
from bots.errors import BotsError
from bots.held import Turn
from bots.models import Batch, BatchGroup
from bots.queries import Address, heard_of
from bots.rules import only_ends, speaks
from events import clock, due
from events.claim import Claim
from flow import lookup
from flow.models import Match
from flow.services import games
from flow.state import MatchState
from matching.models import Group
from matching.services import run_group
from studies import giving
from studies.allocation import lock_named
from studies.models import Version
from studies.problems import StudyError

Status = Batch.Status
log = logging.getLogger("rapport.task")


@transaction.atomic
def order(version: Version, stage: str, wanted: Order) -> tuple[Batch, bool]:
    """The batch that was ordered in the same words and is not over, with this budget from now on; or a new one.

    Returns:
        The batch, and whether it was there before.

    Raises:
        BotsError: "run_condition": groups cannot be given these levels; "run_budget": it is used up already.
    """
    try:
        condition = giving.only_levels(version, wanted.condition)
    except StudyError as error:
        raise BotsError("run_condition", str(error)) from error
    lock_named(f"batches/{version.pk}")  # of two who order the same at once the second joins the first
    mine = Batch.objects.filter(version=version, stage=stage, condition=condition, wanted=wanted.wanted)
    batch = mine.exclude(status=Status.DONE).order_by("number").select_for_update().first()
    if batch is None:
        number = (Batch.objects.filter(version=version).aggregate(last=Max("number"))["last"] or 0) + 1
        batch = Batch(version=version, number=number, stage=stage, condition=condition, wanted=wanted.wanted)
    is_known, was_held = batch.pk is not None, batch.status == Status.HELD
    batch.max_calls, batch.max_cost_usd, batch.status = wanted.budget.calls, wanted.budget.cost_usd, Status.OPEN
    batch.save()
    batch.refresh_from_db()
    if is_known and wanted.budget.is_used_up(spent := queries.spent(batch)):
        text = f"batch {batch.number} has used {spent.calls} calls and {spent.cost_usd} USD: raise its budget to go on"
        raise BotsError("run_budget", text)
    if was_held:
        _ask_again(batch)
    return batch, is_known


def _ask_again(batch: Batch) -> None:
    """Let every seat act that was held. Who has an open turn keeps it."""
    for match in Match.objects.filter(group__in_batch__batch=batch).exclude(path="").select_related("group__version"):
        state = MatchState(match)
        implementation, step = lookup.step_kind(state)
        for place in implementation.acting(state, step):
            seat = state.seats[place.seat]
            heard = heard_of(Address(match.pk, match.path, seat.pk))
            if seat.occupant != "person" and (heard is None or speaks(heard) or only_ends(heard)):
                turns.ask(match, seat.pk)


@transaction.atomic
def next_group(batch: int, *, at_once: int) -> Group | None:
    """Make the next group of a batch and open its first round; None where it has all, or enough are under way.

    Raises:
        MatchingError: the study file lets nobody sit where people are wanted.
    """
    # The lock: of two runners one makes the group, and both count the same.
    row = Batch.objects.select_for_update(of=("self",)).select_related("version__study").get(pk=batch)
    made = row.members.count()
    active = row.members.filter(group__status=Group.Status.ACTIVE).count()
    if row.status != Status.OPEN or made >= row.wanted or active >= at_once:
        return None
    group = run_group(row.version, row.stage, condition=row.condition)
    BatchGroup.objects.create(batch=row, number=made + 1, group=group)
    games.begin(group.pk)
    return group


@transaction.atomic
def finish(batch: int) -> bool:
    """Close a batch all of whose groups are over; whether it is."""
    row = Batch.objects.select_for_update(of=("self",)).select_related("version").get(pk=batch)
    _count(row)
    over = row.members.exclude(group__status=Group.Status.ACTIVE).count()
    if row.status != Status.DONE and over >= row.wanted:
        row.status, row.ended_at = Status.DONE, clock.now()
        row.save(update_fields=["status", "ended_at"])
    return row.status == Status.DONE


def _count(batch: Batch) -> None:
    """Keep what groups have used that are over, and of which no call is under way any more."""
    over = list(queries.not_counted(batch).exclude(group__status=Group.Status.ACTIVE))
    groups = [member.group_id for member in over]
    if not groups:
        return
    used, turns, failed = queries.used_by(batch, groups), queries.turns_of(groups), queries.failures_in(groups)
    for member in over:
        own, group = used.get(member.group_id, Spent()), member.group_id
        if not own.is_open:
            member.calls, member.cost_usd, member.counted_at = own.calls, own.cost_usd, clock.now()
            member.turns, member.failed = turns.get(group, 0), failed[group].total() if group in failed else 0
            member.save(update_fields=["calls", "cost_usd", "turns", "failed", "counted_at"])


def hold_if_used_up(batch: int) -> bool:
    """Hold a batch whose budget is used up; whether it is held. Looked at without a lock first: turns do not queue."""
    now = queries.batch_now(batch)
    if not queries.budget_of(now).is_used_up(queries.spent(now)):
        return now.status == Status.HELD
    return _hold_if_used_up(batch)


@transaction.atomic
def _hold_if_used_up(batch: int) -> bool:
    # The lock: whoever orders it with a higher budget does so before this or after, and is not undone.
    row = Batch.objects.select_for_update(of=("self",)).select_related("version").get(pk=batch)
    if row.status == Status.OPEN and queries.budget_of(row).is_used_up(queries.spent(row)):
        row.status = Status.HELD
        row.save(update_fields=["status"])
    return row.status == Status.HELD


def is_held(turn: Turn) -> bool:
    """Whether a turn may not be taken, since its group is of a batch that may ask nothing more of models.

    Looked at before each turn, in whichever process: those under way then may still end.
    """
    group = turn.row.match.group
    if group.origin != Group.Origin.RUN:
        return False
    batch = Batch.objects.filter(members__group=group).first()
    if batch is None or batch.status == Status.DONE:
        return False
    asks = turn.facts is not None and turn.facts.seat.occupant == "model" and turn.facts.written is None
    has_limit = batch.max_calls is not None or batch.max_cost_usd is not None
    return batch.status == Status.HELD or (asks and has_limit and hold_if_used_up(batch.pk))


@transaction.atomic
def hold(claim: Claim) -> str:
    """Lay a turn down until its batch is ordered again."""
    due.settle(claim, "held")
    return "held"


def close_unanswered(match: Match) -> bool:
    """Close a step at which nobody will act any more, as a model gave nothing usable; whether this call did.

    Groups without people have no time limits: what time decides among people is decided at once. Where the
    experiment's own rules fail the game is broken off, as a last resort does it among people.
    """

    def is_stuck() -> bool:
        # in this order: a turn that was laid down was so after its batch was held
        return not queries.has_open_turns(match) and not _is_held(match.group_id)

    try:
        return games.close_unanswered(match_id=match.pk, rev=match.rev, is_stuck=is_stuck) == "closed"
    except DatabaseError:
        raise
    except Exception:
        log.exception("a game could not go on", extra={"facts": {"match": match.pk, "path": match.path}})
        games.break_off(group_id=match.group_id, settle=lambda: None)
        return True


def _is_held(group: int) -> bool:
    return Batch.objects.filter(members__group=group, status=Status.HELD).exists()
