"""Who holds which condition, as the slots have it."""

from collections import Counter
from typing import Protocol

from studies.allocation import TRIAL, entries, held
from studies.allocation_plan import levels_at
from studies.definition import version_of
from studies.models import Slot, Version, condition_of


class Holder(Protocol):
    """A participant or a group."""

    pk: int


def condition_held(holder: Holder, *, unit: str = "participant") -> str:
    """The condition that a participant (or group) was allocated to; "" before, and where nothing is manipulated."""
    slots = list(Slot.objects.filter(holder_kind=unit, holder_id=holder.pk))
    if not slots:
        return ""
    return condition_of(levels_at(entries(version_of(slots[0].version_id)), [held(slot) for slot in slots]))


def holders_by_condition(version: Version) -> dict[str, int]:
    """How many hold each condition of the first entry now, trials aside."""
    taken = Slot.objects.filter(holder_id__isnull=False, version=version, entry=0).exclude(stratum__startswith=TRIAL)
    found = Counter(taken.values_list("condition", flat=True))
    return {condition: found[condition] for condition in entries(version)[0].conditions}
