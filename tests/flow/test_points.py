"""When points are given, and that nobody is told of points that are taken back."""

from collections.abc import Callable

import pytest

from flow.models import Match
from flow.queries import page_of
from flow.services import sessions
from matching.models import Group, Seat
from scheduling.models import Session
from tests.flow.conftest import act, person
from tests.flow.test_games import match_and_seats

MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db


def at_the_result(group: Group) -> tuple[Match, Seat, Seat]:
    """The first match with both at the page that says what they earned: 6 and 8."""
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    act(match, taker, more="no")
    match.refresh_from_db()
    assert (match.path, match.status) == ("seen", "open")
    return match, giver, taker


def points_of(match: Match) -> dict[str, int | None]:
    return dict(match.placings.values_list("seat__role", "points"))


def test_points_are_given_with_the_page_that_tells_them(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    act(match, giver, sent="4")
    assert points_of(match) == {"giver": None, "taker": None}
    group = make_group("giver", "taker")
    match, giver, taker = at_the_result(group)
    assert points_of(match) == {"giver": 6, "taker": 8}
    assert page_of(Session.objects.get(seats=giver)).points == 6
    act(match, giver)
    act(match, taker)
    match.refresh_from_db()
    assert (match.status, points_of(match)) == ("complete", {"giver": 6, "taker": 8})


def test_who_leaves_at_the_result_and_whose_game_ends_there_keep_what_they_were_told(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = at_the_result(group)
    sessions.leave(Session.objects.get(seats=giver).pk)
    match.refresh_from_db()
    group.refresh_from_db()
    assert (group.status, match.status, match.void_path) == ("ended", "complete", "")
    assert points_of(match) == {"giver": 6, "taker": 8}
    assert (person(giver).settlement.points, person(taker).settlement.points) == (6, 8)


def test_match_that_is_not_decided_is_void_when_its_game_ends(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    sessions.leave(Session.objects.get(seats=taker).pk)
    match.refresh_from_db()
    assert (match.status, points_of(match)) == ("void", {"giver": 5, "taker": 0})


def told(group: Group) -> list[int | None]:
    """The points beside the page of the giver and of the taker."""
    return [page_of(Session.objects.get(seats__group=group, seats__role=role)).points for role in ("giver", "taker")]


def test_points_stand_beside_no_question_that_comes_before_the_result(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", experiment="asked")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    match.refresh_from_db()
    assert (match.path, points_of(match)) == ("guess", {"giver": 6, "taker": 8}), "they are given already"
    assert told(group) == [0, 0]
    act(match, taker, guess="4")
    assert told(group) == [6, 8], "the result"
    act(match, giver)
    act(match, taker)
    assert told(group) == [6, 8], "what was told is not taken back where more is asked after it"
    act(match, taker, guess="4")
    match = group.matches.get(round=2)
    act(match, giver, sent="4")
    act(match, taker, guess="4")
    match.refresh_from_db()
    assert (match.path, told(group)) == ("after", [6, 8]), "this round has no result page"
    act(match, taker, guess="4")
    assert (person(giver).settlement.points, person(taker).settlement.points) == (12, 16)


def test_who_leaves_before_a_result_that_is_decided_keeps_it(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", experiment="asked")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    sessions.leave(Session.objects.get(seats=giver).pk)
    assert (person(giver).settlement.points, person(taker).settlement.points) == (6, 8)
