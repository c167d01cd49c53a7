"""What is drawn of a scale, and which of the times that a browser sends are kept. Pure."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.draws import draw
from measures.timing import Times, times_of
from tests.measures.test_scoring import scale_with

BLOCKS = {"blocks": {"one": ["a", "b"], "two": ["c"], "three": ["d"]}, "shown": 2}


def test_scale_without_chance_is_asked_as_it_stands() -> None:
    drawn = draw(scale_with(), Random(1))
    assert (list(drawn.shown), list(drawn.left_out)) == (list("abcde"), [])


def test_same_seed_draws_the_same_and_others_differ() -> None:
    scale = scale_with(order="random", planned_missing=BLOCKS)
    assert draw(scale, Random("s/1")) == draw(scale, Random("s/1"))
    assert len({tuple(draw(scale, Random(f"s/{n}")).shown) for n in range(30)}) > 10


def test_whole_blocks_are_left_out_each_as_often_and_the_rest_is_always_asked() -> None:
    scale = scale_with(planned_missing=BLOCKS)
    drawn = [draw(scale, Random(f"s/{n}")) for n in range(300)]
    assert {tuple(one.left_out) for one in drawn} == {("a", "b"), ("c",), ("d",)}
    assert all("e" in one.shown for one in drawn)
    assert all(sorted([*one.shown, *one.left_out]) == list("abcde") for one in drawn)
    assert min(Counter(tuple(one.left_out) for one in drawn).values()) > 70


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("a.1=10,300,450;a.2=20,,", {"a.1": Times(10, 300, 450), "a.2": Times(20)}),
        ("a.1=0,0,0", {"a.1": Times(0, 0, 0)}),
        ("", {}),
        ("a.1=10,300,5001", {"a.1": Times(10, 300, 5001)}),
        ("a.1=10,300,6001", {}),  # later than the form came
        ("a.1=-1,3,4", {}),
        ("a.1=400,300,450", {}),
        ("a.1=10,450,300", {}),
        ("a.1=10,,300", {}),
        ("a.1=1.5,2,3", {}),
        ("a.1=\u0661,2,3", {}),
        ("a.9=1,2,3", {}),  # not asked
        ("a.1=1,2,3;a.1=4,5,6", {"a.1": Times(1, 2, 3)}),
        ("nonsense;a.2=1,2,3", {"a.2": Times(1, 2, 3)}),
        ("a.1=1,2,3;" * 3000, {}),
    ],
)
def test_only_times_that_can_be_true_are_kept(raw: str, kept: dict[str, Times]) -> None:
    assert times_of(raw, ["a.1", "a.2"], elapsed_ms=5000) == kept


@given(st.text(max_size=60), st.floats(0, 1e9))
def test_times_never_fail_and_are_never_impossible(raw: str, elapsed_ms: float) -> None:
    for times in times_of(f"a.1={raw};a.2=1,2,3", ["a.1", "a.2"], elapsed_ms=elapsed_ms).values():
        assert times.is_possible(elapsed_ms + 1000)
