"""Who holds which condition: the log of allocation over again, and the sequence from its seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.models import Event
from matching.models import Group
from participants.models import Participant
from studies import definition
from studies.allocation import TRIAL, sequence_of
from studies.allocation_plan import block, conditions_of
from studies.models import Allocation, Slot, Version
from verification.inquiry import Inquiry

GROUP, PARTICIPANT = "group", "participant"
Holder = tuple[str, int]
NOBODY: Holder = ("", 0)


@dataclass
class _Sequences:
    """The slots of one version, and who holds them by the log."""

    version: Version
    slots: Mapping[int, Slot]
    codes: Mapping[Holder, str]
    holders: dict[int, Holder] = field(default_factory=dict)

    def where(self, slot: Slot) -> str:
        """A slot by version, sequence and number."""
        return f"{self.version}, {slot.stratum or 'main'} sequence, slot {slot.number}"

    def named(self, holder: Holder) -> str:
        """A holder by code."""
        return "nobody" if holder == NOBODY else self.codes.get(holder, f"a {holder[0]} that is gone")

    def first_free(self, stratum: str) -> int:
        """The lowest number that nobody holds, 0 if there is none."""
        free = (s.number for pk, s in self.slots.items() if s.stratum == stratum and pk not in self.holders)
        return min(free, default=0)


def check_slots(inquiry: Inquiry) -> None:
    """Every slot and every line of the log, version by version."""
    for version in inquiry.versions.values():
        slots = {slot.pk: slot for slot in Slot.objects.filter(version=version).order_by("stratum", "number")}
        codes = {(GROUP, pk): code for pk, code in version.groups.values_list("pk", "code")}
        codes |= {(PARTICIPANT, pk): code for pk, code in version.participants.values_list("pk", "code")}
        sequences = _Sequences(version, slots, codes)
        _check_drawn(inquiry, sequences)
        for line in Allocation.objects.filter(slot__version=version).order_by("pk"):
            _apply(inquiry, sequences, line)
        for pk, slot in slots.items():
            inquiry.report.count("slots")
            told = sequences.named(sequences.holders.get(pk, NOBODY))
            found = sequences.named((slot.holder_kind, slot.holder_id) if slot.holder_id is not None else NOBODY)
            inquiry.report.compare("holder of a slot", sequences.where(slot), told, found)
        _check_holders(inquiry, sequences)


def _check_drawn(inquiry: Inquiry, sequences: _Sequences) -> None:
    """Numbers without a gap, and the conditions that the seed gives."""
    version, study = sequences.version, definition.definition(sequences.version)
    by_sequence: dict[str, list[Slot]] = defaultdict(list)
    for slot in sequences.slots.values():
        by_sequence[slot.stratum].append(slot)
    for stratum, slots in by_sequence.items():
        where = f"{version}, {stratum or 'main'} sequence"
        blocks = sorted({slot.block for slot in slots})
        inquiry.report.compare("blocks of slots", where, list(range(1, len(blocks) + 1)), blocks)
        drawn = [
            condition
            for number in blocks
            for condition in block(
                study.allocation, conditions_of(study),
                seed=version.seed, sequence=f"{version.number}/{stratum}", number=number,
            )
        ]  # fmt: skip
        inquiry.report.compare("numbers of slots", where, list(range(1, len(drawn) + 1)), [s.number for s in slots])
        for slot, condition in zip(slots, drawn, strict=False):
            inquiry.report.compare("condition of a slot", sequences.where(slot), condition, slot.condition)


def _apply(inquiry: Inquiry, sequences: _Sequences, line: Allocation) -> None:
    """One line of the log: what is taken was free and the next, what is returned was held."""
    report, slot, holder = inquiry.report, sequences.slots[line.slot_id], (line.unit, line.unit_id)
    where, before = sequences.where(slot), sequences.holders.get(line.slot_id, NOBODY)
    report.count("allocations")
    if line.act == Allocation.Act.RETURNED:
        report.compare("slot returned by another", where, sequences.named(before), sequences.named(holder))
        sequences.holders.pop(line.slot_id, None)
        return
    if before != NOBODY:
        report.differ("slot taken from its holder", where, "nobody", sequences.named(before))
    elif slot.number != sequences.first_free(slot.stratum):
        report.differ("slot taken before its turn", where, f"slot {sequences.first_free(slot.stratum)}", slot.number)
    if holder in sequences.holders.values():
        report.differ("slot taken by who has one", where, "a holder without a slot", sequences.named(holder))
    sequences.holders[line.slot_id] = holder


def _check_holders(inquiry: Inquiry, sequences: _Sequences) -> None:
    """Whoever reached the treatment holds a slot of the right sequence, and a group's condition is that of its slot."""
    version, held = sequences.version, {holder: pk for pk, holder in sequences.holders.items()}
    rule = definition.definition(version).allocation
    if rule.unit == GROUP:
        for group in version.groups.all().iterator():
            was_treated = group.round > 0 or group.status == Group.Status.ACTIVE
            slot = sequences.slots.get(held.get((GROUP, group.pk), 0))
            if inquiry.report.compare("slot of a group", group.code, was_treated, slot is not None) and slot:
                inquiry.report.compare("condition of a group's slot", group.code, slot.condition, group.condition)
                inquiry.report.compare("sequence of a group", group.code, sequence_of(group.origin), slot.stratum)
        return
    allocated = _allocated(version, rule.at)
    for person in version.participants.all().iterator():
        slot = sequences.slots.get(held.get((PARTICIPANT, person.pk), 0))
        if inquiry.report.compare("slot of a person", person.code, person.pk in allocated, slot is not None) and slot:
            is_trial = sequence_of(person.origin).startswith(TRIAL)
            inquiry.report.compare("sequence of a person", person.code, is_trial, slot.stratum.startswith(TRIAL))


def _allocated(version: Version, at: str) -> Sequence[int] | set[int]:
    """The people of a version who have come to where they are allocated."""
    people = Participant.objects.filter(version=version)
    if at == "entry":
        return set(people.values_list("pk", flat=True))
    closed = Event.objects.filter(kind="stage.closed", subject_kind="session", facts__stage=at)
    sessions = closed.filter(study_id=version.study_id).values("subject_id")
    return set(people.filter(sessions__in=sessions).values_list("pk", flat=True))
