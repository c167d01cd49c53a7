"""Seats that decide by a rule of the experiment: pure, seeded, at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from random import Random
from typing import Any

from bots.errors import BotsError
from events.offload import run_db
from flow.game import game_of
from flow.models import Act
from flow.queries import TurnFacts
from paradigm import Turn

log = logging.getLogger("rapport.bots")


class PolicyOccupant:
    """Asks the policy that was drawn for the seat."""

    source = Act.Source.POLICY.value

    async def values(self, facts: TurnFacts, *, key: str) -> Mapping[str, Any]:
        return await run_db(_decide, facts, key)


def _decide(facts: TurnFacts, key: str) -> Mapping[str, Any]:
    seat = facts.seat
    # a talk's contributions each have their own chance: the key ends with how many there were
    rng = Random(f"{facts.chance}/policy/{key.rpartition(':')[2]}")  # noqa: S311  seeded on purpose
    try:
        return decided(facts, seat.policy, rng=rng, settings=seat.settings.get("numbers", {}))
    except BotsError:
        raise
    except Exception as error:
        # Pure and seeded: it would raise again, so the turn fails at once, loudly, and the deadline decides.
        log.exception("a policy raised", extra={"facts": {"policy": seat.policy, "step": facts.step}})
        text = f"policy {seat.policy!r} raised {type(error).__name__} at {facts.step}: mend it, then amend the study"
        raise BotsError("policy_failed", text) from error


def decided(facts: TurnFacts, policy: str, *, rng: Random, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What one of the experiment's policies does in a seat, by field key.

    Raises:
        BotsError: "policy_unknown"; whatever the policy raises.
    """
    experiment = game_of(facts.seat.group).experiment
    rule = experiment.policies.get(policy)
    if rule is None:
        raise BotsError("policy_unknown", f"{experiment.name} has no policy {policy!r}: name one of its own")
    return rule(
        Turn(step=facts.step, place=facts.place, view=facts.view, fields=facts.fields, rng=rng, settings=settings)
    )
