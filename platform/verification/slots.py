"""Who holds which condition: the log of allocation over again, and the sequences from their seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from events.models import Event
from matching.models import Group
from participants.models import Participant
from studies.allocation import TRIAL, entries, profile_of, sequence_of
from studies.allocation_plan import ONLY, Entry, block, minimised
from studies.minimisation import Profile
from studies.models import Allocation, Slot, Version
from verification.inquiry import Inquiry

GROUP, PARTICIPANT = "group", "participant"
Holder = tuple[str, int, str]
"""Kind, key, and the round, session, item or pair."""
NOBODY: Holder = ("", 0, "")


@dataclass
class _Sequences:
    """The slots of one version, and who holds them by the log."""

    version: Version
    slots: Mapping[int, Slot]
    codes: Mapping[tuple[str, int], str]
    holders: dict[int, Holder] = field(default_factory=dict)

    @cached_property
    def by_sequence(self) -> Mapping[tuple[int, str], Sequence[Slot]]:
        """The slots of each sequence, by entry and stratum, in the order of use."""
        found: dict[tuple[int, str], list[Slot]] = defaultdict(list)
        for slot in self.slots.values():
            found[slot.entry, slot.stratum].append(slot)
        return found

    @cached_property
    def profiles(self) -> Mapping[int, Profile]:
        """The covariates of whoever took each slot, where it was minimised over them."""
        return {pk: profile_of(slot.profile) for pk, slot in self.slots.items()}

    @cached_property
    def by_entry(self) -> dict[tuple[int, Holder], int]:
        """How many slots each holder has of each entry, by the log so far."""
        return defaultdict(int)

    def take(self, slot: Slot, holder: Holder) -> bool:
        """Note who takes a slot; whether they had none."""
        self.holders[slot.pk] = holder
        self.by_entry[slot.entry, holder] += 1
        return self.by_entry[slot.entry, holder] == 1

    def give_back(self, slot: Slot) -> None:
        """Note that a slot is free."""
        if holder := self.holders.pop(slot.pk, None):
            self.by_entry[slot.entry, holder] -= 1

    def entry(self, slot: Slot) -> Entry:
        """The entry of `allocation` that a slot is of."""
        return entries(self.version)[slot.entry]

    def where(self, slot: Slot) -> str:
        """A slot by version, entry, sequence and number."""
        of = f"entry {slot.entry + 1}, " if slot.entry else ""
        return f"{self.version}, {of}{slot.stratum or 'main'} sequence, slot {slot.number}"

    def named(self, holder: Holder) -> str:
        """A holder by code, and place."""
        if holder == NOBODY:
            return "nobody"
        kind, pk, place = holder
        name = "the study" if kind == "study" else self.codes.get((kind, pk), f"a {kind} that is gone")
        return f"{name}, {place}" if place else name

    def of_sequence(self, slot: Slot) -> Sequence[Slot]:
        """All slots of the sequence of a slot."""
        return self.by_sequence[slot.entry, slot.stratum]

    def first_free(self, slot: Slot) -> int:
        """The lowest number of its sequence that nobody holds, 0 if there is none."""
        return next((one.number for one in self.of_sequence(slot) if one.pk not in self.holders), 0)

    def of_whole(self, entry: Entry) -> Mapping[int, Slot]:
        """The slot of an entry that each holder has for itself as a whole, by the holder's key."""
        held = ((self.slots[slot], holder) for slot, holder in self.holders.items())
        return {pk: slot for slot, (_, pk, place) in held if slot.entry == entry.number and not place}


def check_slots(inquiry: Inquiry) -> None:
    """Every slot and every line of the log, version by version."""
    for version in inquiry.versions.values():
        slots = {slot.pk: slot for slot in Slot.objects.filter(version=version).order_by("entry", "stratum", "number")}
        codes = {(GROUP, pk): code for pk, code in version.groups.values_list("pk", "code")}
        codes |= {(PARTICIPANT, pk): code for pk, code in version.participants.values_list("pk", "code")}
        sequences = _Sequences(version, slots, codes)
        _check_drawn(inquiry, sequences)
        for line in Allocation.objects.filter(slot__version=version).order_by("pk"):
            _apply(inquiry, sequences, line)
        for pk, slot in slots.items():
            inquiry.report.count("slots")
            told = sequences.named(sequences.holders.get(pk, NOBODY))
            found = sequences.named(_holder(slot) if slot.holder_id is not None else NOBODY)
            inquiry.report.compare("holder of a slot", sequences.where(slot), told, found)
        for entry in entries(version):
            _check_holders(inquiry, sequences, entry)


