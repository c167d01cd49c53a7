"""Who gets which condition: the next free slot of a seeded sequence, and a log of every taking and returning.

Verbs run in the caller's transaction, before the caller locks a group: slot → group → ticket or session. What is drawn
while a group plays is drawn under that group's lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from events.prepared import Given, insert, insert_all, prepared, run, update
from studies import definition
from studies.allocation_plan import ONLY, Entry, Held, block, entries_of, minimised
from studies.models import Allocation, Slot, Version, condition_of, levels_of
from studies.problems import StudyError
from studies.schema_allocation import Unit

RECRUITED = ("live", "link")
"""Origins of groups and of people that count. All others are trials."""
TRIAL = "~"  # no item's id begins with it, so no stratum does
_entries: dict[str, list[Entry]] = {}  # by the sha256 of the definition, which is frozen


@dataclass(frozen=True)
class Draw:
    """What is drawn, where that is not the one condition of a unit.

    Args:
        entry: Number of the entry of `allocation`; None: the first one of the unit.
        place: The holder's round, session or item ("3"), or pair ("2-5").
        profile: Answers to the covariates, as `stratum_of` spells them.
        since: From when it holds, "round 3"; "" for what the entry says.
    """

    entry: int | None = None
    place: str = ""
    profile: str = ""
    since: str = ""


def entries(version: Version) -> list[Entry]:
    """The entries of a version's `allocation`, in order."""
    found = _entries.get(version.sha256)
    if found is None:
        if len(_entries) >= definition.MOST_PARSED:
            _entries.clear()
        found = _entries[version.sha256] = entries_of(definition.definition(version))
    return found


def take_slot(version: Version, *, unit: Unit, unit_id: int, stratum: str = "", draw: Draw = Draw()) -> str:
    """Give a unit the lowest free slot of its stratum, returned ones first, and log it.

    Minimisation has no free slots: each is made, with its condition, when it is taken.

    Args:
        unit_id: Primary key of the group, participant or study that holds it. Who has a slot already keeps it.
        stratum: The sequence to take from, as `sequence_of` spells it.

    Returns:
        The condition, "label=hidden"; an order of them for a Latin square; "" where nothing is manipulated.

    Raises:
        StudyError: "unit", when the study allocates other kinds of units.
        RuntimeError: outside a transaction.
    """
    entry = _entry(version, unit, draw)
    _lock_sequence(version, entry, stratum)
    mine: dict[str, Any] = {"kind": entry.holder, "holder": unit_id, "place": draw.place}
    held = _held.first(version=version.pk, entry=entry.number, **mine)
    if held:
        return held.condition
    slot = _next(version, entry, stratum, draw.profile)
    slot.holder_kind, slot.holder_id, slot.place = entry.holder, unit_id, draw.place
    update(slot, "holder_kind", "holder_id", "place")
    facts: dict[str, Any] = {"unit": unit, "unit_id": unit_id, "place": draw.place, "since": draw.since or entry.since}
    insert(Allocation(slot=slot, act=Allocation.Act.TAKEN, **facts))
    return slot.condition


@prepared
def _held(version: Given, entry: Given, kind: Given, holder: Given, place: Given) -> QuerySet[Slot]:
    return Slot.objects.filter(version=version, entry=entry, holder_kind=kind, holder_id=holder, place=place)


def return_slot(version: Version, *, unit: Unit, unit_id: int, reason: str) -> bool:
    """Put a unit's slots back, so that each is the next to be taken. Only for who never reached the treatment.

    What was minimised is not taken again: who comes next has other covariates, and other numbers to be alike to.

    Returns:
        Whether the unit had one.
    """
    of = [entry for entry in entries(version) if entry.rule.unit == unit]
    returned = [_return(version, entry, unit_id, reason) for entry in of]
    return any(returned)


def _return(version: Version, entry: Entry, unit_id: int, reason: str) -> bool:
    mine: dict[str, Any] = {"holder_kind": entry.holder, "holder_id": unit_id}
    held = Slot.objects.filter(version=version, entry=entry.number, **mine).first()
    if held is None:
        return False
    _lock_sequence(version, entry, held.stratum)
    slot = Slot.objects.filter(pk=held.pk, **mine).first()
    if slot is None:  # somebody else returned it while we waited for the lock
        return False
    facts: dict[str, Any] = {"unit": entry.rule.unit, "unit_id": unit_id, "place": slot.place, "since": entry.since}
    slot.holder_kind, slot.holder_id, slot.place = "", None, ""
    slot.save(update_fields=["holder_kind", "holder_id", "place"])
    Allocation.objects.create(slot=slot, act=Allocation.Act.RETURNED, reason=reason, **facts)
    return True


