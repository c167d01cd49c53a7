"""A provider that gives the replies a test puts here, and keeps what it was asked. `settings.LLM_PROVIDERS["told"]`."""

import asyncio
from collections import deque

from llm.errors import ProviderFailed
from llm.exchange import Question, Reply

replies: deque[str | float | Exception] = deque()
"""Texts to reply with; a number is seconds to wait before the next."""
asked: list[Question] = []


def will(*said: str | float | Exception) -> None:
    """Plan the next replies and forget what was asked."""
    replies.clear()
    replies.extend(said)
    asked.clear()


async def ask(question: Question) -> Reply:
    asked.append(question)
    said = replies.popleft() if replies else ProviderFailed("config", "the test planned no reply")
    while isinstance(said, int | float):
        await asyncio.sleep(said)
        said = replies.popleft()
    if isinstance(said, Exception):
        raise said
    return Reply(text=said, model_served="told/1", tokens_in=3, tokens_out=4)
