"""Whether those who are left of a group are still what its study file asks for."""

from flow.game import game_of
from matching.models import Group, Seat


def is_too_small(group: Group) -> bool:
    """Fewer are left than the study file wants; where people play a role, it means people (and their stand-ins).

    Where a role has automated seats, one at least: without any the group would be of another condition.
    """
    seats = list(group.seats.all())
    sitting = [seat for seat in seats if seat.status == Seat.Status.SITTING]
    if group.origin != Group.Origin.RUN and not any(seat.participant_id for seat in sitting):
        return True
    human = {seat.role for seat in seats if _is_for_a_person(seat)}
    automated = {seat.role for seat in seats if not _is_for_a_person(seat)}
    if automated - {seat.role for seat in sitting if not _is_for_a_person(seat)}:
        return True
    counted = [seat.role for seat in sitting if seat.role not in human or _is_for_a_person(seat)]
    needed: dict[str, int] = game_of(group).config.min_active
    return any(counted.count(role) < least for role, least in needed.items())


def _is_for_a_person(seat: Seat) -> bool:
    return seat.occupant == "person" or seat.is_stand_in
