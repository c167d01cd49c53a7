"""Every slot of the randomisation that was taken or given back."""

from collections.abc import Iterator

from exports import keys
from exports.columns import WITHDRAWN, Column, Row, Table
from exports.scope import CHUNK, Scope
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
    Column("stratum", "The stratum the slot belongs to.", missing="there are no strata"),
    Column("slot", "Place in the seeded sequence, from 1 in each stratum.", "integer"),
    Column("block", "The permuted block the slot belongs to.", "integer"),
    Column("reason", "Why it was given back.", missing="it was not"),
    keys.STUDY_DAY,
]


def _allocations(scope: Scope) -> Iterator[Row]:
    log = Allocation.objects.filter(slot__version__study=scope.study).select_related("slot__version")
    for order, one in enumerate(log.order_by("pk").iterator(chunk_size=CHUNK), start=1):
        yield {
            "order": order,
            "version": one.slot.version.number,
            "unit": one.unit,
            "unit_code": _code(one),
            "act": one.act,
            "condition": one.slot.condition,
            "stratum": one.slot.stratum,
            "slot": one.slot.number,
            "block": one.slot.block,
            "reason": one.reason,
            "study_day": scope.day(one.at),
        }


def _code(one: Allocation) -> str | None:
    if one.unit == "group":
        return Group.objects.filter(pk=one.unit_id).values_list("code", flat=True).first()
    people = Participant.objects.filter(pk=one.unit_id).exclude(status=Participant.Status.WITHDRAWN)
    return people.values_list("code", flat=True).first()


ALLOCATIONS = Table("allocations", "Every slot of the randomisation taken or given back", COLUMNS, _allocations)
