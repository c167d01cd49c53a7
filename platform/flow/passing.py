"""Who may be a person as far as anybody in a match is told."""

from flow.labels import has_roles, possible_labels, relation
from flow.state import MatchState
from matching.models import Seat


def passing_for_people(state: MatchState) -> set[int]:
    """The numbers of a match's seats that may be people's, as far as their labels tell each of the people in it.

    One passes whose label a person of the group is given, or could be; and one whose label some person is not shown.
    """
    seats = state.match.group.seats.all()
    called = {label for seat in seats if seat.kind == Seat.Kind.HUMAN for label in _labels(state, seat)}
    return {number for number in state.seats if _passes(state, number, called)}


def _labels(state: MatchState, seat: Seat) -> set[str]:
    return {seat.label, *possible_labels(state.match, seat)}


def _passes(state: MatchState, number: int, called: set[str]) -> bool:
    seat = state.seats[number]
    place = state.place(seat)
    if seat.occupant == "person" or place.label in called:
        return True
    readers, is_mixed = state.seats.values(), has_roles(state.places)
    return any(
        one.occupant == "person" and relation(one, place, is_mixed=is_mixed) not in one.knows.split("|")
        for one in readers
    )
