"""How large a test is: `make test` proves the rule quickly, `make long` reaches the numbers that were promised."""

import os

LONG = "long"
SIZE = os.environ.get("RAPPORT_TEST_SIZE", "test")


def sized(*, test: int, long: int) -> int:
    """Return how many people, rounds, kills or examples a test uses in this run."""
    return long if SIZE == LONG else test
