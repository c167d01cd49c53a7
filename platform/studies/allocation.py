"""Who gets which condition: the next free slot of a seeded sequence, and a log of every taking and returning.

Verbs run in the caller's transaction, before the caller locks a group: slot → group → ticket or session.
"""

from typing import Literal, Protocol

from django.db import connection
from django.db.models import Max, Q

from studies import definition
from studies.allocation_plan import block, conditions_of
from studies.models import Allocation, Slot, Version
from studies.problems import StudyError

Unit = Literal["group", "participant"]
RECRUITED = ("live", "link")
"""Origins of groups and of people that count. All others are trials."""
TRIAL = "~"  # no item's id begins with it, so no stratum does


class Holder(Protocol):
    """A participant or a group, seen from here: a row with a primary key."""

    pk: int


def take_slot(version: Version, *, unit: Unit, unit_id: int, stratum: str = "") -> str:
    """Give a unit the lowest free slot of its stratum, returned ones first, and log it.

    Args:
        unit_id: Primary key of the group or participant. A unit that has a slot already keeps it.
        stratum: The sequence to take from, as `sequence_of` spells it.

    Returns:
        The condition, "label=hidden"; "" where nothing is manipulated.

    Raises:
        StudyError: "unit", when the study allocates another kind of unit.
        RuntimeError: outside a transaction.
    """
    study = definition.definition(version)
    if study.allocation.unit != unit:
        raise StudyError("unit", f"{version} allocates by {study.allocation.unit}, not by {unit}")
    _lock_sequence(version, stratum)
    held = Slot.objects.filter(holder_kind=unit, holder_id=unit_id).first()
    if held:
        return held.condition
    slot = _next_free(version, stratum) or _make_block(version, stratum)
    slot.holder_kind, slot.holder_id = unit, unit_id
    slot.save(update_fields=["holder_kind", "holder_id"])
    Allocation.objects.create(slot=slot, unit=unit, unit_id=unit_id, act=Allocation.Act.TAKEN)
    return slot.condition


def return_slot(version: Version, *, unit: Unit, unit_id: int, reason: str) -> bool:
    """Put a slot back, so that it is the next to be taken. Only for a unit that never reached the treatment.

    Returns:
        Whether the unit had one.
    """
    held = Slot.objects.filter(version=version, holder_kind=unit, holder_id=unit_id).first()
    if held is None:
        return False
    _lock_sequence(version, held.stratum)
    slot = Slot.objects.filter(pk=held.pk, holder_kind=unit, holder_id=unit_id).first()
    if slot is None:  # somebody else returned it while we waited for the lock
        return False
    slot.holder_kind, slot.holder_id = "", None
    slot.save(update_fields=["holder_kind", "holder_id"])
    Allocation.objects.create(slot=slot, unit=unit, unit_id=unit_id, act=Allocation.Act.RETURNED, reason=reason)
    return True


def condition_of(holder: Holder, *, unit: Unit = "participant") -> str:
    """The condition that a participant (or group) was allocated to; "" before, and where nothing is manipulated."""
    slot = Slot.objects.filter(holder_kind=unit, holder_id=holder.pk).first()
    return slot.condition if slot else ""


def stratum_of(answers: dict[str, str]) -> str:
    """The name of a stratum: answers by item, "gender=woman,site=north"."""
    return ",".join(f"{item}={answers[item]}" for item in sorted(answers))


def sequence_of(origin: str, stratum: str = "") -> str:
    """The sequence that a unit draws from: its stratum's, "gender=woman"; for trials one of their own, "~demo".

    Whatever is tried out beforehand thus leaves the randomisation of the real data as it was drawn.

    Args:
        origin: Of the group or participant.
        stratum: Answers that the allocation is stratified by, as `stratum_of` spells them.
    """
    if origin in RECRUITED:
        return stratum
    return f"{TRIAL}{origin},{stratum}" if stratum else f"{TRIAL}{origin}"


def _lock_sequence(version: Version, stratum: str) -> None:
    """One unit at a time takes from a sequence: two would both see the same slot free, or make the same block twice."""
    if not connection.in_atomic_block:
        raise RuntimeError("slots are taken and returned in the transaction that needs them")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slots/{version.pk}/{stratum}"])


def _next_free(version: Version, stratum: str) -> Slot | None:
    free = Slot.objects.filter(version=version, stratum=stratum, holder_id__isnull=True)
    return free.order_by("number").first()


def _make_block(version: Version, stratum: str) -> Slot:
    """Write the next block of the sequence; returns its first slot."""
    study = definition.definition(version)
    last = Slot.objects.filter(version=version, stratum=stratum).aggregate(Max("block"), Max("number"))
    number, after = (last["block__max"] or 0) + 1, last["number__max"] or 0
    sequence = f"{version.number}/{stratum}"
    conditions = block(study.allocation, conditions_of(study), seed=version.seed, sequence=sequence, number=number)
    slots = [
        Slot(version=version, stratum=stratum, number=after + at, block=number, condition=condition)
        for at, condition in enumerate(conditions, start=1)
    ]
    return Slot.objects.bulk_create(slots)[0]


def balance(version: Version) -> dict[str, int]:
    """How many units hold each condition now, trials aside."""
    held = Slot.objects.filter(~Q(holder_id=None), version=version).exclude(stratum__startswith=TRIAL)
    found = dict.fromkeys(conditions_of(definition.definition(version)), 0)
    for condition in held.values_list("condition", flat=True):
        found[condition] += 1
    return found
