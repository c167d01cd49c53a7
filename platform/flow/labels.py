"""What those who meet are called: drawn where the study file says so, and shown to whom it says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from flow.models import Match
from matching.models import Seat
from paradigm import Place
from studies import definition
from studies.models import levels_of
from studies.schema import RELATIONS

ALL = "|".join(RELATIONS)
OWN, PARTNERS, RIVALS = RELATIONS


def possible_labels(match: Match, seat: Seat) -> Mapping[str, int]:
    """What a seat may be called in a match, with weights; nothing where the study file names no partner for it."""
    partner = definition.definition(match.group.version).partners.get(seat.partner)
    if partner is None:
        return {}
    return definition.labels_for(partner, levels_of(match.condition or match.group.condition))


def label_in(match: Match, seat: Seat) -> str | None:
    """What a seat is called in a match where it is not what it is called in all: drawn, or by another level."""
    labels = possible_labels(match, seat)
    if len(labels) > 1:
        return drawn(labels, match, seat.number)
    if match.condition == match.group.condition or not labels:
        return None
    label = next(iter(labels))
    return None if label == seat.label else label


def drawn(labels: Mapping[str, int], match: Match, seat: int) -> str:
    """One of some labels by their weights, for the seat with a number in a match.

    The number is random, and what sits there is not known here: so what is shown tells nothing of what is true.
    """
    group, words = match.group, sorted(labels)  # a stored file keeps no order
    purpose = f"label/{group.code}/{match.round}/{match.number}/{seat}"
    chance = Random(f"{group.version.seed}/{purpose}")  # noqa: S311  seeded on purpose: reproducible
    return chance.choices(words, [labels[word] for word in words])[0]


def shown_to(reader: Seat, places: Sequence[Place]) -> Sequence[Place]:
    """Those who meet, without the labels that a seat is not told."""
    if reader.knows == ALL:
        return places
    known, is_mixed = reader.knows.split("|"), has_roles(places)
    return [
        place if relation(reader, place, is_mixed=is_mixed) in known else replace(place, label="") for place in places
    ]


def has_roles(places: Sequence[Place]) -> bool:
    """Whether those who meet have more than one role."""
    return len({place.role for place in places}) > 1


def relation(reader: Seat, place: Place, *, is_mixed: bool) -> str:
    """What a place is to a seat: its own, a rival's (of its role, where another role meets both), or a partner's."""
    if place.seat == reader.number:
        return OWN
    return RIVALS if is_mixed and place.role == reader.role else PARTNERS
