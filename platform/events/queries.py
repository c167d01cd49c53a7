"""What is late, what waits, who is alive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, Min, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Greatest

from events import clock
from events.models import Beat, Due
from events.prepared import Given, prepared

QUEUES = ("bots", "jobs")


def status() -> dict[str, Any]:
    """For /statusz: rows and lateness per queue, and how long ago each part was heard of."""
    now = clock.now()
    return {
        "queues": {queue: _queue(queue, now) for queue in QUEUES},
        "beats": {
            beat.name: {"age_seconds": _seconds(now, beat.at), **beat.facts} for beat in Beat.objects.order_by("name")
        },
        "is_simulated": clock.is_simulated(),
    }


def beats_of(*names: str) -> dict[str, Beat]:
    """The last signs of some parts, by name; of those that never gave one there is none."""
    return {beat.name: beat for beat in Beat.objects.filter(name__in=names)}


def _queue(queue: str, now: datetime) -> dict[str, Any]:
    rows = Due.objects.filter(queue=queue)
    open_rows = rows.filter(outcome="")
    overdue = open_rows.filter(run_after__lte=now).exclude(lease_until__gt=now)
    oldest = overdue.aggregate(oldest=Min("run_after"), count=Count("id"))
    return {
        "open": open_rows.count(),
        "in_hand": open_rows.filter(lease_until__gt=now).count(),
        "overdue": oldest["count"],
        "oldest_overdue_seconds": _seconds(now, oldest["oldest"]) if oldest["oldest"] else 0.0,
        "failed": rows.filter(outcome="failed").count(),
    }


def _seconds(now: datetime, then: datetime) -> float:
    return round((now - then).total_seconds(), 3)


def work_about(study: int, things: Mapping[str, QuerySet[Any]]) -> QuerySet[Due]:
    """Work of a study: caused by an event of it, or about something that belongs to it.

    Args:
        study: Primary key.
        things: The study's rows by the name under which facts hold their key ("match", "session"): deadlines have
            no event.
    """
    ours = Q(event__study_id=study)
    named: dict[str, Any] = {}
    for name, rows in things.items():
        named[f"{name}_id"] = Cast(KeyTextTransform(name, "facts"), BigIntegerField())
        ours |= Q(**{"event": None, f"{name}_id__in": rows.values("pk")})
    return Due.objects.alias(**named).filter(ours)


def agenda(*, limit: int) -> dict[int, datetime]:
    """The ids of open rows of both queues, with the instants from which each can be claimed, in that order."""
    from events.due import MAX_ATTEMPTS

    rows = Due.objects.filter(outcome="", attempts__lt=MAX_ATTEMPTS)
    free = rows.annotate(at=Greatest(F("run_after"), F("lease_until")))  # PostgreSQL's ignores what is null
    return dict(free.order_by("at", "pk").values_list("pk", "at")[:limit])


def overdue_count(queue: str, *, late_by_seconds: float) -> int:
    """How many free rows of `queue` have been due for longer than `late_by_seconds`."""
    from events.due import upcoming

    return len(upcoming(queue, within_seconds=0.0, limit=100, late_by_seconds=late_by_seconds).run_after)


def seconds_to_next(queue: str, *, within_seconds: float) -> float:
    """Until the next free row of `queue` falls due, at most `within_seconds`; what is due already does not count."""
    planned = _planned.first(queue=queue)
    return within_seconds if planned is None else min(within_seconds, (planned[0] - planned[1]).total_seconds())


@prepared
def _planned(queue: Given) -> QuerySet[Due, tuple[datetime, datetime]]:
    """When the next row of a queue falls due, and what time it is."""
    planned = Due.objects.filter(queue=queue, outcome="", run_after__gt=clock.RapportNow()).order_by("run_after")
    return planned.annotate(now=clock.RapportNow()).values_list("run_after", "now")[:1]
