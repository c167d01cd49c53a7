"""What goes through the door and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from llm.spending import Spending

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One answer that is wanted.

    Attributes:
        scope: Opaque key of what it is wanted for, at most 200 characters, e.g. "due:17". An earlier good answer to the
            same question under the same scope is used again, so a crash after the call costs nothing twice.
        model: As the provider names it, e.g. "openai/gpt-4o-mini" or "scripted/half".
        messages: `{"role", "content"}` each; participants' words in user-role content only.
        schema: JSON Schema of the reply; None for free text.
        parameters: Passed to the model as they are (temperature, max_tokens, seed ...).
        budget_seconds: For all attempts together.
        memory_sha256: Of what the messages hold of earlier conversations; kept with each attempt.
        keeps: Whether the messages are kept with each attempt, or only their hashes. Their answer is kept in any case.
        spending: On whose account it goes, and under which limits; None: it is counted nowhere.
    """

    scope: str
    model: str
    messages: Sequence[Message]
    schema: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    budget_seconds: float = 45.0
    memory_sha256: str = ""
    keeps: Literal["full", "hash"] = "full"
    spending: Spending | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One attempt, as a provider gets it. `scope` is that of the request; only who looks up old answers reads it."""

    model: str
    messages: Sequence[Message]
    schema: Mapping[str, Any] | None
    parameters: Mapping[str, Any]
    timeout_seconds: float
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider returned. `price` is in USD per token, as used for `cost_usd`.

    `latency_ms` is set where no model was waited for: what is kept in place of the time it took to make something up.
    `finish_reason`, `request_id` and `system_fingerprint` are in the provider's own words, "" where it gave none.
    """

    text: str
    model_served: str
    is_refusal: bool = False
    is_truncated: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: Decimal | None = None
    price: Mapping[str, Any] | None = None
    latency_ms: int | None = None
    finish_reason: str = ""
    request_id: str = ""
    system_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """A usable answer.

    Attributes:
        text: As the model wrote it, storable (no NUL, no lone surrogates).
        value: The parsed and validated reply where a schema was asked for, else None.
        latency_ms: Of the attempt that succeeded, monotonic clock.
        attempts: How many were made under this scope.
        is_reused: Whether an earlier call's answer was used again.
        system_fingerprint: What the provider calls the software that answered; "" where it named none.
    """

    call_id: int
    text: str
    value: Any
    model_served: str
    tokens_in: int | None
    tokens_out: int | None
    latency_ms: int
    attempts: int
    is_reused: bool
    system_fingerprint: str = ""
