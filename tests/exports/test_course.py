"""What the tables say of leaving, resting and void matches, where the game itself made the rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from events import clock
from flow.models import Match
from flow.services import games, sessions
from matching.models import Group, Seat
from scheduling.models import Session
from studies.models import Study
from tests.exports.test_tables import only, table
from tests.flow.conftest import act, gift_is_installed, make_group  # noqa: F401  fixtures are found by name

MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db(transaction=True)


def late(match: Match) -> None:
    """Let the open step's time be up."""
    match.refresh_from_db()
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=10))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    match.refresh_from_db()


def leave(seat: Seat) -> None:
    """Its person leaves by themselves."""
    sessions.leave(Session.objects.get(seats=seat).pk)


def play_out(match: Match) -> None:
    """Let the clock close whatever is still open in a match."""
    match.refresh_from_db()
    while match.path:
        late(match)


def study_of(group: Group) -> Study:
    return group.version.study


def test_match_voided_by_leaving_says_so_and_the_next_round_has_a_rest(make_group: MakeGroup) -> None:  # noqa: F811
    group = make_group("giver", "giver", "taker", "taker", on_timeout={"strikes": 9, "exit": "inactive"})
    leave(group.seats.get(number=1))
    for match in group.matches.filter(round=1).order_by("number"):
        play_out(match)
    study = study_of(group)
    found = only(table(study, "rounds"), "round", "status", "void_reason", "people")
    assert sorted(found[:2]) == [("1", "void", "left", "4"), ("1", "void", "timeout", "4")]
    assert found[2:] == [("2", "open", "", "3")]
    rests = table(study, "rests")
    assert only(rests, "round", "role", "waited_s") == [("2", "taker", "")]
    waited = {row["seat"]: row["waited_s"] for row in table(study, "placings") if row["round"] == "1"}
    assert waited.pop(f"{group.code}-1") == ""
    assert all(float(seconds) >= 0 for seconds in waited.values())


def test_who_is_put_out_for_a_miss_had_not_left_before(make_group: MakeGroup) -> None:  # noqa: F811
    group = make_group("giver", "taker", on_timeout={"strikes": 1, "exit": "inactive"})
    match = group.matches.get()
    late(match)
    play_out(match)
    study = study_of(group)
    assert only(table(study, "rounds"), "void_step", "void_reason", "people") == [("give", "timeout", "2")]
    assert only(table(study, "placings"), "waited_s") == [("",), ("0.000",)]  # the group was over by then


def test_match_that_the_end_of_the_group_cut_off_says_so(make_group: MakeGroup) -> None:  # noqa: F811
    group = make_group("giver", "taker")
    match, giver = group.matches.get(), group.seats.get(role="giver")
    act(match, giver, sent="4")
    leave(giver)
    assert only(table(study_of(group), "rounds"), "status", "void_reason") == [("void", "ended")]