def held(slot: Slot) -> Held:
    """A slot as the plan sees it."""
    return Held(slot.entry, slot.place, slot.condition)


def stratum_of(answers: dict[str, str]) -> str:
    """The name of a stratum: answers by item, "gender=woman,site=north"."""
    return condition_of(answers)


def profile_of(stratum: str) -> dict[str, str]:
    """The inverse of `stratum_of`."""
    return levels_of(stratum)


def sequence_of(origin: str, stratum: str = "") -> str:
    """The sequence that a unit draws from: its stratum's, "gender=woman"; for trials one of their own, "~demo".

    Whatever is tried out beforehand thus leaves the randomisation of the real data as it was drawn.

    Args:
        origin: Of the group or participant.
        stratum: Answers that the allocation is stratified by, as `stratum_of` spells them, or the code of the group or
            person within which rounds, pairs, sessions or items are balanced.
    """
    if origin in RECRUITED:
        return stratum
    return f"{TRIAL}{origin},{stratum}" if stratum else f"{TRIAL}{origin}"


def sequence_with(sequence: str, factors: Sequence[str], only: str) -> str:
    """The sequence of trials that are to have some levels: one of its own, in which no others are drawn.

    Args:
        factors: Those that the sequence gives.
        only: Levels, "label=hidden"; "" leaves the sequence as it is.
    """
    own = condition_of({name: level for name, level in levels_of(only).items() if name in factors})
    return f"{sequence}{ONLY}{own}" if own else sequence


def _entry(version: Version, unit: Unit, draw: Draw) -> Entry:
    known = entries(version)
    found = [one for one in known if one.rule.unit == unit and draw.entry in (None, one.number)]
    if not found:
        units = " and ".join(dict.fromkeys(one.rule.unit for one in known))
        raise StudyError("unit", f"{version} allocates by {units}, not by {unit}")
    return found[0]


def _lock_sequence(version: Version, entry: Entry, stratum: str) -> None:
    """One unit at a time takes from a sequence: two would both see the same slot free, or make the same block twice."""
    lock_named(f"slots/{version.pk}/{entry.number}/{stratum}")


def lock_named(name: str) -> None:
    """Wait for whoever has a lock of this name, and keep it until the transaction ends.

    Raises:
        RuntimeError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("slots are taken and returned in the transaction that needs them")
    run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _next(version: Version, entry: Entry, stratum: str, profile: str) -> Slot:
    """The slot that is taken now."""
    if entry.rule.method == "minimisation":
        return _minimised(version, entry, stratum, profile)
    free = _free.first(version=version.pk, entry=entry.number, stratum=stratum)
    return free or _make_block(version, entry, stratum)


@prepared
def _free(version: Given, entry: Given, stratum: Given) -> QuerySet[Slot]:
    slots = Slot.objects.filter(version=version, entry=entry, stratum=stratum, holder_id__isnull=True)
    return slots.order_by("number")[:1]


def _make_block(version: Version, entry: Entry, stratum: str) -> Slot:
    """Write the next block of the sequence; returns its first slot."""
    of: dict[str, Any] = {"version": version, "entry": entry.number, "stratum": stratum}
    block_before, after = _last.first(**of | {"version": version.pk}) or (0, 0)
    number = block_before + 1
    conditions = block(entry, seed=version.seed, sequence=entry.sequence(version.number, stratum), number=number)
    slots = [
        Slot(**of, number=after + at, block=number, condition=condition)
        for at, condition in enumerate(conditions, start=1)
    ]
    return insert_all(slots)[0]


@prepared
def _last(version: Given, entry: Given, stratum: Given) -> QuerySet[Slot, tuple[int, int]]:
    """The block and the number of the last slot of a sequence."""
    slots = Slot.objects.filter(version=version, entry=entry, stratum=stratum)
    return slots.order_by("-number").values_list("block", "number")[:1]


def _minimised(version: Version, entry: Entry, stratum: str, profile: str) -> Slot:
    """Write the next slot of the sequence, with the condition that keeps those who hold one most alike."""
    of: dict[str, Any] = {"version": version, "entry": entry.number, "stratum": stratum}
    made = Slot.objects.filter(**of)
    number = (made.aggregate(Max("number"))["number__max"] or 0) + 1
    holding = made.filter(holder_id__isnull=False).values_list("condition", "profile")
    condition = minimised(
        entry, [(one, profile_of(its)) for one, its in holding], profile_of(profile),
        seed=version.seed, sequence=entry.sequence(version.number, stratum), number=number,
    )  # fmt: skip
    return Slot.objects.create(**of, number=number, block=number, condition=condition, profile=profile)
