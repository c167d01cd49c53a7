"""Reads about batches: what is under way, what is open in it, what it has used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from bots.batches.rules import Budget, Line, Progress, Spent
from bots.models import Batch, BatchGroup, BotTurn, FailedTurn
from bots.queries import TAKE_TURN, open_turns
from bots.scopes import turns_of_study
from events import clock
from events.models import Due
from flow.models import Match
from matching.models import Group

_USED = """
SELECT m.group_id, count(*), coalesce(sum(coalesce(ch.usd, ch.most_usd, c.cost_usd)), 0), bool_or(c.outcome = 'open')
FROM flow_match m
JOIN bots_botturn t ON t.match_id = m.id
JOIN llm_call c ON c.scope ~>=~ (%s || t.id || ':') AND c.scope ~<~ (%s || t.id || ';')
LEFT JOIN llm_charge ch ON ch.call_id = c.id
WHERE m.group_id = ANY(%s)
GROUP BY m.group_id
"""
"""By the beginning of a call's key, which has an index of its own: ";" is what comes after ":"."""


def batch_now(batch: int) -> Batch:
    """A batch as it stands: somebody may have ordered it with another budget meanwhile."""
    return Batch.objects.select_related("version").get(pk=batch)


def budget_of(batch: Batch) -> Budget:
    """What a batch may use."""
    return Budget(batch.max_calls, batch.max_cost_usd)


def used_by(batch: Batch, groups: Sequence[int]) -> Mapping[int, Spent]:
    """What each of some groups has asked of models; those that asked nothing are not there."""
    turn = turns_of_study(batch.version.study_id)
    with connection.cursor() as cursor:
        cursor.execute(_USED, [turn, turn, list(groups)])
        return {
            group: Spent(calls, Decimal(cost), is_open=is_open) for group, calls, cost, is_open in cursor.fetchall()
        }


def not_counted(batch: Batch) -> QuerySet[BatchGroup]:
    """The groups whose use is not kept yet: those that are under way, and those that were a moment ago."""
    return BatchGroup.objects.filter(batch=batch, counted_at=None)


def spent(batch: Batch) -> Spent:
    """What a batch has asked of models; of calls under way, and of those that may have been billed, the most.

    Of groups that are over it is kept, so that a long batch is not added up anew before each of its turns.
    """
    kept = BatchGroup.objects.filter(batch=batch).aggregate(calls=Sum("calls"), usd=Sum("cost_usd"))
    used = used_by(batch, list(not_counted(batch).values_list("group", flat=True))).values()
    calls = (kept["calls"] or 0) + sum(one.calls for one in used)
    return Spent(calls, sum((one.cost_usd for one in used), kept["usd"] or Decimal(0)))


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
    kept = BatchGroup.objects.filter(batch=batch).aggregate(turns=Sum("turns"), failed=Sum("failed"))
    open_groups = list(not_counted(batch).values_list("group", flat=True))
    used = spent(batch)
    return Progress(
        wanted=batch.wanted,
        complete=counted.get(Group.Status.COMPLETE, 0),
        ended=counted.get(Group.Status.ENDED, 0),
        turns=(kept["turns"] or 0) + sum(turns_of(open_groups).values()),
        failed=(kept["failed"] or 0) + sum(reasons.total() for reasons in failures_in(open_groups).values()),
        calls=used.calls,
        cost_usd=used.cost_usd,
        batch=batch.number,
    )


def turns_of(groups: Sequence[int]) -> Mapping[int, int]:
    """How many turns of each of some groups have an outcome; those without one are not there."""
    over = BotTurn.objects.filter(match__group__in=groups).exclude(outcome=BotTurn.Outcome.OPEN)
    return dict(over.values_list("match__group").annotate(Count("pk")))


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
    keys = Due.objects.filter(pk__in=open_turns(groups)).values_list("key", flat=True)
    busy = {key.rpartition(":")[0] for key in keys}  # whoever closes one looks at it once more, under its lock
    return [match for match in matches if f"{match.pk}:{match.rev}" not in busy]


def failures(batch: Batch) -> Mapping[int, Counter[str]]:
    """For each group of a batch in which something failed: why, and how often; of models and of policies."""
    return failures_in(list(BatchGroup.objects.filter(batch=batch).values_list("group", flat=True)))


def failures_in(groups: Sequence[int]) -> Mapping[int, Counter[str]]:
    """The same of some groups."""
    by_model = FailedTurn.objects.filter(turn__match__group__in=groups).values_list("turn__match__group", "error_code")
    by_others = BotTurn.objects.filter(
        match__group__in=groups, outcome=BotTurn.Outcome.FAILED, failures__isnull=True
    ).values_list("match__group", "error_code")
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for group, reason in (*by_model, *by_others):
        found[group][reason or "unknown"] += 1
    return found


def lines_of(batch: Batch) -> list[Line]:
    """What came of a batch, condition by condition, and of all of it last."""
    members = list(BatchGroup.objects.filter(batch=batch).values_list("group", flat=True))
    used, turns = used_by(batch, members), turns_of(members)
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
