"""A belief that is drawn when a game is over, and a game that is over whatever the bounds of a belief are."""

import logging
from collections.abc import Callable

import pytest

from flow.models import Award
from matching.models import Group
from tests.flow.conftest import act, person
from tests.flow.test_games import late, match_and_seats

MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db
TOO_NARROW, NO_WIDTH, TOO_WIDE = 3, 0, 100_000


def at_the_end(make_group: MakeGroup, high: int) -> Group:
    """A pair at the last page of its only round; 9 was sent, 0 was guessed."""
    group = make_group("giver", "taker", rounds=1, experiment="paid", parameters={"high": high})
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="9")
    act(match, taker, guess="0")
    act(match, giver)
    return group


@pytest.mark.parametrize("by_time", [False, True])
def test_belief_is_drawn_when_the_game_is_over(make_group: MakeGroup, by_time: bool) -> None:
    group = over(at_the_end(make_group, 10), by_time=by_time)
    award = Award.objects.get()
    assert (group.status, award.said, award.truth, award.chances, award.tickets) == ("complete", 0, 9, 19, 100)


@pytest.mark.parametrize("by_time", [False, True])
@pytest.mark.parametrize("high", [TOO_NARROW, NO_WIDTH, TOO_WIDE])
def test_bounds_that_cannot_be_drawn_on_hold_up_no_game(
    make_group: MakeGroup, caplog: pytest.LogCaptureFixture, high: int, by_time: bool
) -> None:
    with caplog.at_level(logging.WARNING, logger="rapport.task"):
        group = over(at_the_end(make_group, high), by_time=by_time)
    assert (group.status, group.end_reason) == ("complete", "")
    assert not Award.objects.exists()
    assert "a belief is not drawn" in caplog.text
    assert person(group.seats.get(role="taker")).settlement.points == 18, "the round is paid as it is"


def over(group: Group, *, by_time: bool) -> Group:
    """The last page is read, or its time is up."""
    match, _, taker = match_and_seats(group)
    if by_time:
        late(match)
    else:
        act(match, taker)
    group.refresh_from_db()
    return group
