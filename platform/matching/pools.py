"""Which of a pool sits in each automated seat of a new group, and at which place of a sequence it was drawn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matching.models import Group, Seat
from studies import definition
from studies.allocation import lock_named, sequence_of
from studies.models import Version
from studies.pools import drawn_numbers, drawn_way, ways_of
from studies.schema_partners import AutomatedPartner
from studies.schema_pools import Pool

PLACE = "pool_place"  # in the settings of a seat: where in the sequence it was drawn
NUMBERS = "numbers"


def draw_from_pools(version: Version, group: Group, seats: Sequence[Seat]) -> None:
    """Draw for the seats of a new group, in the order of their numbers, in the transaction that makes it."""
    for partner, own in pooled(version, seats).items():
        pool = pool_of(version, partner)
        assert pool is not None
        begin = _begin(version, group, partner) if pool.draw == "balanced" else 0
        for number, seat in enumerate(own):
            at = begin + number if pool.draw != "with_replacement" else 0
            seat.policy, numbers = drawn_at(version, group, seat, at=at)
            seat.settings = seat.settings | {PLACE: at}
            if NUMBERS in seat.settings:
                seat.settings[NUMBERS] = numbers


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
    return entry.pool if isinstance(entry, AutomatedPartner) and not entry.is_lasting else None


def drawn_at(version: Version, group: Group, seat: Seat, *, at: int) -> tuple[str, Mapping[str, Any]]:
    """The policy or persona of a seat, and its numbers, as the seed gives them at a place of its sequence."""
    entry = definition.definition(version).partners[seat.partner]
    assert isinstance(entry, AutomatedPartner)
    assert entry.pool is not None
    name = "/".join(_sequence(entry.pool, group, seat))
    way = drawn_way(entry.pool, ways_of(entry), seed=f"{version.seed}/pool/{seat.partner}/{name}", at=at)
    seed = f"{version.seed}/pool/{seat.partner}/{group.code}/{seat.number}/numbers"
    return way, {**getattr(entry, "settings", {}), **drawn_numbers(entry.pool, way, seed=seed)}


def _sequence(pool: Pool, group: Group, seat: Seat) -> Iterator[str]:
    """What names the sequence that a seat draws from: its own, its group's, or that of all groups of one origin."""
    if pool.draw == "balanced":
        yield f"all/{sequence_of(group.origin)}"
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
    return before.filter(group__origin__in=origins).count()
