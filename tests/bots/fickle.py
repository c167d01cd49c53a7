"""A model that never says the same twice, is quick or slow, and fails now and then: `LLM_PROVIDERS["fickle"]`."""

import asyncio
import json
from itertools import count
from random import Random

from llm.errors import ProviderFailed
from llm.exchange import Question, Reply
from llm.providers.scripted import filled

_numbers = count(1)
_seen: set[str] = set()
asked: list[Question] = []
BREAKS = "a\u2028line\u2029 of its own"
"""What ends a line for some programs, in an answer. U+0085 does, too, but nobody sees it: it is not said to people."""
NO_JSON = "no\u0085JSON"


async def ask(question: Question) -> Reply:
    """Of the answers that are asked for, every fifth is first refused as too busy, every seventh first no JSON."""
    asked.append(question)
    number = next(_numbers)
    await asyncio.sleep(Random(f"fickle/{number}").uniform(0, 0.05))  # so that others may be done before
    is_first = question.scope not in _seen
    _seen.add(question.scope)
    if is_first and len(_seen) % 5 == 0:
        raise ProviderFailed("rate_limited", "too busy", retry_after_seconds=0, request_id=f"busy-{number}")
    value = filled(question.schema or {}, Random(f"fickle/{number}"))
    if "message" in value:
        value["message"] = f"{number}: {BREAKS}"
    text = NO_JSON if is_first and len(_seen) % 7 == 0 else json.dumps(value, ensure_ascii=False)
    return Reply(
        text=text, model_served="fickle-1", tokens_in=number, tokens_out=len(text), latency_ms=100 + number,
        finish_reason="stop", request_id=f"req-{number}", system_fingerprint=f"fp-{number % 3}",
    )  # fmt: skip
