"""How long what a study keeps of people is kept, what is overdue, and what was purged. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import clock
from events.models import Event
from studies import definition
from studies.models import Study
from studies.queries import closed_at
from studies.schema_retention import CLASSES, OURS, Class

PURGED = "study.purged"


@dataclass(frozen=True)
class Kept:
    """One class of what is kept.

    Attributes:
        days: After closing; None: for good.
        is_ours: Whether no study file says so, and our default holds.
        due_at: From when on it must go; None while collection goes on, and where it is kept for good.
        purged_at: When it was purged for the last time.
    """

    rule: Class
    days: int | None
    is_ours: bool
    due_at: datetime | None
    purged_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should be gone, and nobody has purged it since."""
        if self.due_at is None or now < self.due_at:
            return False
        return self.purged_at is None or self.purged_at < self.due_at


def kept_of(study: Study) -> list[Kept]:
    """Every class, in a fixed order. Of versions that say otherwise the shortest time holds: somebody was told it."""
    closed, done, said = closed_at(study), purges_of(study), _said(study)
    is_ours, found = not _is_said(study), []
    for rule in CLASSES:
        days = min((one for one in said[rule] if one is not None), default=None)
        due_at = closed + timedelta(days=days) if closed is not None and days is not None else None
        found.append(Kept(rule, days, is_ours, due_at, done.get(rule)))
    return found


def overdue(study: Study) -> list[Kept]:
    """What should be gone by now, and is not purged."""
    if closed_at(study) is None:
        return []
    now = clock.now()
    return [one for one in kept_of(study) if one.is_overdue(now)]


def purges_of(study: Study) -> Mapping[str, datetime]:
    """Class → when it was purged to the end for the last time; those that never were are not in it."""
    events = Event.objects.filter(kind=PURGED, subject_kind="study", subject_id=study.pk).order_by("pk")
    return {event.facts["what"]: event.at for event in events}


def begun_of(study: Study) -> frozenset[str]:
    """The classes of which something was purged, be it not to the end."""
    rules = study.tombstones.filter(rule__in=CLASSES).values_list("rule", flat=True)
    return frozenset(rules.distinct()) | frozenset(purges_of(study))


def _said(study: Study) -> Mapping[Class, Sequence[int | None]]:
    rules = [definition.definition(version).retention or OURS for version in study.versions.all()] or [OURS]
    return {name: [rule.days(name) for rule in rules] for name in CLASSES}


def _is_said(study: Study) -> bool:
    return any(definition.definition(version).retention is not None for version in study.versions.all())
