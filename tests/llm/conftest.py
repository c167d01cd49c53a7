"""The stub server in place of a provider, and a short way to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from llm import door
from llm.exchange import Completed, Request
from llm.providers import litellm
from studies import registry
from tests.machinery.stub_server import StubServer

Ask = Callable[..., Completed]

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 0, "maximum": 10},
        "message": {"type": "string", "maxLength": 300},
    },
    "required": ["amount", "message"],
    "additionalProperties": False,
}
KEY = "sk-secret-0123456789abcdef"
PROMPT = "words-of-a-participant"
REQUEST = Request(
    scope="due:1",
    model="openai/fake",
    messages=[{"role": "system", "content": "You play."}, {"role": "user", "content": PROMPT}],
    schema=SCHEMA,
    parameters={"temperature": 0.5},
)


@pytest.fixture
def stub(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    """A provider that answers as told; our pauses and time limits are short."""
    monkeypatch.setattr(door, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(door, "ATTEMPT_SECONDS", 15.0)
    litellm.warm_up()
    with StubServer() as server:
        settings.LLM_BASES, settings.LLM_BASE = [server.base], server.base
        settings.LLM_KEY, settings.LLM_PROVIDER = KEY, "openai"
        yield server


@pytest.fixture
def games_are_installed(settings: Any) -> Iterator[None]:
    """The games of the tests, as any experiment is."""
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()
    yield
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()


@pytest.fixture
def ask() -> Ask:
    """Ask through the door; keywords change the usual request."""

    def complete(**changes: Any) -> Completed:
        return async_to_sync(door.complete)(replace(REQUEST, **changes))

    return complete
