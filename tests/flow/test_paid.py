"""Which rounds are paid: drawn once, from the right urn, by nothing but the seed, and only when a game has ended."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from flow.framing import kept_on_leaving, worth_of
from flow.kinds import VOID_PATH
from flow.models import Match, PaidRound
from flow.paid import blocks_of, drawn_from, points_of, rounds_drawn_for, urns_of
from flow.queries import page_of
from flow.services import sessions
from flow.services.rounds import VOID_SECONDS
from matching.models import Group, Seat
from participants.models import Participant
from recruitment.queries import earned_by
from scheduling.models import Session
from studies.schema_pay import PointsPay
from studies.services import freeze
from tests.flow.conftest import act, person, study_file
from tests.flow.test_games import late
from tests.machinery.quick import quick_study, stage

MakeGroup = Callable[..., Group]
ROUNDS = st.integers(0, 60)


def rule(pay: str, **more: Any) -> PointsPay:
    return PointsPay.model_validate({"rate": Decimal("0.02"), "max": Decimal("6.00"), "pay": pay, **more})


RULES = st.one_of(
    st.builds(rule, st.just("one_random_round"), void=st.sampled_from(["drawn", "left_out"])),
    st.builds(
        rule, st.just("one_per_block"), block_rounds=st.integers(2, 20), void=st.sampled_from(["drawn", "left_out"])
    ),
)


@given(RULES, ROUNDS)
def test_blocks_hold_every_round_once_and_in_order(one: PointsPay, rounds: int) -> None:
    blocks = blocks_of(one, rounds)
    assert [number for block in blocks.values() for number in block] == list(range(1, rounds + 1))
    assert list(blocks) == list(range(1, len(blocks) + 1))
    if one.pay == "one_random_round":
        assert len(blocks) <= 1


@given(RULES, ROUNDS, st.data())
def test_one_round_of_each_block_is_drawn_among_those_that_were_met(one: PointsPay, rounds: int, data: Any) -> None:
    numbers = st.integers(1, max(rounds, 1))
    met = data.draw(st.dictionaries(numbers, st.booleans(), max_size=rounds)) if rounds else {}
    drawn = drawn_from(urns_of(one, rounds, met, has_left=False), seed="s", group="g", seat=1)
    for number, block in blocks_of(one, rounds).items():
        here = [each for each in block if each in met]
        assert (number in drawn) == bool(here)
        if here:
            assert drawn[number] in here
            counted = [each for each in here if not met[each]]
            if one.void == "left_out" and counted:
                assert drawn[number] in counted


@given(RULES, ROUNDS, st.dictionaries(st.integers(1, 60), st.booleans()))
def test_who_leaves_draws_from_every_planned_round_whatever_was_played(
    one: PointsPay, rounds: int, met: dict[int, bool]
) -> None:
    urns = urns_of(one, rounds, met, has_left=True)
    assert [number for urn in urns.values() for number in urn] == list(range(1, rounds + 1))


@given(RULES, st.integers(1, 60), st.text(max_size=8), st.integers(1, 99))
def test_same_seed_group_and_seat_draw_the_same(one: PointsPay, rounds: int, seed: str, seat: int) -> None:
    urns = urns_of(one, rounds, {}, has_left=True)
    drawn = [drawn_from(urns, seed=seed, group="g", seat=seat) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_every_round_is_drawn_about_as_often_and_seats_are_drawn_apart() -> None:
    urns = urns_of(rule("one_random_round"), 10, {}, has_left=True)
    drawn = [drawn_from(urns, seed="s", group=f"g{n}", seat=n % 5)[1] for n in range(5000)]
    counts = [drawn.count(number) for number in range(1, 11)]
    assert all(400 < count < 600 for count in counts), counts  # 500 expected, sd 21
    together = [drawn_from(urns, seed="s", group="g", seat=seat)[1] for seat in range(200)]
    assert len(set(together)) == 10


@pytest.fixture
def drawing(make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Group]:
    """`drawing("one_random_round", …)`: a pair whose study pays by this rule, for two rounds unless told otherwise."""

    def make(pay: str, *, rounds: int = 2, begin: bool = True, **more: Any) -> Group:
        def said(**game: Any) -> dict[str, Any]:
            found = study_file(**game)
            found["payments"]["points"] |= {"pay": pay, **more}
            found["exits"]["left"]["pay"] = "earned"
            return found

        monkeypatch.setattr("tests.flow.conftest.study_file", said)
        return make_group("giver", "taker", rounds=rounds, begin=begin)

    return make


def play_round(group: Group) -> None:
    """Both act, and read what it came to: 6 points for the giver, 8 for the taker."""
    group.refresh_from_db()
    match = group.matches.get(round=group.round)
    giver, taker = group.seats.get(role="giver"), group.seats.get(role="taker")
    act(match, giver, sent="4")
    act(match, giver, more="no")
    act(match, taker, more="no")
    act(match, giver)
    act(match, taker)
    group.refresh_from_db()


def rows(group: Group) -> dict[tuple[str, int], int]:
    found = PaidRound.objects.filter(seat__group=group)
    return {(one.seat.role, one.block): one.round for one in found.select_related("seat")}


@pytest.mark.django_db
def test_nothing_is_drawn_while_the_game_goes_on_and_one_round_at_its_end(drawing: Callable[..., Group]) -> None:
    group = drawing("one_random_round")
    play_round(group)
    assert rows(group) == {}
    play_round(group)
    assert group.status == "complete"
    assert {key: number in (1, 2) for key, number in rows(group).items()} == {("giver", 1): True, ("taker", 1): True}
    one = person(Seat.objects.get(group=group, role="giver"))
    assert (points_of(one), earned_by(one).drawn) == (6, rounds_drawn_for(one))
    assert one.settlement.points == 6
    because = next(line for line in one.settlement.explanation if line["what"] == "bonus")["because"]
    assert because["rounds"] == str(rows(group)["giver", 1])


@pytest.mark.django_db
def test_one_round_of_each_block_is_paid(drawing: Callable[..., Group]) -> None:
    group = drawing("one_per_block", rounds=4, block_rounds=2)
    for _ in range(4):
        play_round(group)
    drawn = rows(group)
    assert {number for (role, block), number in drawn.items() if block == 1} <= {1, 2}
    assert {number for (role, block), number in drawn.items() if block == 2} <= {3, 4}
    assert len(drawn) == 4
    assert points_of(person(Seat.objects.get(group=group, role="taker"))) == 16


@pytest.mark.django_db
def test_who_leaves_is_paid_only_where_a_finished_round_is_drawn(drawing: Callable[..., Group]) -> None:
    group = drawing("one_random_round", rounds=20)
    play_round(group)
    seat = Seat.objects.get(group=group, role="giver")
    sessions.leave(Session.objects.get(seats=seat).pk)
    number = rows(group)["giver", 1]
    assert person(seat).settlement.points == (6 if number == 1 else 0)
    # the other's game was ended by that, so theirs is drawn among what was played
    assert rows(group)["taker", 1] in (1, 2)


@pytest.mark.django_db
def test_what_was_drawn_is_never_changed(drawing: Callable[..., Group]) -> None:
    group = drawing("one_random_round", rounds=1)
    play_round(group)
    one = PaidRound.objects.filter(seat__group=group).earliest("pk")
    with pytest.raises(DatabaseError), transaction.atomic():
        PaidRound.objects.filter(pk=one.pk).update(round=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        one.delete()


@pytest.mark.django_db
def test_where_all_rounds_are_paid_nothing_is_drawn(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", rounds=2)
    play_round(group)
    play_round(group)
    assert not PaidRound.objects.exists()
    one = person(Seat.objects.get(group=group, role="giver"))
    assert (points_of(one), rounds_drawn_for(one)) == (12, None)


@pytest.mark.django_db
def test_pages_promise_no_money_for_points_that_may_not_be_drawn(drawing: Callable[..., Group]) -> None:
    group = drawing("one_random_round")
    assert worth_of(100, group.version) == ""
    session = Session.objects.get(seats__group=group, seats__role="giver")
    session.participant = Participant.objects.get(pk=session.participant_id)
    assert "drawn by chance" in kept_on_leaving(session)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("incentive", "worth"),
    [
        ("none", "£2.00"),
        ("one_random_item", ""),
        ({"by": "label", "values": {"hidden": "none", "disclosed": "one_random_item"}}, ""),
    ],
)
def test_pages_promise_no_money_for_points_that_a_belief_may_replace(
    tmp_path: Path, incentive: Any, worth: str
) -> None:
    def paying(said: dict[str, Any]) -> None:
        stage(said, "game")["parameters"]["beliefs_incentive"] = incentive

    assert worth_of(100, freeze(quick_study(tmp_path, change=paying), seed="s")) == worth


@pytest.mark.django_db
def test_first_round_is_longer_by_what_the_study_file_says_and_the_second_is_not(make_group: MakeGroup) -> None:
    usual = make_group("giver", "taker", rounds=2)
    longer = make_group("giver", "taker", rounds=2, first_round_extra_seconds=30)

    def seconds(group: Group) -> float:
        match = Match.objects.filter(group=group).latest("round")
        assert match.deadline_at is not None
        return round((match.deadline_at - match.step_opened_at).total_seconds())

    assert seconds(longer) - seconds(usual) == 30
    play_round(usual)
    play_round(longer)
    assert seconds(longer) == seconds(usual)


@pytest.mark.django_db
def test_void_page_of_the_first_round_is_no_longer(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", first_round_extra_seconds=30)
    match = group.matches.get()
    late(match)
    assert (match.path, match.deadline_at) == (VOID_PATH, match.step_opened_at + timedelta(seconds=VOID_SECONDS))


@pytest.mark.django_db
def test_page_of_the_first_round_says_that_there_is_more_time(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", first_round_extra_seconds=30)
    session = Session.objects.get(seats__group=group, seats__role="giver")
    assert page_of(session).note == "In this first round there are 30 seconds more for each step."
    play_round(group)
    assert page_of(Session.objects.get(pk=session.pk)).note == ""
