"""The provider without a model that answers as one did then: the same question at the same place, byte for byte."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from events.offload import run_db
from llm.errors import ProviderFailed
from llm.exchange import Question, Reply
from llm.rules import sha256_of, storable
from llm.services import shape_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """One attempt of then.

    Attributes:
        place: What it was asked for, in words that hold in any installation.
        messages: Role, hash and length of each, as sent.
        has_reply: Whether the model said anything; otherwise the attempt failed before it did.
    """

    place: str
    model: str
    parameters: Mapping[str, Any]
    schema_sha256: str
    messages: Sequence[Mapping[str, Any]]
    outcome: str
    error: str
    has_reply: bool
    output: str
    model_served: str
    tokens_in: int | None
    tokens_out: int | None
    latency_ms: int
    finish_reason: str
    request_id: str
    system_fingerprint: str

    @property
    def question(self) -> str:
        """What makes two questions at one place the same."""
        asked = [self.model, self.parameters, self.schema_sha256, self.messages]
        return sha256_of(asked)


class Player:
    """Answers from what was recorded, and keeps what was never asked then.

    Attributes:
        answered: How many questions were answered.
        strange: For each question without an answer, where it was asked and what differs from then. Without words.
    """

    def __init__(self, calls: Iterable[Recorded], place_of: Callable[[str], str]) -> None:
        self._by_place: dict[str, list[Recorded]] = defaultdict(list)
        for call in calls:
            self._by_place[call.place].append(call)
        self._place_of = place_of
        self._asked: Counter[tuple[str, str]] = Counter()
        self.answered = 0
        self.strange: list[str] = []

    async def ask(self, question: Question) -> Reply:
        """As a provider: `door.Provider`.

        Raises:
            ProviderFailed: as then; "config" for a question that was not asked then.
        """
        place = await run_db(self._place_of, question.scope)
        asked = _as_recorded(question, place)
        same = [call for call in self._by_place[place] if call.question == asked.question]
        number = self._asked[place, asked.question]
        if number >= len(same):
            what = _difference(asked, self._by_place[place], has_same=bool(same))
            self.strange.append(f"{place}: {what}")
            raise ProviderFailed("config", f"not recorded: {what}")
        self._asked[place, asked.question] += 1
        self.answered += 1
        return _again(same[number], is_last=number + 1 == len(same))


PLAYER: ContextVar[Player | None] = ContextVar("player", default=None)
"""Who answers in place of every model in this task, and in what it starts."""


def _again(call: Recorded, *, is_last: bool) -> Reply:
    if not call.has_reply:
        # Whether it was tried again then is known; how long was waited for it does not matter.
        pause = math.inf if is_last else 0.0
        raise ProviderFailed(
            call.outcome, call.error, retry_after_seconds=pause, request_id=call.request_id, latency_ms=call.latency_ms
        )
    return Reply(
        text=call.output,
        model_served=call.model_served,
        is_refusal=call.outcome == "refusal",
        is_truncated=call.outcome == "truncated",
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        cost_usd=Decimal(0),  # nobody is paid again
        latency_ms=call.latency_ms,
        finish_reason=call.finish_reason,
        request_id=call.request_id,
        system_fingerprint=call.system_fingerprint,
    )


def _as_recorded(question: Question, place: str) -> Recorded:
    return Recorded(
        place=place,
        model=question.model,
        parameters=storable(dict(question.parameters)),
        schema_sha256=sha256_of(question.schema) if question.schema is not None else "",
        messages=[shape_of(message) for message in question.messages],
        outcome="", error="", has_reply=False, output="", model_served="", tokens_in=None, tokens_out=None,
        latency_ms=0, finish_reason="", request_id="", system_fingerprint="",
    )  # fmt: skip


def _difference(asked: Recorded, then: Sequence[Recorded], *, has_same: bool) -> str:
    """What a question has that none at its place had then, against the one that is nearest to it."""
    if has_same:
        return "the same was asked there less often then"
    if not then:
        return "nothing was asked there then"
    return min((_differences(asked, one) for one in then), key=len)


def _differences(asked: Recorded, then: Recorded) -> str:
    found = [f"model {asked.model}, then {then.model}"] if asked.model != then.model else []
    names = sorted({*asked.parameters, *then.parameters})
    found += [
        f"{name} {asked.parameters.get(name)}, then {then.parameters.get(name)}"
        for name in names
        if asked.parameters.get(name) != then.parameters.get(name)
    ]
    found += ["another form of the reply"] if asked.schema_sha256 != then.schema_sha256 else []
    if len(asked.messages) != len(then.messages):
        found.append(f"{len(asked.messages)} messages, then {len(then.messages)}")
    for number, (now, before) in enumerate(zip(asked.messages, then.messages, strict=False), start=1):
        if now != before:
            lengths = f"{now['chars']} characters, then {before['chars']}"
            found.append(f"message {number} ({now['role']}) has other words ({lengths})")
    return "; ".join(found)
