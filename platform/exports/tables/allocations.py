"""Every slot of the randomisation taken or given back: from these rows alone it is known who got what, and when."""

from collections.abc import Iterable, Iterator
from itertools import islice

from exports import keys
from exports.columns import WITHDRAWN, Column, Row, Table
from exports.scope import CHUNK, Scope, kept, seconds
from matching.models import Group
from participants.models import Participant
from studies.allocation import entries
from studies.allocation_plan import HOLDER, Entry
from studies.models import Allocation

COLUMNS = [
    Column("order", "Order in which allocations happened, from 1.", "integer"),
    keys.VERSION,
    Column("entry", "Place of its entry under `allocation` in the study file, from 1.", "integer"),
    Column("unit", "What is allocated.", allowed="study|group|participant|pair|session|round|item"),
    Column(
        "unit_code",
        "Code of who holds the slot: the group for groups, pairs and rounds, the person for participants, sessions and "
        "items.",
        missing=f"{WITHDRAWN}, or the unit was never begun, or is the whole study",
    ),
    Column(
        "place",
        "Number of the round, session or item; of a pair the numbers of the two seats, 2-5.",
        missing="the slot holds for the whole unit, or is an order of all its rounds, sessions or items",
    ),
    Column("from", "The round or session from whose beginning it holds.", missing="from when it was taken"),
    Column("factors", "Which factors it gives.", allowed="names, joined by commas", missing="nothing is manipulated"),
    Column("method", "How it was drawn.", allowed="permuted_block|quota|minimisation|latin_square|simple"),
    Column("act", "Whether the slot was taken or given back.", allowed="taken|returned"),
    Column(
        "condition", "Levels of the slot; of a Latin square all of them in their order.",
        allowed="factor=level, joined by commas; an order is joined by >", missing="nothing is manipulated",
    ),
    Column(
        "stratum",
        "The sequence the slot belongs to: that of a stratum, of one group or person within which it is balanced, or "
        "one of trials, which begins with ~ and their origin.",
        allowed="item=answer, joined by commas; a code, or withdrawn-1 … for codes that are left out; ~run, ~demo, "
        "~preview, ~pilot or ~simulated before them",
        missing="there are no strata",
    ),
    Column(
        "covariates", "Answers that minimisation balanced over.", allowed="item=answer, joined by commas",
        missing=f"it was not minimised over any, or {WITHDRAWN}",
    ),
    Column("slot", "Place in the seeded sequence, from 1 in each.", "integer"),
    Column("block", "The block the slot belongs to.", "integer"),
    Column("reason", "Why it was given back.", missing="it was not"),
    keys.STUDY_DAY,
    Column("at_s", "When it happened, counted from the first allocation.", "number", "s"),
]  # fmt: skip


WITHIN_A_PERSON = ("session", "item")
"""Units whose sequences may bear a person's code."""


def _allocations(scope: Scope) -> Iterator[Row]:
    log = Allocation.objects.filter(slot__version__study=scope.study).select_related("slot")
    acts = log.order_by("pk").iterator(chunk_size=CHUNK)
    before, began = 0, None
    unnamed: dict[str, str] = {}
    while batch := list(islice(acts, CHUNK)):
        codes = _codes(batch)
        began = began or batch[0].at
        for order, one in enumerate(batch, start=before + 1):
            version = scope.versions[one.slot.version_id]
            entry = entries(version)[one.slot.entry]
            code = codes.get((entry.holder, one.unit_id))
            is_gone = entry.holder == "participant" and code is None
            yield {
                "order": order,
                "version": version.number,
                "entry": one.slot.entry + 1,
                "unit": one.unit,
                "unit_code": code,
                "place": one.place if one.unit != "study" else "",
                "from": one.since,
                "factors": ",".join(entry.factors),
                "method": entry.rule.method,
                "act": one.act,
                "condition": one.slot.condition,
                "stratum": _sequence(entry, one.slot.stratum, unnamed) if is_gone else one.slot.stratum,
                "covariates": "" if is_gone else one.slot.profile,
                "slot": one.slot.number,
                "block": one.slot.block,
                "reason": one.reason,
                "study_day": scope.day(one.at),
                "at_s": seconds(one.at, began),
            }
        before += len(batch)


def _sequence(entry: Entry, stratum: str, unnamed: dict[str, str]) -> str:
    """The sequence of somebody who withdrew: one within the person has a number for its code, so that it stays apart.

    Args:
        unnamed: The numbers so far, by sequence.
    """
    if entry.rule.unit not in WITHIN_A_PERSON or entry.is_order:
        return stratum
    trial, comma, _code = stratum.rpartition(",")
    return unnamed.setdefault(stratum, f"{trial}{comma}withdrawn-{len(unnamed) + 1}")


def _codes(acts: Iterable[Allocation]) -> dict[tuple[str, int], str]:
    """The codes of who holds what was allocated, by holder and key, in two queries."""
    ids = [(HOLDER[one.unit], one.unit_id) for one in acts]
    groups = Group.objects.filter(pk__in={pk for holder, pk in ids if holder == "group"})
    people = Participant.objects.filter(kept(""), pk__in={pk for holder, pk in ids if holder == "participant"})
    found = {("group", pk): code for pk, code in groups.values_list("pk", "code")}
    return found | {("participant", pk): code for pk, code in people.values_list("pk", "code")}


ALLOCATIONS = Table("allocations", "Every slot of the randomisation taken or given back", COLUMNS, _allocations)