def _holder(slot: Slot) -> Holder:
    return slot.holder_kind, slot.holder_id or 0, slot.place


def _check_drawn(inquiry: Inquiry, sequences: _Sequences) -> None:
    """Numbers without a gap, and the conditions that the seed gives; what is minimised is drawn with the log."""
    version = sequences.version
    for (number, stratum), slots in sequences.by_sequence.items():
        entry = entries(version)[number]
        where = f"{version}, {f'entry {number + 1}, ' if number else ''}{stratum or 'main'} sequence"
        blocks = sorted({slot.block for slot in slots})
        inquiry.report.compare("blocks of slots", where, list(range(1, len(blocks) + 1)), blocks)
        count = len(slots)
        if entry.rule.method != "minimisation":
            name = entry.sequence(version.number, stratum)
            drawn = [one for at in blocks for one in block(entry, seed=version.seed, sequence=name, number=at)]
            count = len(drawn)
            for slot, condition in zip(slots, drawn, strict=False):
                inquiry.report.compare("condition of a slot", sequences.where(slot), condition, slot.condition)
        inquiry.report.compare("numbers of slots", where, list(range(1, count + 1)), [s.number for s in slots])


def _apply(inquiry: Inquiry, sequences: _Sequences, line: Allocation) -> None:
    """One line of the log: what is taken was free and the next, what is returned was held."""
    report, slot = inquiry.report, sequences.slots[line.slot_id]
    holder = (sequences.entry(slot).holder, line.unit_id, line.place)
    where, before = sequences.where(slot), sequences.holders.get(line.slot_id, NOBODY)
    report.count("allocations")
    if line.act == Allocation.Act.RETURNED:
        report.compare("slot returned by another", where, sequences.named(before), sequences.named(holder))
        sequences.give_back(slot)
        return
    if before != NOBODY:
        report.differ("slot taken from its holder", where, "nobody", sequences.named(before))
    elif sequences.entry(slot).rule.method == "minimisation":
        _check_minimised(inquiry, sequences, slot)
    elif slot.number != sequences.first_free(slot):
        report.differ("slot taken before its turn", where, f"slot {sequences.first_free(slot)}", slot.number)
    if not sequences.take(slot, holder):
        report.differ("slot taken by who has one", where, "a holder without a slot", sequences.named(holder))


def _check_minimised(inquiry: Inquiry, sequences: _Sequences, slot: Slot) -> None:
    """What those who held one by then, the newcomer's covariates and the seed give."""
    version, entry = sequences.version, sequences.entry(slot)
    others = [one for one in sequences.of_sequence(slot) if one.pk in sequences.holders]
    condition = minimised(
        entry,
        [(one.condition, sequences.profiles[one.pk]) for one in others],
        sequences.profiles[slot.pk],
        seed=version.seed,
        sequence=entry.sequence(version.number, slot.stratum),
        number=slot.number,
    )
    inquiry.report.compare("condition of a slot", sequences.where(slot), condition, slot.condition)


def _check_holders(inquiry: Inquiry, sequences: _Sequences, entry: Entry) -> None:
    """Whoever reached the treatment holds a slot of the right sequence."""
    if entry.rule.unit == GROUP and not entry.has_moment:
        _check_groups(inquiry, sequences, entry)
    elif entry.rule.unit == PARTICIPANT and isinstance(entry.rule.at, str):
        _check_people(inquiry, sequences, entry, entry.rule.at)


def _check_groups(inquiry: Inquiry, sequences: _Sequences, entry: Entry) -> None:
    held = sequences.of_whole(entry)
    for group in sequences.version.groups.all().iterator():
        was_treated = group.round > 0 or group.status == Group.Status.ACTIVE
        slot = held.get(group.pk)
        if inquiry.report.compare("slot of a group", group.code, was_treated, slot is not None) and slot:
            sequence = slot.stratum.partition(ONLY)[0]  # trials may be ordered under some levels
            inquiry.report.compare("sequence of a group", group.code, sequence_of(group.origin), sequence)


def _check_people(inquiry: Inquiry, sequences: _Sequences, entry: Entry, at: str) -> None:
    allocated, held = _allocated(sequences.version, at), sequences.of_whole(entry)
    for person in sequences.version.participants.all().iterator():
        slot = held.get(person.pk)
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
