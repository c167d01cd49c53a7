"""Whether conditions came out as planned."""

from collections import Counter

from matching.models import Group
from participants.models import Participant
from simulation.figures import percent
from simulation.sections import Column, Section, counted
from studies import definition
from studies.allocation_plan import conditions_of
from studies.models import Slot, Study, Version

UNITS = {"group": ("group", "groups"), "participant": ("person", "people")}
UNMANIPULATED = "(nothing is manipulated)"


def balance(study: Study, version: Version) -> Section:
    """Groups or people per condition: planned, observed, and how many of them came to the end."""
    said = definition.definition(version)
    unit = said.allocation.unit
    held = Slot.objects.filter(version__study=study, holder_kind=unit).exclude(holder_id=None)
    observed = Counter(held.values_list("condition", flat=True))
    finished = _finished(study, unit)
    to_end = Counter(condition for condition, pk in held.values_list("condition", "holder_id") if pk in finished)
    planned = conditions_of(said)
    conditions = [*planned, *sorted(set(observed) - set(planned))]
    total = observed.total()
    rows = [
        [
            condition or UNMANIPULATED, 100 / len(planned) if condition in planned else 0.0, observed[condition],
            percent(observed[condition], total), to_end[condition],
        ]
        for condition in conditions
    ]  # fmt: skip
    columns = [
        Column("condition", "condition"), Column("planned_percent", "planned, %"),
        Column("observed", UNITS[unit][1]), Column("observed_percent", "observed, %"),
        Column("to_the_end", "of them to the end"),
    ]  # fmt: skip
    most = max(said.allocation.block_sizes) // len(planned)
    sequence = " in each stratum" if said.allocation.strata else ""
    wanted = counted(said.sample.target, *UNITS[said.sample.unit])
    notes = [
        f"{counted(total, *UNITS[unit])} allocated; the study file wants {wanted}.",
        f"While a block is open one condition may be ahead by up to {most}{sequence}.",
        "To the end: a group that played all its rounds; a person who left by an exit that pays in full.",
    ]
    return Section("balance", "Balance of conditions", columns, rows, notes)


def _finished(study: Study, unit: str) -> set[int]:
    """The keys of groups that played all rounds, or of people who left by an exit that pays in full."""
    if unit == "group":
        groups = Group.objects.filter(version__study=study, status=Group.Status.COMPLETE)
        return set(groups.values_list("pk", flat=True))
    full: set[int] = set()
    for version in study.versions.all():
        names = [name for name, leaving in definition.definition(version).exits.items() if leaving.pay == "full"]
        full |= set(Participant.objects.filter(version=version, exit__in=names).values_list("pk", flat=True))
    return full
