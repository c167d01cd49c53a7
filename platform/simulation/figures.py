"""The few statistics of a report, said exactly."""

from collections.abc import Sequence

FEW = 10  # below so many, a 10th or 90th percentile is next to the lowest or highest value


def quantile(values: Sequence[float], at: float) -> float | None:
    """The value below which a share `at` of the values lies, None of nothing.

    Between two values it goes in a straight line: type 7 of Hyndman and Fan (1996), the default of R and NumPy.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * at
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float | None:
    """The middle value, None of nothing."""
    return quantile(values, 0.5)


def percent(part: int, whole: int) -> float | None:
    """A share in percent, None of nothing."""
    return 100 * part / whole if whole else None
