"""Wilson's interval, held against published values and its own definition."""

import pytest

from measures.intervals import wilson


@pytest.mark.parametrize(
    ("passed", "of", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_interval_is_the_published_one(passed: int, of: int, low: float, high: float) -> None:
    found = wilson(passed, of)
    assert found is not None
    assert found == pytest.approx((low, high), abs=0.00005)


def test_interval_of_nobody_is_none() -> None:
    assert wilson(0, 0) is None


def test_interval_is_the_same_seen_from_either_side() -> None:
    for of in (1, 7, 40):
        for passed in range(of + 1):
            low, high = wilson(passed, of) or (0, 0)
            other = wilson(of - passed, of) or (0, 0)
            assert (low, high) == pytest.approx((1 - other[1], 1 - other[0]))
            assert 0 <= low <= passed / of <= high <= 1
