"""Which policy, or persona and model, a pool gives to a seat, and with which numbers. Pure: the same seed, the same."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from studies.schema_partners import AutomatedPartner, ModelPartner, PolicyPartner
from studies.schema_pools import DrawnNumber, Pool

DECIMALS = 4  # of a number that is drawn


def ways_of(partner: AutomatedPartner) -> Sequence[str]:
    """How it may decide: its personas, those of every level, or its policies."""
    if isinstance(partner, ModelPartner):
        return partner.persona_files
    return partner.policies if isinstance(partner, PolicyPartner) else []


def drawn_way(pool: Pool, ways: Sequence[str], *, seed: str, at: int) -> str:
    """What is drawn at a place of a sequence: urn after urn, each in an order of its own.

    Args:
        seed: Of the sequence.
        at: The place, from 0.
    """
    return drawn_pair(pool, ways, {"": 1}, seed=seed, at=at)[0]


def drawn_pair(pool: Pool, ways: Sequence[str], models: Mapping[str, int], *, seed: str, at: int) -> tuple[str, str]:
    """As `drawn_way`, with a model: an urn holds every pair of both, so that neither tells anything of the other.

    Args:
        models: Name → how often it is in the urn.
    """
    urn = [(way, name) for way in ways for name in models for _ in range(pool.weights.get(way, 1) * models[name])]
    number, place = divmod(at, len(urn))
    Random(f"{seed}/{number}").shuffle(urn)  # noqa: S311  seeded on purpose
    return urn[place]


def drawn_numbers(pool: Pool, way: str, *, seed: str) -> Mapping[str, Any]:
    """The numbers that a policy has of its own, those among them that are drawn for one seat."""
    found: dict[str, Any] = {}
    for name, said in pool.settings.get(way, {}).items():
        chance = Random(f"{seed}/{name}")  # noqa: S311  seeded on purpose
        found[name] = round(chance.uniform(said.low, said.high), DECIMALS) if isinstance(said, DrawnNumber) else said
    return found
