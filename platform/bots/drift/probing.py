"""Asking models their sentinels, a few times a day while a study goes on. On the bots' loop."""

from __future__ import annotations

import asyncio

from bots.drift import services
from bots.drift.rules import Reading, needs_another, served_by, software_of
from bots.drift.services import Job
from events.claim import Claim
from events.offload import run_db
from llm.door import complete
from llm.errors import ModelFailed
from llm.exchange import Request

MOST_SECONDS = 35.0
"""For one reading: two of them stay below what the loop lets a handler take."""


async def begin(claim: Claim) -> str:
    """A study was opened, or has a new version: plan the readings of its models. The key is "study:17"."""
    return f"planned {await run_db(services.plan, int(claim.key.rpartition(':')[2]))}"


async def probe(claim: Claim) -> str:
    """Make one reading of one model, and plan the next."""
    job = await run_db(services.begin, claim)
    if job is None:
        return await run_db(services.go_on, claim)
    try:
        found = await _read(job, "first")
        again = await _read(job, "second") if needs_another(found, job.known) else None
    except ModelFailed as error:
        return await run_db(services.fail, claim, job, f"model_{error.code}")
    return await run_db(services.conclude, claim, job, found, again)


async def _read(job: Job, which: str) -> Reading:
    """The answers to every prompt, all asked at once.

    Raises:
        ModelFailed: one of them was not answered.
    """
    requests = [
        Request(
            scope=f"{job.scope}:{which}:{number}",
            model=job.model,
            messages=[{"role": "user", "content": prompt}],
            parameters=job.parameters,
            budget_seconds=MOST_SECONDS,
            spending=job.spending,
        )
        for number, prompt in enumerate(job.prompts, start=1)
    ]
    answers = await asyncio.gather(*(complete(request) for request in requests))
    return Reading(
        served_by(answer.model_served for answer in answers),
        [answer.text for answer in answers],
        software_of(answer.system_fingerprint for answer in answers),
    )
