"""The one door to language models: its own retries inside one budget, and a row for every attempt.

The same model is asked again; never another one, since another model is another treatment.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.module_loading import import_string

from events.offload import run_db
from llm import budgets, rules, services
from llm.errors import ModelFailed, ProviderFailed
from llm.exchange import Completed, Message, Question, Reply, Request
from llm.models import Call
from llm.providers import recorded

ATTEMPT_SECONDS = 30.0
LEAST_ATTEMPT_SECONDS = 0.5
MOST_SCOPE_CHARS = 200
MOST_RETRIES = 2
MOST_REASKS = 1
FIRST_PAUSE_SECONDS = 0.5

log = logging.getLogger("rapport.llm")

Provider = Callable[[Question], Awaitable[Reply]]


@dataclass(slots=True)
class _Course:
    """How far one request has come."""

    messages: Sequence[Message]
    until: float
    retries: int = 0
    reasks: int = 0

    @property
    def seconds_left(self) -> float:
        return self.until - time.monotonic()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of one attempt."""

    call: Call
    verdict: rules.Verdict
    reply: Reply | None = None
    failure: ProviderFailed | None = None


async def complete(request: Request) -> Completed:
    """Ask for one answer. Never inside a transaction: it may take `request.budget_seconds`.

    Unavailability, rate limits and time-outs are tried again twice; a reply of the wrong form is asked for once more,
    with what was wrong. Refusals and everything else fail at once.

    Raises:
        ModelFailed: with the outcome of the last attempt as its code; "budget" where a further one could pass a limit.
    """
    # What is sent is what can be stored: a lone surrogate could not even leave this machine.
    request = replace(request, messages=rules.storable([dict(message) for message in request.messages]))
    if recorded.PLAYER.get() is not None:
        request = replace(request, spending=None)  # what is played from a recording was paid for then
    problem = rules.schema_problem(request.schema)
    if problem:
        raise ModelFailed("config", f"the reply's schema is no JSON Schema: {problem}")
    if len(request.scope) > MOST_SCOPE_CHARS:
        raise ModelFailed("config", f"a scope has at most {MOST_SCOPE_CHARS} characters, this one {len(request.scope)}")
    reused = await run_db(services.answered, request)
    if reused is not None:
        return reused
    course = _Course(messages=list(request.messages), until=time.monotonic() + request.budget_seconds)
    while True:
        attempt = await _attempted(request, course)
        if attempt.verdict.outcome == "ok":
            return await run_db(_stored, attempt)
        await _go_on_or_fail(request, course, attempt)


def _stored(attempt: _Attempt) -> Completed:
    attempt.call.refresh_from_db()
    return services.completed(attempt.call, attempt.verdict.value, is_reused=False)


async def _attempted(request: Request, course: _Course) -> _Attempt:
    """One attempt: a row, the question, the verdict in the row."""
    call = await run_db(services.open_call, request, course.messages)
    started = time.monotonic()
    attempt = await _asked(call, request, course)
    latency_ms = round((time.monotonic() - started) * 1000)
    said_by = attempt.reply or attempt.failure
    if said_by is not None and said_by.latency_ms is not None:
        course.until -= max(0.0, (said_by.latency_ms - latency_ms) / 1000)  # as if it had taken that long
        latency_ms = said_by.latency_ms
    request_id = attempt.failure.request_id if attempt.failure else ""
    is_ours = await run_db(
        services.close_call, call, attempt.verdict, latency_ms=latency_ms, reply=attempt.reply, request_id=request_id
    )
    facts = {"call": call.pk, "scope": call.scope, "attempt": call.attempt, "outcome": attempt.verdict.outcome}
    log.info("model asked", extra={"facts": {**facts, "model": request.model, "took_ms": latency_ms}})
    if not is_ours:
        raise ModelFailed("superseded", f"scope {request.scope} went to a newer holder: drop this answer")
    return attempt


async def _asked(call: Call, request: Request, course: _Course) -> _Attempt:
    seconds = min(ATTEMPT_SECONDS, max(course.seconds_left, LEAST_ATTEMPT_SECONDS))
    question = Question(request.model, course.messages, request.schema, request.parameters, seconds, request.scope)
    try:
        # The library's own time limit has been ignored on some paths; this one cannot be.
        said = await asyncio.wait_for(provider_of(request.model)(question), seconds)
        said = rules.plausible(replace(said, text=rules.storable(said.text)))
        reply = budgets.priced(said, request.spending)
        return _Attempt(call, rules.judge(reply, request.schema), reply)
    except TimeoutError:
        return _Attempt(call, rules.Verdict("timeout", f"no reply within {seconds:.1f} s"))
    except ProviderFailed as error:
        return _Attempt(call, rules.Verdict(error.code, str(error)), failure=error)
    except Exception as error:  # whatever a provider raises is data: the row must be closed
        log.exception("provider raised", extra={"facts": {"call": call.pk}})
        return _Attempt(call, rules.Verdict("internal", type(error).__name__))


def provider_of(model: str) -> Provider:
    """Who answers for `model`: a recording where one is played, else by the part of its name before the first slash."""
    player = recorded.PLAYER.get()
    if player is not None:
        return player.ask
    providers: dict[str, str] = settings.LLM_PROVIDERS
    provider: Provider = import_string(providers.get(model.partition("/")[0], providers["*"]))
    return provider


async def _go_on_or_fail(request: Request, course: _Course, attempt: _Attempt) -> None:
    """Prepare the next attempt, or raise."""
    outcome = attempt.verdict.outcome
    if outcome in rules.TRANSIENT and course.retries < MOST_RETRIES:
        course.retries += 1
        pause = attempt.failure.retry_after_seconds if attempt.failure else None
        if pause is None:
            spread = random.Random(f"{request.scope}/pause/{course.retries}").uniform(0.75, 1.25)  # noqa: S311
            pause = FIRST_PAUSE_SECONDS * 2 ** (course.retries - 1) * spread
        if pause + LEAST_ATTEMPT_SECONDS < course.seconds_left:
            await asyncio.sleep(pause)
            return
    elif outcome in rules.CORRECTABLE and course.reasks < MOST_REASKS and course.seconds_left > LEAST_ATTEMPT_SECONDS:
        course.reasks += 1
        course.messages = _corrected(request, attempt)
        return
    raise ModelFailed(outcome, f"{request.model} under scope {request.scope}: {attempt.verdict.error or outcome}")


def _corrected(request: Request, attempt: _Attempt) -> list[Message]:
    """The question again, with the unusable reply and what is wrong with it."""
    text = attempt.reply.text if attempt.reply else ""
    said: list[Message] = [{"role": "assistant", "content": text[:2000]}] if text.strip() else []
    form = "one JSON object of the required form and nothing else" if request.schema is not None else "a short text"
    asked = f"Your last reply could not be used ({attempt.verdict.error}). Reply again with {form}."
    return [*request.messages, *said, {"role": "user", "content": asked}]
