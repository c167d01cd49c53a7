"""Seats that decide by a rule of the experiment: pure, seeded, at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from bots.errors import BotsError
from bots.recall import acquaintance_of, memory_of, recalled
from bots.scribing import services as scribing
from events.offload import run_db
from flow.game import game_of
from flow.models import Act, Match
from flow.queries import TurnFacts
from paradigm import Recollection, Turn

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
    facts, memory = _remembering(facts)
    try:
        return decided(facts, seat.policy, rng=rng, settings=seat.settings.get("numbers", {}), memory=memory)
    except BotsError:
        raise
    except Exception as error:
        # Pure and seeded: it would raise again, so the turn fails at once, loudly, and the deadline decides.
        log.exception("a policy raised", extra={"facts": {"policy": seat.policy, "step": facts.step}})
        text = f"policy {seat.policy!r} raised {type(error).__name__} at {facts.step}: mend it, then amend the study"
        raise BotsError("policy_failed", text) from error


def _remembering(facts: TurnFacts) -> tuple[TurnFacts, Recollection]:
    """What a policy remembers, by the same rules as a model; its page holds only what they let it."""
    if memory_of(facts.seat.group.version, facts.seat) is None:
        return facts, Recollection()
    known = acquaintance_of(Match.objects.select_related("group__version").get(pk=facts.match_id), facts.seat)
    if known is None:
        return facts, Recollection()
    scribing.take_notes(known)
    recall = recalled(known, facts)
    return replace(facts, view=replace(facts.view, lines=recall.lines)), recall.recollection


def decided(
    facts: TurnFacts, policy: str, *, rng: Random, settings: Mapping[str, Any], memory: Recollection | None = None
) -> Mapping[str, Any]:
    """What one of the experiment's policies does in a seat, by field key.

    Raises:
        BotsError: "policy_unknown"; whatever the policy raises.
    """
    experiment = game_of(facts.seat.group).experiment
    rule = experiment.policies.get(policy)
    if rule is None:
        raise BotsError("policy_unknown", f"{experiment.name} has no policy {policy!r}: name one of its own")
    return rule(
        Turn(
            step=facts.step, place=facts.place, view=facts.view, fields=facts.fields, rng=rng, settings=settings,
            memory=memory or Recollection(), played=facts.played,
        )
    )  # fmt: skip
