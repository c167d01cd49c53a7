"""What people are to talk about: one topic for each visit, in an order of each person's own. Pure."""

from collections.abc import Sequence
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from studies.latin import square
from studies.schema_types import Line, Part

TOPIC = "topic"  # the parameter of an experiment that holds it
MOST_TOPICS = 24


class Topics(Part):
    """The topics of a game over the visits of its wave. Its experiment has a parameter `topic`, which pages name."""

    pool: Annotated[list[Line], Field(min_length=1, max_length=MOST_TOPICS)] = Field(
        description="In the words that people read; the dataset has the same words."
    )
    order: Literal["latin_square", "drawn", "constant", "scripted"] = Field(
        description="`latin_square`: each person has an order of their own, balanced over people: every topic equally "
        "often in each visit, and equally often right after each other. `drawn`: each person's order by chance. "
        "`constant`: one topic every time. `scripted`: as they stand here, for everybody, for a scripted induction "
        "only: then topic and visit cannot be told apart."
    )

    @property
    def is_of_people(self) -> bool:
        """Whether each person has an order, so that a group has the topic of one person."""
        return self.order in ("latin_square", "scripted")


def balanced(topics: Topics, *, seed: str, number: int) -> list[str]:
    """The order of the person with a number, from 1. Each block of people has every order of the design once.

    Args:
        seed: Settles the order of each block: the version's seed, and what else names the sequence.
    """
    rows = square(len(topics.pool))
    block, at = divmod(number - 1, len(rows))
    order = list(range(len(rows)))
    Random(f"{seed}/{block}").shuffle(order)  # noqa: S311  seeded on purpose
    return [topics.pool[one] for one in rows[order[at]]]


def in_visit(order: Sequence[str], visit: int) -> str:
    """The topic of a visit, from 1; after its last one an order begins anew."""
    return order[(visit - 1) % len(order)]


def shuffled(topics: Topics, *, seed: str) -> list[str]:
    """An order by chance."""
    order = list(topics.pool)
    Random(seed).shuffle(order)  # noqa: S311  seeded on purpose
    return order
