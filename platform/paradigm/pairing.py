"""What pairing rules have in common: whose turn it is to rest, and how to meet somebody new."""

from collections import Counter
from collections.abc import Sequence
from itertools import count, permutations

from paradigm.experiment import Matching, MatchPlan
from paradigm.state import Seat

Past = Sequence[Sequence[MatchPlan]]


def rested_first(matching: Matching) -> list[Seat]:
    """Those present in random order, but who has met others in fewer rounds comes first."""
    played = Counter(seat for plans in matching.past for plan in plans for seat in plan.seats.values())
    order = matching.rng.sample(matching.seats, k=len(matching.seats))
    return sorted(order, key=lambda seat: played[seat.number])


def least_met(ones: Sequence[int], others: Sequence[int], past: Past) -> dict[int, int]:
    """One of `others` for each of `ones`; a pair meets again only where no other assignment is left.

    Bipartite matching by augmenting paths (Kuhn 1955), first over pairs that never met, then that met once …
    Ties follow the order of `others`, so shuffle it.

    Raises:
        ValueError: there are fewer others than ones.
    """
    if len(set(others)) < len(set(ones)):
        raise ValueError(f"{len(others)} seats cannot be given to {len(ones)}")
    met = Counter(pair for plans in past for plan in plans for pair in permutations(plan.seats.values(), 2))
    taken: dict[int, int] = {}

    def give(one: int, most: int, tried: set[int]) -> bool:
        for other in others:
            if other not in tried and met[one, other] <= most:
                tried.add(other)
                if other not in taken or give(taken[other], most, tried):
                    taken[other] = one
                    return True
        return False

    for one in ones:
        next(most for most in count() if give(one, most, set()))
    return {one: other for other, one in taken.items()}
