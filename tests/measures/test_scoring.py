"""Scores: worked out by hand, and what must hold of any scale and any answers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.scoring import TOO_FEW, WHYS, Reply, Score, points_of, score_bounds, scores_of
from studies.schema_scales import ScaleFile

TOLD = dict.fromkeys("abcde", 3)


def scale_with(*, keys: str = "+++++", **changes: Any) -> ScaleFile:
    """A scale of items a, b, … on a line from 1 to 7, reversed where a key says "-"."""
    said = {
        "schema": "scale/1",
        "id": "near",
        "title": "A scale of a test",
        "language": "en",
        "citation": "Written for this test.",
        "is_validated": False,
        "licence": {"status": "own"},
        "anchors": {"low": 1, "high": 7, "labels": {"1": "no", "7": "yes"}},
        "items": [{"id": "abcdefghij"[at], "text": "?", "reverse": key == "-"} for at, key in enumerate(keys)],
        "scoring": {"method": "mean", "least_answered": "all"},
    }
    return ScaleFile.model_validate(said | changes)


def only_score(scale: ScaleFile, replies: Mapping[str, Reply]) -> Score:
    (found,) = scores_of(scale, replies)
    return found


def scoring(least: object, method: str = "mean") -> dict[str, object]:
    return {"method": method, "least_answered": least}


@pytest.mark.parametrize(
    ("keys", "method", "picked", "score"),
    [
        ("+++", "mean", (1, 2, 6), Fraction(3)),
        ("+-+", "mean", (1, 2, 6), Fraction(13, 3)),  # 2 counts as 6
        ("---", "sum", (1, 2, 6), Fraction(15)),  # 7 + 6 + 2
        ("++++", "sum", (7, 7, 7, 7), Fraction(28)),
    ],
)
def test_score_is_the_mean_or_sum_of_what_answers_count_for(
    keys: str, method: str, picked: tuple[int, ...], score: Fraction
) -> None:
    found = only_score(scale_with(keys=keys, scoring=scoring("all", method)), dict(zip("abcd", picked, strict=False)))
    assert (found.value, found.why, found.is_prorated) == (score, "", False)


@pytest.mark.parametrize(
    ("least", "answered", "is_scored"),
    [
        ("all", 5, True),
        ("all", 4, False),
        (3, 3, True),
        (3, 2, False),
        ("80%", 4, True),
        ("80%", 3, False),
        (1, 0, False),
    ],
)
def test_too_few_answers_make_no_score_and_fewer_than_all_are_told(
    least: object, answered: int, is_scored: bool
) -> None:
    replies: dict[str, Reply] = {name: 4 if at < answered else "skipped_optional" for at, name in enumerate("abcde")}
    found = only_score(scale_with(scoring=scoring(least)), replies)
    assert (found.value is not None, found.answered, found.items) == (is_scored, answered, 5)
    assert found.is_prorated == (is_scored and answered < 5)
    assert found.why == ("" if is_scored else TOO_FEW if answered else "skipped_optional")


def test_sum_with_answers_missing_is_their_mean_times_the_number_of_items() -> None:
    replies: dict[str, Reply] = {"a": 2, "b": 3, "c": "skipped_optional", "d": 4, "e": 5}
    found = only_score(scale_with(scoring=scoring("80%", "sum")), replies)
    assert (found.value, found.is_prorated) == (Fraction(35, 2), True)


def test_all_means_all_that_were_asked() -> None:
    planned: dict[str, Reply] = {"a": 2, "b": 4, "c": "not_asked", "d": "not_asked", "e": "not_asked"}
    found = only_score(scale_with(), planned)
    assert (found.value, found.answered, found.is_prorated) == (Fraction(3), 2, True)
    assert only_score(scale_with(), planned | {"b": "skipped_optional"}).why == TOO_FEW


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        (["not_asked"] * 5, "not_asked"),
        (["dropout"] * 5, "dropout"),
        (["not_asked", "not_asked", "dropout", "dropout", "dropout"], "dropout"),
        (["skipped_optional", "not_asked", 1, 1, 1], TOO_FEW),
    ],
)
def test_missing_score_says_why(replies: list[Reply], why: str) -> None:
    found = only_score(scale_with(), dict(zip("abcde", replies, strict=True)))
    assert (found.value, found.why) == (None, why)


def test_subscales_have_scores_of_their_own_and_attention_items_count_in_none() -> None:
    items = [
        {"id": "a", "text": "?", "subscale": "warm"},
        {"id": "b", "text": "?", "subscale": "open", "reverse": True},
        {"id": "read", "text": "?", "attention": True, "correct": 2},
    ]
    scale = scale_with(items=items, subscales={"open": "Openness", "warm": "Warmth"})
    found = {one.subscale: one.value for one in scores_of(scale, {"a": 6, "b": 6})}
    assert found == {"open": 2, "warm": 6, "": 4}
    parts = scoring("all") | {"total": False}
    only_parts = scale_with(items=items, subscales={"open": "O", "warm": "W"}, scoring=parts)
    assert [one.subscale for one in scores_of(only_parts, {"a": 6, "b": 6})] == ["open", "warm"]


def test_point_off_the_line_is_refused() -> None:
    with pytest.raises(ValueError, match="8 is no point from 1 to 7"):
        only_score(scale_with(), TOLD | {"a": 8})


LINES = st.integers(-20, 20).flatmap(lambda low: st.tuples(st.just(low), st.integers(low + 1, low + 12)))
REPLIES = st.one_of(st.floats(0, 1), st.sampled_from(WHYS))


@st.composite
def answered(draw: st.DrawFn) -> tuple[ScaleFile, dict[str, Reply]]:
    """A scale, and a reply to each of its items."""
    low, high = draw(LINES)
    keys = draw(st.text("+-", min_size=1, max_size=10))
    least = draw(st.one_of(st.just("all"), st.integers(1, len(keys)), st.integers(1, 100).map(lambda n: f"{n}%")))
    scale = scale_with(
        keys=keys,
        anchors={"low": low, "high": high, "labels": {str(low): "no", str(high): "yes"}},
        scoring=scoring(least, draw(st.sampled_from(["mean", "sum"]))),
    )
    replies = {item.id: draw(REPLIES) for item in scale.items}
    spread = {name: low + round(one * (high - low)) if isinstance(one, float) else one for name, one in replies.items()}
    return scale, spread


@given(answered())
def test_score_is_within_its_bounds_or_says_why_not(known: tuple[ScaleFile, dict[str, Reply]]) -> None:
    scale, replies = known
    found = only_score(scale, replies)
    low, high = score_bounds(scale, items=found.items)
    assert found.value is None or low <= found.value <= high
    assert (found.value is None) == (found.why in {*WHYS, TOO_FEW})
    assert found.answered == sum(isinstance(one, int) for one in replies.values())


@given(answered(), st.randoms())
def test_order_of_items_does_not_matter(known: tuple[ScaleFile, dict[str, Reply]], rng: Any) -> None:
    scale, replies = known
    items = list(scale.items)
    rng.shuffle(items)
    assert only_score(scale.model_copy(update={"items": items}), replies) == only_score(scale, replies)


@given(answered())
def test_reversing_twice_changes_nothing_and_reversing_all_mirrors_the_score(
    known: tuple[ScaleFile, dict[str, Reply]],
) -> None:
    scale, replies = known
    turned = [item.model_copy(update={"reverse": not item.reverse}) for item in scale.items]
    mirrored = scale.model_copy(update={"items": turned})
    for item, other in zip(scale.items, turned, strict=True):
        for point in (one for one in replies.values() if isinstance(one, int)):
            sides = {points_of(scale, item, point), points_of(scale, other, point)}
            assert sides == {point, scale.anchors.low + scale.anchors.high - point}
    straight, back = only_score(scale, replies), only_score(mirrored, replies)
    low, high = score_bounds(scale, items=straight.items)
    if straight.value is not None and back.value is not None:
        assert straight.value + back.value == low + high
