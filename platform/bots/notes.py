"""When a conversation is over, its partners take their notes: by words at once, or by a model. On the bots' loop."""

from __future__ import annotations

from bots.errors import SUPERSEDED, BotsError
from bots.noting import services as noting
from bots.noting.asking import noted
from bots.noting.services import Job
from bots.scribing import services as scribing
from events.claim import Claim
from events.due import MAX_ATTEMPTS
from events.offload import run_db


async def after_talk(claim: Claim) -> str:
    """Take the notes of the conversation that the claim's key names. Any number of times: each version is made once.

    Notes by words never wait for this: whoever is to remember before it has run takes them itself (`bots.by_model`).
    Those that a model takes do, for as long as nobody is kept waiting by it (`bots.noting.waiting`).
    """
    talk = int(claim.key.rpartition(":")[2])
    made = await run_db(scribing.note_talk, talk)
    job = await run_db(noting.begin, talk)
    return f"noted {made}" if job is None else await _by_model(claim, job)


async def _by_model(claim: Claim, job: Job) -> str:
    """Ask, and write what came of it. A version is written by whoever holds the claim, and by nobody twice."""
    try:
        lines = await noted(job)
    except BotsError as error:
        if error.code == SUPERSEDED and claim.attempts < MAX_ATTEMPTS:
            raise  # somebody else has asked since: look again who wrote
        return await run_db(noting.fail, claim, job, error.code)
    return await run_db(noting.conclude, claim, job, lines)
