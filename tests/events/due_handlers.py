"""Handlers that the tests of due work name by their dotted paths."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import timedelta

from django.db import transaction

from events import due, log
from events.claim import Claim
from events.models import Event
from events.offload import run_db

HERE = "tests.events.due_handlers"
EFFECT = "effect.made"


def mark(point: str) -> None:
    """Die here, as `kill -9` does, when the test has marked this point."""
    if os.environ.get("KILL_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def make_effect(claim: Claim) -> None:
    """The effect and the settlement, in one transaction."""
    with transaction.atomic():
        subject = ("due", claim.id)
        log.record(EFFECT, study=None, subject=subject, facts={"fence": claim.fence, "pid": os.getpid()})
        due.settle(claim, "made")
        mark("before commit")
    mark("after commit")


def effects_of(due_id: int) -> list[Event]:
    """What the handler of a row has done."""
    return list(Event.objects.filter(kind=EFFECT, subject_id=due_id))


def effect(claim: Claim) -> None:
    """A job with a slow part outside the transaction."""
    mark("after claim")
    time.sleep(claim.facts.get("seconds", 0))
    mark("during call")
    make_effect(claim)


def word(_claim: Claim) -> str:
    """A job that only says what it did; the runner settles it."""
    return "said"


def broken(_claim: Claim) -> None:
    """A job that never works."""
    raise ZeroDivisionError("a text that must not be logged: secret-text-of-a-participant")


def slow_without_settling(claim: Claim) -> str:
    """A job that outlasts its lease when nobody renews it."""
    time.sleep(claim.facts["seconds"])
    return "slow"


async def aeffect(claim: Claim) -> None:
    """A bots' handler: compute, wait for the planned instant, deliver."""
    mark("after claim")
    await asyncio.sleep(claim.facts.get("seconds", 0))
    mark("during call")
    await claim.until(claim.run_after + timedelta(seconds=claim.facts.get("deliver_seconds", 0)))
    await run_db(make_effect, claim)


async def forever(_claim: Claim) -> None:
    """A bots' handler that hangs."""
    await asyncio.sleep(3600)


async def abroken(_claim: Claim) -> None:
    """A bots' handler that never works."""
    raise ZeroDivisionError
