"""What was drawn from pools of partners, drawn again."""

from __future__ import annotations

from collections import defaultdict

from matching.models import Group, Seat
from matching.pools import NUMBERS, PLACE, drawn_at, pool_of, pooled
from studies.allocation import sequence_of
from verification.inquiry import Inquiry
from verification.story import Story


def check_pools(inquiry: Inquiry, story: Story) -> None:
    """The policy or persona of each seat of a group, and its numbers."""
    society, report = story.society, inquiry.report
    group = society.group
    for own in pooled(group.version, list(society.seats.values())).values():
        for seat in own:
            where = society.seat(seat.pk)
            at = seat.settings.get(PLACE)
            if at is None:
                report.differ("place of a seat in its pool", where, "a place", "none")
                continue
            way, numbers = drawn_at(group.version, group, seat, at=at)
            report.compare("draw of a seat from its pool", where, way, seat.policy)
            if NUMBERS in seat.settings:
                report.compare("numbers of a seat from its pool", where, dict(numbers), seat.settings[NUMBERS])


def check_places(inquiry: Inquiry) -> None:
    """Places of a pool are taken once and without a gap: of a group's seats, or of all groups that share a sequence."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    seats = Seat.objects.filter(group__version__study=inquiry.study, settings__has_key=PLACE, is_stand_in=False)
    for seat in seats.select_related("group__version").order_by("pk").iterator():
        group: Group = seat.group
        pool = pool_of(group.version, seat.partner)
        if pool is None or pool.draw == "with_replacement":
            continue
        of = sequence_of(group.origin) or "main" if pool.draw == "balanced" else group.code
        places[f"{group.version}, {seat.partner}", f"{of} sequence"].append(seat.settings[PLACE])
    for (partner, of), found in places.items():
        inquiry.report.compare("places of a pool", f"{partner}, {of}", list(range(len(found))), sorted(found))
