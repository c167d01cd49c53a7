"""Every slot of the randomisation that was taken or given back."""

from collections.abc import Iterable, Iterator
from itertools import islice

from exports import keys
from exports.columns import WITHDRAWN, Column, Row, Table
from exports.scope import CHUNK, Scope, kept
from matching.models import Group
from participants.models import Participant
from studies.models import Allocation

COLUMNS = [
    Column("order", "Order in which allocations happened, from 1.", "integer"),
    keys.VERSION,
    Column("unit", "What is allocated.", allowed="group|participant"),
    Column("unit_code", "The group's or person's code.", missing=f"{WITHDRAWN}, or the unit was never begun"),
    Column("act", "Whether the slot was taken or given back.", allowed="taken|returned"),
    Column(
        "condition", "Levels of the slot.", allowed="factor=level, joined by commas", missing="nothing is manipulated"
    ),
    Column(
        "stratum",
        "The sequence the slot belongs to: that of a stratum, or one of trials, which begins with ~ and their origin.",
        allowed="item=answer, joined by commas; ~run, ~demo, ~preview, ~pilot or ~simulated before them",
        missing="there are no strata",
    ),
    Column("slot", "Place in the seeded sequence, from 1 in each.", "integer"),
    Column("block", "The permuted block the slot belongs to.", "integer"),
    Column("reason", "Why it was given back.", missing="it was not"),
    keys.STUDY_DAY,
]


def _allocations(scope: Scope) -> Iterator[Row]:
    log = Allocation.objects.filter(slot__version__study=scope.study).select_related("slot__version")
    acts = log.order_by("pk").iterator(chunk_size=CHUNK)
    before = 0
    while batch := list(islice(acts, CHUNK)):
        codes = _codes(batch)
        for order, one in enumerate(batch, start=before + 1):
            yield {
                "order": order,
                "version": one.slot.version.number,
                "unit": one.unit,
                "unit_code": codes.get((one.unit, one.unit_id)),
                "act": one.act,
                "condition": one.slot.condition,
                "stratum": one.slot.stratum,
                "slot": one.slot.number,
                "block": one.slot.block,
                "reason": one.reason,
                "study_day": scope.day(one.at),
            }
        before += len(batch)


def _codes(acts: Iterable[Allocation]) -> dict[tuple[str, int], str]:
    """The codes of what was allocated, by unit and key, in two queries."""
    ids = [(one.unit, one.unit_id) for one in acts]
    groups = Group.objects.filter(pk__in={pk for unit, pk in ids if unit == "group"})
    people = Participant.objects.filter(kept(""), pk__in={pk for unit, pk in ids if unit == "participant"})
    found = {("group", pk): code for pk, code in groups.values_list("pk", "code")}
    return found | {("participant", pk): code for pk, code in people.values_list("pk", "code")}


ALLOCATIONS = Table("allocations", "Every slot of the randomisation taken or given back", COLUMNS, _allocations)
