"""Planned delays: within bounds, never at once, growing with what is read and written, and blind to labels."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.delays import PICK_SECONDS, Effort, Pace, effort, is_missed, seconds, wait
from paradigm import Card, Choice, Line, Option, Points, Table, Text, View

PACE = Pace(min_s=4, max_s=25, chars_per_s=5, think_s=(2, 8))
efforts = st.builds(Effort, st.integers(0, 5000), st.integers(0, 2000), st.integers(0, 10))


@given(efforts, st.floats(1, 600), st.integers())
def test_delay_stays_within_the_seats_bounds_and_before_the_deadline(work: Effort, limit: float, seed: int) -> None:
    wait = seconds(PACE, work, limit_s=limit, rng=Random(seed))
    assert 0 < wait <= 25
    assert wait <= limit - 3 or (limit <= 6 and wait <= limit / 2)
    assert wait >= min(4, limit / 2, max(limit - 3, limit / 2))


@given(efforts, st.integers())
def test_delay_is_the_same_for_the_same_turn(work: Effort, seed: int) -> None:
    assert seconds(PACE, work, limit_s=60, rng=Random(seed)) == seconds(PACE, work, limit_s=60, rng=Random(seed))


@given(st.integers(0, 60), st.integers(1, 40), st.integers())
def test_longer_text_takes_longer(written: int, more: int, seed: int) -> None:
    wide = Pace(min_s=0, max_s=600, chars_per_s=5, think_s=(2, 8))
    short = seconds(wide, Effort(0, written, 0), limit_s=900, rng=Random(seed))
    assert seconds(wide, Effort(0, written + more, 0), limit_s=900, rng=Random(seed)) > short


@given(efforts, st.floats(1, 600), st.integers())
def test_writing_is_the_end_of_the_wait_and_cut_short_in_proportion(work: Effort, limit: float, seed: int) -> None:
    planned = wait(PACE, work, limit_s=limit, rng=Random(seed))
    assert planned.seconds == seconds(PACE, work, limit_s=limit, rng=Random(seed))
    assert 0 <= planned.writing_s <= planned.seconds
    assert (planned.writing_s > 0) is (work.written_chars > 0)
    typed = work.written_chars / PACE.chars_per_s + work.picks * PICK_SECONDS
    assert planned.writing_s <= typed + 1e-9


def test_writing_begins_after_reading_and_thinking() -> None:
    calm = Pace(min_s=0, max_s=600, chars_per_s=5, think_s=(3, 3))
    planned = wait(calm, Effort(read_chars=100, written_chars=50, picks=1), limit_s=900, rng=Random(1))
    assert (planned.seconds - planned.writing_s, planned.writing_s) == (100 / 25 + 3, 50 / 5 + PICK_SECONDS)
    halved = wait(calm, Effort(100, 50, 1), limit_s=18.5 / 2 + 3, rng=Random(1))
    assert halved.seconds <= 18.5 / 2
    assert halved.writing_s / halved.seconds == pytest.approx(planned.writing_s / planned.seconds)


def test_bounded_delays_do_not_pile_up_on_the_bound() -> None:
    waits = {round(seconds(PACE, Effort(0, 2000, 0), limit_s=60, rng=Random(seed)), 3) for seed in range(200)}
    assert len(waits) > 150
    assert max(waits) <= 25


def test_decisions_take_time_too() -> None:
    waits = [seconds(PACE, Effort(0, 0, 1), limit_s=45, rng=Random(seed)) for seed in range(200)]
    assert min(waits) >= 4
    assert max(waits) - min(waits) > 3


def test_effort_counts_others_words_and_own_writing_but_no_label() -> None:
    fields = [Text(name="message"), Choice(name="choice", options=[Option("A", "Pick A")]), Points(name="returned")]
    values = {"message": "hello", "choice": "A", "returned": 0}
    hidden = View(cards=[Card("A", "", "abcd")], lines=[Line("B", "efg"), Line("", "own words")])
    told = View(
        page="other", cards=[Card("A", "AI", "abcd")], lines=hidden.lines, tables=[Table("t", ["kind"], [["A (AI)"]])]
    )
    assert effort(hidden, fields, values) == effort(told, fields, values) == Effort(7, 5, 2)


def test_what_was_read_before_is_not_read_again() -> None:
    view = View(lines=[Line("A", "x" * 100, seq=1), Line("", "own", seq=2), Line("A", "new", seq=3)])
    assert effort(view, [], {}, heard_after=2).read_chars == 3


def test_misses_come_as_often_as_declared() -> None:
    pace = Pace(miss=0.1)
    assert 60 < sum(is_missed(pace, Random(f"seed/{n}")) for n in range(1000)) < 140
    assert not any(is_missed(Pace(), Random(n)) for n in range(1000))
