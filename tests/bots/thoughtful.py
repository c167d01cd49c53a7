"""A model that takes a part of a second for each answer, so that many are asked at once: in place of a provider."""

import asyncio
from itertools import count
from random import Random

from llm.exchange import Question, Reply
from llm.providers import scripted
from llm.rules import sha256_of
from tests.machinery.dying import die

SECONDS = (0.2, 0.5)
_numbers = count(1)
_dies: set[int] = set()


def die_during(number: int) -> None:
    """Let this process end in the middle of its n-th call."""
    _dies.add(number)


async def ask(question: Question) -> Reply:
    """As `scripted`, after a while that is the same for the same question."""
    number = next(_numbers)
    seconds = Random(sha256_of([dict(each) for each in question.messages])).uniform(*SECONDS)
    await asyncio.sleep(seconds / 2)
    if number in _dies:
        die()
    await asyncio.sleep(seconds / 2)
    return await scripted.ask(question)
