"""A provider that gives the replies a test puts here, and keeps what it was asked. `settings.LLM_PROVIDERS["told"]`."""

import asyncio
from collections import deque
from collections.abc import Callable

from events.offload import run_db
from llm.errors import ProviderFailed
from llm.exchange import Question, Reply

Planned = str | float | Exception | Callable[[], object]
replies: deque[Planned] = deque()
"""Texts to reply with; a number is seconds to wait before the next, a function what happens before it."""
asked: list[Question] = []


def will(*said: Planned) -> None:
    """Plan the next replies and forget what was asked."""
    replies.clear()
    replies.extend(said)
    asked.clear()


async def ask(question: Question) -> Reply:
    asked.append(question)
    said = replies.popleft() if replies else ProviderFailed("config", "the test planned no reply")
    while isinstance(said, int | float) or callable(said):
        await (run_db(said) if callable(said) else asyncio.sleep(said))
        said = replies.popleft()
    if isinstance(said, Exception):
        raise said
    return Reply(text=said, model_served="told/1", tokens_in=3, tokens_out=4)
