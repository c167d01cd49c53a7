"""Run one claim to its end: call the handler, settle what it did not, give back what failed, and write one log line."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import async_to_sync
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

from events import due
from events.claim import WAITS, Claim
from events.due import LostClaim
from events.offload import run_db
from events.reaction import Queue

RENEW_SECONDS = 3.0
LONGEST_BACKOFF_SECONDS = 30

log = logging.getLogger("rapport.task")


def handler_of(claim: Claim) -> Callable[[Claim], Any]:
    """The handler that the row names."""
    handler: Callable[[Claim], Any] = import_string(claim.reaction)
    return handler


def run(claim: Claim) -> str:
    """Run the handler in this thread and return what became of the claim: an outcome, "retry", "failed" or "lost"."""
    started = time.monotonic()
    with kept([claim]):
        try:
            handler = handler_of(claim)
            said = async_to_sync(handler)(claim) if inspect.iscoroutinefunction(handler) else handler(claim)
            result = finish(claim, said)
        except LostClaim:
            result = "lost"
        except Exception as error:
            result = give_back(claim, error)
    report(claim, result, started)
    return result


async def carry(claim: Claim, *, seconds: float | None = None) -> str:
    """As `run`, on the caller's loop: coroutines are awaited there, everything else runs in the loop's pool.

    The caller keeps the lease. No line is written: that is `report`'s.

    Args:
        seconds: When to give up on a coroutine.
    """
    try:
        handler = handler_of(claim)
        if inspect.iscoroutinefunction(handler):
            said = await asyncio.wait_for(handler(claim), seconds)
        else:
            said = await run_db(handler, claim)
        return await run_db(finish, claim, said)
    except LostClaim:
        return "lost"
    except Exception as error:
        return await run_db(give_back, claim, error)


def run_id(due_id: int) -> str | None:
    """Claim and run one row that is due; None when somebody else has it, or it is not due."""
    return next((run(claim) for claim in due.claim_ids([due_id])), None)


def drain(*queues: Queue, limit: int = 10_000) -> int:
    """Run here, one after another, all that is due and what that makes due; return how many.

    For simulations and tests: coroutines run too, and their `claim.until` returns at once.
    """
    token = WAITS.set(False)
    count = 0
    try:
        while count < limit:
            claims = [claim for queue in queues or ("bots", "jobs") for claim in due.claim(queue, limit=1)]
            if not claims:
                break
            for claim in claims:
                run(claim)
            count += len(claims)
    finally:
        WAITS.reset(token)
    return count


def finish(claim: Claim, said: str | None) -> str:
    """Settle the claim unless its handler did; "lost" when it is no longer ours."""
    try:
        due.settle(claim, said or "done")
    except LostClaim:
        return (said or "done") if due.is_settled(claim) else "lost"
    return said or "done"


def give_back(claim: Claim, error: BaseException) -> str:
    """Release the claim after an exception, to be tried again later, at most `due.MAX_ATTEMPTS` times."""
    code = str(getattr(error, "code", "") or type(error).__name__)
    facts = {"due": claim.id, "reaction": claim.reaction, "attempt": claim.attempts, "error_code": code}
    log.warning("handler raised", extra={"facts": facts}, exc_info=error)
    pause = min(LONGEST_BACKOFF_SECONDS, 2 ** (claim.attempts - 1))
    # A database that is away, a deadlock or a long wait for a lock is not the handler's fault.
    is_counted = not isinstance(error, OperationalError | InterfaceError)
    if not due.release(claim, retry_after_seconds=pause, error_code=code, is_counted=is_counted):
        return "lost"
    return "failed" if is_counted and claim.attempts >= due.MAX_ATTEMPTS else "retry"


def report(claim: Claim, result: str, started: float) -> None:
    """Write the one line of this run: ids and durations, never a text."""
    facts = {
        "due": claim.id,
        "reaction": claim.reaction,
        "event_id": claim.event_id,
        "attempt": claim.attempts,
        "outcome": result,
        "late_ms": round((claim.reading.at - claim.run_after).total_seconds() * 1000),
        "took_ms": round((time.monotonic() - started) * 1000),
    }
    log.info("task", extra={"facts": facts})


@contextmanager
def kept(claims: Iterable[Claim]) -> Iterator[None]:
    """Renew the leases of `claims` from another thread for as long as the block lasts."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(list(claims), ended), name="lease-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()


def _keep(claims: list[Claim], ended: threading.Event) -> None:
    if ended.wait(RENEW_SECONDS):  # most work is over before its lease needs anything
        return
    try:
        while not ended.is_set():
            try:
                due.renew(claims)
            except Exception as error:  # a database away for a moment must not cost the lease for good
                log.warning("lease not renewed", extra={"facts": {"error": type(error).__name__}})
                connection.close()
            ended.wait(RENEW_SECONDS)
    finally:
        connection.close()
