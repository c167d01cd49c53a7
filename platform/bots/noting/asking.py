"""Asking a model for notes: once, and once more with what was wrong. On the bots' loop, outside any transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from bots import prompts, scopes
from bots.errors import BotsError
from bots.noting import telling
from bots.noting.services import Job
from bots.scribes import Noted
from llm.door import complete
from llm.errors import ModelFailed
from llm.exchange import Completed, Request
from studies.problems import StudyError

MOST_SECONDS = 40.0
"""For one question. With the second one it stays below what the loop lets a handler take."""


async def noted(job: Job) -> Sequence[Noted]:
    """The lines that are in force after a conversation.

    Where the person said nothing in it they are those of before, and no model is asked.

    Raises:
        BotsError: "model_<code>" for what the door refused; "persona_unfit"; "no_usable_reply".
    """
    if not job.material.theirs:
        return job.material.before
    request = request_of(job)
    answer = await _asked(request)
    lines, wrong = telling.read(answer.value, job.known.rule, job.material)
    if wrong:
        again = prompts.again(request.messages, answer.text, {"lines": wrong})
        answer = await _asked(replace(request, scope=scopes.again(request.scope), messages=again))
        lines, wrong = telling.read(answer.value, job.known.rule, job.material)
    if wrong:
        raise BotsError("no_usable_reply", f"{request.model} gave no usable notes twice: see the log of calls")
    return lines


def request_of(job: Job) -> Request:
    """The first question for some notes. Raises BotsError: "persona_unfit"."""
    model, rule, material = job.writer.model, job.known.rule, job.material
    try:
        messages = telling.messages(job.prompt, rule, material, job.slots)
    except StudyError as error:
        raise BotsError("persona_unfit", str(error)) from error
    held = telling.remembered(material)
    return Request(
        scope=job.scope,
        model=model.name,
        messages=messages,
        schema=telling.schema(rule, material),
        parameters={"max_tokens": model.max_tokens} | model.sampling,
        budget_seconds=MOST_SECONDS,
        memory_sha256=sha256(held.encode()).hexdigest() if held else "",
        keeps=model.keep_prompts,
        spending=job.spending,
    )


async def _asked(request: Request) -> Completed:
    try:
        return await complete(request)
    except ModelFailed as error:
        raise BotsError(f"model_{error.code}", str(error)) from error
