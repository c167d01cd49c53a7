"""Who is asked, seated, sent back and sent away: the rules of the waiting room, without a clock or a database."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from matching.rules import GRACE, PRESENT, Terms, Waiting, expected_seconds, plan_seats, tend

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FOUR = Terms(humans=4, ready_seconds=20)
FILLED = Terms(humans=4, ready_seconds=20, fill_seconds=8)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def one(ticket: int, status: str = "waiting", **facts: Any) -> Waiting:
    """Somebody who joined in the order of tickets and was seen a second ago."""
    facts = {"joined_at": ago(1000 - ticket), "seen_at": ago(1)} | facts
    return Waiting(ticket=ticket, status=status, **facts)


def test_tending_asks_nobody_before_a_group_is_possible() -> None:
    assert tend([one(1), one(2), one(3)], FOUR, NOW).asked == []


def test_tending_asks_as_many_as_complete_groups_first_come_first_served() -> None:
    assert tend([one(n) for n in (6, 5, 4, 3, 2, 1)], FOUR, NOW).asked == [1, 2, 3, 4]
    assert tend([one(n) for n in range(1, 10)], FOUR, NOW).asked == [1, 2, 3, 4, 5, 6, 7, 8]


def test_tending_counts_only_who_was_seen_lately() -> None:
    gone = one(2, seen_at=NOW - PRESENT - timedelta(seconds=1))
    assert tend([one(1), gone, one(3), one(4)], FOUR, NOW).asked == []
    assert tend([one(1), gone, one(3), one(4), one(5)], FOUR, NOW).asked == [1, 3, 4, 5]


def test_tending_seats_four_who_are_ready_and_keeps_the_fifth() -> None:
    ready = [one(n, "ready", ready_at=ago(3)) for n in (1, 2, 3, 4, 5)]
    found = tend(ready, FOUR, NOW)
    assert found.groups == [[1, 2, 3, 4]]
    assert found.look_again_at == ago(3) + FOUR.ready_lasts


def test_tending_never_seats_somebody_ready_who_went_away() -> None:
    ready = [one(n, "ready", ready_at=ago(20)) for n in (1, 2, 3)]
    assert tend([*ready, one(4, "ready", ready_at=ago(20), seen_at=ago(16))], FOUR, NOW).groups == []


def test_tending_waits_for_an_answer_and_its_grace() -> None:
    asked = one(1, "asked", asked_at=ago(21))
    found = tend([asked], FOUR, NOW)
    assert (found.back, found.expired) == ([], [])
    assert found.look_again_at == ago(21) + timedelta(seconds=20) + GRACE


def test_tending_sends_back_once_and_away_the_second_time() -> None:
    first, second = one(1, "asked", asked_at=ago(23)), one(2, "asked", asked_at=ago(23), misses=1)
    found = tend([first, second], FOUR, NOW)
    assert (found.back, found.expired) == ([1], [2])


def test_tending_asks_the_next_in_the_queue_when_one_does_not_answer() -> None:
    ready = [one(n, "ready", ready_at=ago(10)) for n in (1, 2, 3)]
    silent = one(4, "asked", asked_at=ago(23), seen_at=ago(30))
    found = tend([*ready, silent, one(5), one(6)], FOUR, NOW)
    assert (found.back, found.asked) == ([4], [5])


def test_tending_asks_anew_who_was_ready_too_long_ago() -> None:
    stale = [one(n, "ready", ready_at=ago(61)) for n in (1, 2, 3, 4)]
    found = tend(stale, FOUR, NOW)
    assert found.groups == []
    assert found.asked == [1, 2, 3, 4]


def test_tending_asks_nobody_where_nobody_is_asked_however_long_seating_takes() -> None:
    """A server that is slow to seat many at once must not take them for people who do not answer."""
    alone = Terms(humans=1, ready_seconds=20, asks=False)
    everybody = [one(n, "ready", ready_at=ago(1000)) for n in (1, 2)] + [
        one(3, "ready", ready_at=ago(9), seen_at=ago(99))
    ]
    found = tend(everybody, alone, NOW)
    assert (found.back, found.asked, found.expired) == ([], [], [])
    assert found.groups == [[1], [2]]
    assert found.look_again_at is None, "whoever is away is seated when they are heard of"


def test_tending_fills_nothing_where_the_study_file_does_not_say_so() -> None:
    assert tend([one(1, "ready", ready_at=ago(59))], FOUR, NOW).groups == []


def test_filling_asks_everybody_and_waits_from_the_first_ready() -> None:
    assert tend([one(1)], FILLED, NOW).asked == [1]
    early = tend([one(1, "ready", ready_at=ago(7)), one(2, "ready", ready_at=ago(1))], FILLED, NOW)
    assert early.groups == []
    assert early.look_again_at == NOW + timedelta(seconds=1)
    late = tend([one(1, "ready", ready_at=ago(8)), one(2, "ready", ready_at=ago(2)), one(3)], FILLED, NOW)
    assert late.groups == [[1, 2]]
    assert late.asked == [3]


ROLES = {"selector": (2, 0), "candidate": (2, 2)}


def test_seats_give_every_role_its_people_and_its_ai() -> None:
    seats = plan_seats(ROLES, [11, 12, 13, 14], Random("a"))
    assert [seat.number for seat in seats] == [1, 2, 3, 4, 5, 6]
    assert sorted((seat.role, seat.kind) for seat in seats) == [
        ("candidate", "ai"), ("candidate", "ai"), ("candidate", "human"), ("candidate", "human"),
        ("selector", "human"), ("selector", "human"),
    ]  # fmt: skip
    assert sorted(seat.person for seat in seats if seat.person) == [11, 12, 13, 14]
    assert not any(seat.is_stand_in for seat in seats)


def test_seats_are_the_same_for_the_same_chance() -> None:
    assert plan_seats(ROLES, [1, 2, 3, 4], Random("b")) == plan_seats(ROLES, [1, 2, 3, 4], Random("b"))


def test_seat_numbers_tell_nothing_about_kind_role_or_arrival() -> None:
    """Over many groups each number holds an AI, a selector and the first to arrive about as often as any other."""
    groups = [plan_seats(ROLES, [1, 2, 3, 4], Random(f"{n}")) for n in range(3000)]
    for number in range(6):
        held = [group[number] for group in groups]
        assert sum(seat.kind == "ai" for seat in held) / 3000 == pytest.approx(1 / 3, abs=0.05)
        assert sum(seat.role == "selector" for seat in held) / 3000 == pytest.approx(1 / 3, abs=0.05)
        assert sum(seat.person == 1 for seat in held) / 3000 == pytest.approx(1 / 6, abs=0.04)


def test_first_to_arrive_gets_each_role_by_chance() -> None:
    groups = [plan_seats(ROLES, [1, 2, 3, 4], Random(f"{n}")) for n in range(2000)]
    selectors = sum(seat.role == "selector" for group in groups for seat in group if seat.person == 1)
    assert selectors / 2000 == pytest.approx(1 / 2, abs=0.05)


def test_stand_ins_take_only_seats_of_people() -> None:
    seats = plan_seats(ROLES, [1], Random("c"))
    assert sum(seat.is_stand_in for seat in seats) == 3
    assert all(seat.kind == "human" for seat in seats if seat.is_stand_in)
    assert sum(seat.kind == "ai" for seat in seats) == 2


def test_too_many_people_are_refused() -> None:
    with pytest.raises(ValueError, match="5 people for 4 seats"):
        plan_seats(ROLES, [1, 2, 3, 4, 5], Random("d"))


def test_expected_wait_is_not_said_from_too_few_arrivals() -> None:
    assert expected_seconds(3, ago(300), missing=2, now=NOW) is None


def test_expected_wait_follows_the_rate_of_arrivals() -> None:
    arrived = [ago(240), ago(180), ago(120), ago(60)]
    assert expected_seconds(len(arrived), min(arrived), missing=2, now=NOW) == pytest.approx(120)
    assert expected_seconds(len(arrived), min(arrived), missing=0, now=NOW) == 0


def test_expected_wait_is_careful_right_after_the_opening() -> None:
    assert expected_seconds(4, ago(0.3), missing=4, now=NOW) == pytest.approx(30)
