"""Waiting for notes that a model is just taking, before a prompt is made that would hold them."""

from __future__ import annotations

import asyncio
import time

from bots.noting.queries import is_being_noted
from events.claim import WAITS
from events.offload import run_db
from flow.queries import TurnFacts

LOOK_EVERY_SECONDS = 0.2


async def for_notes(facts: TurnFacts, *, at_most: float) -> bool:
    """Wait until what is to be noted of earlier conversations is, or no longer; whether it is.

    Nobody is made to wait by it: the seat takes at least twice this time anyway.

    Args:
        at_most: Seconds.
    """
    until = time.monotonic() + at_most
    while await run_db(is_being_noted, facts):
        if not WAITS.get() or time.monotonic() + LOOK_EVERY_SECONDS > until:
            return False
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return True
