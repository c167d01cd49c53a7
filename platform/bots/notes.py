"""When a conversation is over, its partners take their notes. On the bots' loop, where models will write them."""

from __future__ import annotations

from bots import services
from events.claim import Claim
from events.offload import run_db


async def after_talk(claim: Claim) -> str:
    """Take the notes of the conversation that the claim's key names. Any number of times: each version is made once.

    Whoever is to remember before this has run takes the notes itself (`bots.by_model`), so no prompt depends on when it
    does.
    """
    made = await run_db(services.note_talk, int(claim.key.rpartition(":")[2]))
    return f"noted {made}"
