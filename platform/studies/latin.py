"""Balanced Latin squares: every level once in each place, and each level equally often right after each other.

Source: Williams (1949), Australian Journal of Scientific Research A 2, 149-168: one square for an even number of
levels, a pair of squares for an odd number.
"""

from collections.abc import Sequence

THEN = ">"
"""Between the conditions of an order."""


def square(size: int) -> list[list[int]]:
    """The rows of the balanced design for levels 0 … size-1: `size` rows where it is even, twice as many where odd."""
    first = [0]
    low, high = 1, size - 1
    while low <= high:
        first.append(low)
        if low < high:
            first.append(high)
        low, high = low + 1, high - 1
    rows = [[(level + shift) % size for level in first] for shift in range(size)]
    return rows if size % 2 == 0 or size == 1 else [*rows, *(row[::-1] for row in rows)]


def orders(conditions: Sequence[str]) -> list[str]:
    """Every order of the design, as text: "topic=home>topic=work>…"."""
    return [THEN.join(conditions[level] for level in row) for row in square(len(conditions))]


def in_place(order: str, place: int) -> str:
    """The condition in a place of an order, from 1; after its last place it begins anew."""
    conditions = order.split(THEN)
    return conditions[(place - 1) % len(conditions)]
