"""Whether conditions came out as planned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matching.models import Group
from participants.models import Consent, Participant
from simulation.figures import percent
from simulation.sections import Column, Section, counted
from studies import definition
from studies.allocation import TRIAL, entries
from studies.allocation_plan import Entry
from studies.balance import WITHIN, Fate, Line, balance_table, most_apart
from studies.masking.arms import Arms
from studies.models import Slot, Study, Version

UNITS = {
    "study": ("study", "studies"),
    "group": ("group", "groups"),
    "participant": ("person", "people"),
    "pair": ("pair", "pairs"),
    "session": ("session", "sessions"),
    "round": ("round", "rounds"),
    "item": ("item", "items"),
}
UNMANIPULATED = "(nothing is manipulated)"
MASKED = "Letters stand for conditions while data come in."
COLUMNS = [
    Column("unit", "unit"), Column("stratum", "stratum"), Column("condition", "condition"),
    Column("planned_percent", "planned, %"), Column("observed", "allocated"),
    Column("observed_percent", "allocated, %"), Column("begun", "begun"), Column("to_the_end", "to the end"),
]  # fmt: skip


def lines_of(study: Study, version: Version, *, with_trials: bool) -> list[Line]:
    """The balance table as numbers. Arguments as for `balance`."""
    return balance_table(entries(version), _fates(study, with_trials=with_trials))


def balance(study: Study, version: Version, *, with_trials: bool = True, arms: Arms | None = None) -> Section:
    """Per condition and stratum of each entry: planned, allocated, begun, and how many of them came to the end.

    Args:
        version: Whose plan it is held against.
        with_trials: Whether slots count that were drawn for demonstrations, previews, runs and simulations.
        arms: The letters that stand for conditions while these are masked.
    """
    lines = lines_of(study, version, with_trials=with_trials)
    named: Callable[[str], str] = str if arms is None else arms.of
    rows = [_row(line, _total(lines, line), named(line.condition)) for line in lines]
    if arms is not None:  # the order of the plan would tell what the letters stand for
        rows.sort(key=lambda row: [str(cell) for cell in row[:3]])
    notes = _notes(version, lines) + ([MASKED] if arms is not None else [])
    return Section("balance", "Balance of conditions", COLUMNS, rows, notes)


def _row(line: Line, total: int, condition: str) -> list[str | int | float | None]:
    return [
        line.entry.rule.unit, line.stratum, condition or UNMANIPULATED, 100 * line.planned, line.allocated,
        percent(line.allocated, total), line.begun, line.completed,
    ]  # fmt: skip


def _total(lines: Sequence[Line], of: Line) -> int:
    return sum(one.allocated for one in lines if (one.entry.number, one.stratum) == (of.entry.number, of.stratum))


def _notes(version: Version, lines: Sequence[Line]) -> list[str]:
    sample = definition.definition(version).sample
    wanted = counted(sample.target, *UNITS[sample.unit])
    notes = []
    for entry in entries(version):
        total = sum(line.allocated for line in lines if line.entry.number == entry.number)
        wants = f"; the study file wants {wanted}" if entry.rule.unit == sample.unit else ""
        notes.append(f"{counted(total, *UNITS[entry.rule.unit])} allocated{wants}.")
        notes += _bound(entry, of_versions=version.number > 1)
    return [
        *dict.fromkeys(notes),
        "Begun: a group whose first round began, a round that did, a person who agreed to take part.",
        "To the end: a group that played all its rounds, a round that was over, a person whose exit pays in full.",
    ]


def _bound(entry: Entry, *, of_versions: bool) -> list[str]:
    """By how much conditions may be apart in each sequence; a table over several sequences adds that up."""
    most = most_apart(entry)
    if most is None:
        return []
    if entry.rule.unit in WITHIN:
        of = ["group" if entry.holder == "group" else "person"]
    else:
        of = ["stratum"] * bool(entry.rule.strata) + ["version"] * of_versions
    where = f" in each {' of each '.join(of)}" if of else ""
    return [f"While a block is open one condition may be ahead by up to {most}{where}, more where slots were returned."]


@dataclass(frozen=True)
class _Ends:
    """How far groups and people came: groups by key, and the keys of people."""

    groups: Mapping[int, Group]
    agreed: frozenset[int]
    full: frozenset[int]
    is_closed: bool

    def of(self, slot: Slot) -> tuple[bool, bool]:
        """Whether who holds a slot has begun what it is for, and come to its end."""
        pk = slot.holder_id or 0
        if slot.holder_kind == "participant":
            return pk in self.agreed, pk in self.full
        group = self.groups.get(pk) if slot.holder_kind == "group" else None
        if group is None:
            return True, self.is_closed
        is_complete = group.status == Group.Status.COMPLETE
        if slot.place.isdigit():  # a round
            return group.round >= int(slot.place), is_complete or group.round > int(slot.place)
        return group.round > 0, is_complete


def _fates(study: Study, *, with_trials: bool) -> Iterator[Fate]:
    held = Slot.objects.filter(version__study=study).exclude(holder_id=None)
    held = held if with_trials else held.exclude(stratum__startswith=TRIAL)
    ends = _ends(study)
    for slot in held.order_by("pk").iterator():
        yield Fate(slot.entry, slot.condition, slot.stratum, *ends.of(slot))


def _ends(study: Study) -> _Ends:
    groups = {group.pk: group for group in Group.objects.filter(version__study=study)}
    agreed = Consent.objects.filter(participant__study=study, agreed=True).values_list("participant", flat=True)
    full: set[int] = set()
    for version in study.versions.all():
        names = [name for name, leaving in definition.definition(version).exits.items() if leaving.pay == "full"]
        full |= set(Participant.objects.filter(version=version, exit__in=names).values_list("pk", flat=True))
    return _Ends(groups, frozenset(agreed), frozenset(full), study.status == Study.Status.CLOSED)
