"""Reads about batches: what is under way, what is open in it, what it has used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, QuerySet

from bots.batches.rules import Budget, Line, Progress, Spent
from bots.models import Batch, BatchGroup, BotTurn, FailedTurn
from bots.queries import TAKE_TURN, open_turns
from events import clock
from events.models import Due
from flow.models import Match
from matching.models import Group

_USED = """
SELECT m.group_id, count(*), coalesce(sum(coalesce(ch.usd, ch.most_usd, c.cost_usd)), 0)
FROM llm_call c
LEFT JOIN llm_charge ch ON ch.call_id = c.id
JOIN bots_botturn t ON t.id = substring(c.scope from '/turn:([0-9]+)')::bigint
JOIN flow_match m ON m.id = t.match_id
JOIN bots_batchgroup g ON g.group_id = m.group_id
WHERE g.batch_id = %s AND c.at >= %s AND c.scope LIKE 'study:%%'
GROUP BY m.group_id
"""


def budget_of(batch: Batch) -> Budget:
    """What a batch may use."""
    return Budget(batch.max_calls, batch.max_cost_usd)


def used_by_group(batch: Batch) -> Mapping[int, Spent]:
    """What each group of a batch has asked of models; those that asked nothing are not there."""
    with connection.cursor() as cursor:
        cursor.execute(_USED, [batch.pk, batch.begun_at])
        return {group: Spent(calls, Decimal(cost)) for group, calls, cost in cursor.fetchall()}


def spent(batch: Batch) -> Spent:
    """What a batch has asked of models; of calls under way, and of those that may have been billed, the most."""
    used = used_by_group(batch).values()
    return Spent(sum(one.calls for one in used), sum((one.cost_usd for one in used), Decimal(0)))


def under_way(batch: int) -> list[int]:
    """Keys of the groups of a batch that are not over, oldest first."""
    members = BatchGroup.objects.filter(batch=batch, group__status=Group.Status.ACTIVE)
    return list(members.order_by("number").values_list("group_id", flat=True))


def progress_of(batch: Batch) -> Progress:
    """How far a batch has come."""
    statuses: QuerySet[BatchGroup, tuple[str, int]] = (
        BatchGroup.objects.filter(batch=batch).values_list("group__status").annotate(Count("pk"))
    )
    counted = dict(statuses)
    turns = BotTurn.objects.filter(match__group__in_batch__batch=batch).exclude(outcome=BotTurn.Outcome.OPEN).count()
    used = spent(batch)
    failed = sum(reasons.total() for reasons in failures(batch).values())
    return Progress(
        wanted=batch.wanted,
        complete=counted.get(Group.Status.COMPLETE, 0),
        ended=counted.get(Group.Status.ENDED, 0),
        turns=turns,
        failed=failed,
        calls=used.calls,
        cost_usd=used.cost_usd,
        batch=batch.number,
    )


def has_open_turns(match: Match) -> bool:
    """Whether a turn of the open step is still to be taken, or in somebody's hand."""
    key = f"{match.pk}:{match.rev}:"
    return Due.objects.filter(reaction=TAKE_TURN, outcome="", key__startswith=key).exists()


def are_left_lying(groups: Sequence[int]) -> bool:
    """Whether a turn of some groups is due, and nobody has it in hand: one that waits to ask once more is not."""
    rows = Due.objects.filter(pk__in=open_turns(groups), run_after__lte=clock.now())
    return rows.filter(Q(lease_until=None) | Q(lease_until__lt=clock.now())).exists()


def unanswered(groups: Sequence[int]) -> list[Match]:
    """Matches of some groups that are at a step at which nobody will act any more."""
    matches = Match.objects.filter(group_id__in=groups).exclude(path="").order_by("pk")
    return [match for match in matches if not has_open_turns(match)]


def failures(batch: Batch) -> Mapping[int, Counter[str]]:
    """For each group of a batch in which something failed: why, and how often; of models and of policies."""
    of_batch = "turn__match__group__in_batch__batch"
    by_model = FailedTurn.objects.filter(**{of_batch: batch}).values_list("turn__match__group", "error_code")
    by_others = BotTurn.objects.filter(
        match__group__in_batch__batch=batch, outcome=BotTurn.Outcome.FAILED, failures__isnull=True
    ).values_list("match__group", "error_code")
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for group, reason in (*by_model, *by_others):
        found[group][reason or "unknown"] += 1
    return found


def lines_of(batch: Batch) -> list[Line]:
    """What came of a batch, condition by condition, and of all of it last."""
    used = used_by_group(batch)
    turns = dict(
        BotTurn.objects.filter(match__group__in_batch__batch=batch).exclude(outcome=BotTurn.Outcome.OPEN)
        .values_list("match__group").annotate(Count("pk"))
    )  # fmt: skip
    groups: dict[str, list[Group]] = defaultdict(list)
    for group in Group.objects.filter(in_batch__batch=batch).order_by("condition", "pk"):
        groups[group.condition].append(group)
    failed = {group: reasons.total() for group, reasons in failures(batch).items()}
    counts = (used, turns, failed)
    found = [_line(condition, own, counts) for condition, own in groups.items()]
    everybody = [group for own in groups.values() for group in own]
    return [*(found if len(found) > 1 else []), _line("all", everybody, counts)]


_Counts = tuple[Mapping[int, Spent], Mapping[int, int], Mapping[int, int]]
"""By group: what it asked of models, its turns, and how many of them failed."""


def _line(condition: str, groups: Sequence[Group], counts: _Counts) -> Line:
    used, turns, failed = counts
    now = clock.now()
    statuses = [group.status for group in groups]
    own = [used.get(group.pk, Spent()) for group in groups]
    begun = min((group.formed_at for group in groups), default=now)
    over = max((group.ended_at or now for group in groups), default=now)
    return Line(
        condition=condition,
        complete=statuses.count(Group.Status.COMPLETE),
        ended=statuses.count(Group.Status.ENDED),
        under_way=statuses.count(Group.Status.ACTIVE),
        turns=sum(turns.get(group.pk, 0) for group in groups),
        failed=sum(failed.get(group.pk, 0) for group in groups),
        calls=sum(one.calls for one in own),
        cost_usd=sum((one.cost_usd for one in own), Decimal(0)),
        minutes=(over - begun).total_seconds() / 60,
    )
