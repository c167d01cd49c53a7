"""Which of a pool sits in each automated seat of a new group, and at which place of a sequence it was drawn.

A partner of whose models one is drawn has a pool, whether or not its entry says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from matching.models import Group, Seat
from studies import definition
from studies.allocation import lock_named, sequence_of
from studies.models import Version, condition_of, levels_of
from studies.pools import drawn_numbers, drawn_pair, ways_of
from studies.schema_partners import AutomatedPartner, ModelPartner
from studies.schema_pools import Pool
from studies.schema_sampled import (
    DrawnModel,
    ModelByLevel,
    PersonasByLevel,
    models_of,
    personas_under,
    urn_of,
)

PLACE = "pool_place"  # in the settings of a seat: where in the sequence it was drawn
NUMBERS = "numbers"
MODEL = "model"  # in the settings of a seat: all that its study file says of the model that sits there
CHOICE = "model_choice"  # of several models which, by level or by name in the draw


@dataclass(frozen=True)
class Drawn:
    """What a seat has from its pool.

    Attributes:
        way: Its policy or persona.
        model: Which model, as `studies.schema_sampled.models_of` names them; "" where there is but one, or none.
    """

    way: str
    numbers: Mapping[str, Any]
    model: str = ""


def draw_from_pools(version: Version, group: Group, seats: Sequence[Seat]) -> None:
    """Draw for the seats of a new group, in the order of their numbers, in the transaction that makes it."""
    # By name: two groups that form at once wait for each other's pools in one order, whoever sits first in each.
    for partner, own in sorted(pooled(version, seats).items()):
        pool = pool_of(version, partner)
        assert pool is not None
        begin = _begin(version, group, partner) if pool.draw == "balanced" else 0
        for number, seat in enumerate(own):
            at = begin + number if pool.draw != "with_replacement" else 0
            found = drawn_at(version, group, seat, at=at)
            seat.policy = found.way
            seat.settings = seat.settings | {PLACE: at} | settings_of(version, partner, found.model)
            if NUMBERS in seat.settings:
                seat.settings[NUMBERS] = found.numbers


def pooled(version: Version, seats: Sequence[Seat]) -> dict[str, list[Seat]]:
    """The automated seats whose occupant is drawn from a pool, by the name of their partner.

    Whoever stands in for a person is none of them, and a partner that lasts is drawn once for its person.
    """
    found: dict[str, list[Seat]] = {}
    for seat in sorted(seats, key=lambda seat: seat.number):
        if seat.occupant != "person" and not seat.is_stand_in and pool_of(version, seat.partner) is not None:
            found.setdefault(seat.partner, []).append(seat)
    return found


def pool_of(version: Version, partner: str) -> Pool | None:
    """The pool of an entry of `partners`; None where it has none."""
    entry = definition.definition(version).partners.get(partner)
    if not isinstance(entry, AutomatedPartner) or entry.is_lasting:
        return None
    is_drawn = isinstance(entry, ModelPartner) and isinstance(entry.model, DrawnModel)
    return entry.pool or (Pool() if is_drawn else None)


def drawn_at(version: Version, group: Group, seat: Seat, *, at: int) -> Drawn:
    """What a seat has from its pool, as the seed gives it at a place of its sequence."""
    entry, pool = definition.definition(version).partners[seat.partner], pool_of(version, seat.partner)
    assert isinstance(entry, AutomatedPartner)
    assert pool is not None
    name = "/".join(_sequence(pool, group, seat))
    seed = f"{version.seed}/pool/{seat.partner}"
    ways, models = ways_of(entry), {"": 1}
    if isinstance(entry, ModelPartner):
        levels = levels_of(group.condition)
        ways, models = personas_under(entry.personas, levels), urn_of(entry.model, levels)
    way, model = drawn_pair(pool, ways, models, seed=f"{seed}/{name}", at=at)
    numbers = drawn_numbers(pool, way, seed=f"{seed}/{group.code}/{seat.number}/numbers")
    return Drawn(way, {**getattr(entry, "settings", {}), **numbers}, model)


def settings_of(version: Version, partner: str, choice: str) -> dict[str, Any]:
    """What the settings of a seat say of its model; nothing where no model sits there."""
    entry = definition.definition(version).partners[partner]
    return model_settings(entry, choice) if isinstance(entry, ModelPartner) else {}


def model_settings(entry: ModelPartner, choice: str) -> dict[str, Any]:
    """As `settings_of`, of an entry of `partners`."""
    said = {MODEL: models_of(entry.model)[choice].model_dump(mode="json")}
    return said | {CHOICE: choice} if choice else said


def levels_that_decide(version: Version, partner: str, condition: str) -> str:
    """The levels by which it is known what a partner is drawn from, as conditions spell them; "" where none decides."""
    entry = definition.definition(version).partners[partner]
    said = (entry.personas, entry.model) if isinstance(entry, ModelPartner) else ()
    names = {one.by for one in said if isinstance(one, PersonasByLevel | ModelByLevel)}
    levels = levels_of(condition)
    return condition_of({name: levels.get(name, "") for name in names})


def _sequence(pool: Pool, group: Group, seat: Seat) -> Iterator[str]:
    """What names the sequence that a seat draws from: its own, its group's, or that of all groups of one origin.

    Where a factor decides what is drawn from, the groups of each level have a sequence of their own.
    """
    if pool.draw == "balanced":
        yield f"all/{sequence_of(group.origin)}"
        if decided := levels_that_decide(group.version, seat.partner, group.condition):
            yield decided
    else:
        yield group.code
    if pool.draw == "with_replacement":
        yield str(seat.number)


def _begin(version: Version, group: Group, partner: str) -> int:
    """The first place of a balanced sequence that nobody has."""
    sequence = sequence_of(group.origin)
    # Two groups that form at once must not take the same places.
    lock_named(f"pool/{version.pk}/{partner}/{sequence}")
    before = Seat.objects.filter(group__version=version, partner=partner, settings__has_key=PLACE)
    origins = [origin for origin in Group.Origin.values if sequence_of(origin) == sequence]
    of_sequence = before.filter(group__origin__in=origins)
    decided = levels_that_decide(version, partner, group.condition)
    if not decided:
        return of_sequence.count()
    counted = of_sequence.values_list("group__condition").annotate(Count("pk")).order_by()  # a row for each condition
    return sum(n for condition, n in counted if levels_that_decide(version, partner, condition) == decided)
