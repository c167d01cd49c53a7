"""Intervals for shares."""

from statistics import NormalDist

LEVEL = 0.95


def wilson(passed: int, of: int, *, level: float = LEVEL) -> tuple[float, float] | None:
    """The interval of Wilson (1927) for a share, from 0 to 1; None of nothing.

    It holds what it says also for few people and for shares near 0 and 1, where the usual one does not. People who sit
    in one group are taken for independent, which makes it too narrow for what a group does to all of them.
    """
    if not of:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = passed / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = z * ((share * (1 - share) + weight / 4) / of) ** 0.5 / (1 + weight)
    # exactly 0 and 1 where nobody or everybody passed, whatever rounding leaves
    return (middle - half if passed else 0.0), (middle + half if passed < of else 1.0)
