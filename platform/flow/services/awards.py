"""Drawing the belief that is paid, when a game is over."""

from collections.abc import Sequence

from flow.awards import awards_of, states_of
from flow.game import game_of
from flow.models import Award
from matching.models import Group, Seat


def draw_awards(group: Group, seats: Sequence[Seat]) -> None:
    """Store what is drawn for those who sat to the end, under the group's lock. Who left earlier keeps their points."""
    game = game_of(group)
    if not game.prize:
        return
    here = {seat.pk for seat in seats}
    Award.objects.bulk_create(one for one in awards_of(group, game, states_of(group)) if one.seat_id in here)
