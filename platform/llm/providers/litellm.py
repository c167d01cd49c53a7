"""The provider for real models. The library is heavy, so it is imported at the first question, off the event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings

from llm.errors import ProviderFailed
from llm.exchange import Question, Reply

_SECRET = re.compile(r"\b(sk|key|Bearer)[-_ ][A-Za-z0-9._*-]{6,}")
_BY_CLASS = {
    "Timeout": "timeout",
    "APITimeoutError": "timeout",
    "RateLimitError": "rate_limited",
    "AuthenticationError": "authentication",
    "PermissionDeniedError": "authentication",
    "PaymentRequiredError": "quota",
    "BudgetExceededError": "quota",
    "ContentPolicyViolationError": "refusal",
    "RejectedRequestError": "refusal",
    "BadRequestError": "config",
    "ContextWindowExceededError": "config",
    "NotFoundError": "config",
    "UnprocessableEntityError": "config",
    "UnsupportedParamsError": "config",
    "LiteLLMUnknownProvider": "config",
    "InternalServerError": "unavailable",
    "ServiceUnavailableError": "unavailable",
    "BadGatewayError": "unavailable",
    "APIConnectionError": "unavailable",
    "APIResponseValidationError": "unavailable",
    "APIError": "unavailable",
}


@cache
def _library() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for its price list at import
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.telemetry = False
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # their lines may hold prompts and addresses
    return litellm


def warm_up() -> None:
    """Import the library, in a process that will need it, before somebody waits for the first answer."""
    _library()


async def ask(question: Question) -> Reply:
    """Ask once: the library's retries are off, ours are in `door`.

    Raises:
        ProviderFailed: with the outcome that the library's exception stands for.
    """
    address, key = settings.LLM_BASE, settings.LLM_KEY
    if not address and not key:
        raise ProviderFailed("config", f"no key for {question.model}: set RAPPORT_LLM_KEY, or RAPPORT_LLM_BASE")
    library = await asyncio.to_thread(_library)
    try:
        response = await library.acompletion(
            model=question.model,
            messages=[dict(message) for message in question.messages],
            api_base=address or None,
            api_key=key or "none",  # never left out: the library would send another provider's key from the environment
            timeout=question.timeout_seconds,
            num_retries=0,
            max_retries=0,
            **_form(question.schema),
            **question.parameters,
        )
    except Exception as error:
        raise failure_of(error) from None
    return _reply(library, response, question.model)


def _form(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return {}
    named = {"name": "reply", "schema": dict(schema), "strict": _can_be_strict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _can_be_strict(schema: Mapping[str, Any]) -> bool:
    """Strict mode wants every property required and no others; a laxer schema is still validated by us."""
    return schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(
        schema.get("properties", ())
    )


def failure_of(error: BaseException) -> ProviderFailed:
    """What an exception of the library means, in a short text without prompts and keys."""
    names = [each.__name__ for each in type(error).__mro__]
    code = next((_BY_CLASS[name] for name in names if name in _BY_CLASS), "internal")
    # One provider's "you have spent your quota" comes as a rate limit, and no waiting cures it.
    if code == "rate_limited" and "insufficient_quota" in str(error):
        code = "quota"
    status = getattr(error, "status_code", None)
    text = f"{names[0]}{f' {status}' if status else ''}: {_provider_code(error)}"
    return ProviderFailed(code, _SECRET.sub("[key]", text)[:300], retry_after_seconds=_retry_after(error))


def _provider_code(error: BaseException) -> str:
    """The provider's machine-readable code, if it sent one; its sentences may quote the prompt."""
    found = getattr(error, "code", None) or getattr(error, "type", None)
    return str(found)[:60] if isinstance(found, str) else "no code"


def _retry_after(error: BaseException) -> float | None:
    for source in (getattr(error, "litellm_response_headers", None), getattr(error, "response", None)):
        headers: Any = getattr(source, "headers", source) or {}
        value = headers.get("retry-after") if hasattr(headers, "get") else None
        try:
            return min(max(float(value), 0.0), 3600.0) if value else None
        except ValueError:  # a date: rare, and our own pause will do
            return None
    return None


def _reply(library: Any, response: Any, model: str) -> Reply:
    choices = getattr(response, "choices", None) or []
    if not choices:
        raise ProviderFailed("unavailable", "the provider's answer holds no choice")
    message, reason = choices[0].message, choices[0].finish_reason
    usage = getattr(response, "usage", None)
    cost, price = _cost(library, response, model)
    return Reply(
        text=message.content or "",
        model_served=str(getattr(response, "model", "") or ""),
        is_refusal=reason == "content_filter" or _refused(message),
        is_truncated=reason == "length",
        tokens_in=getattr(usage, "prompt_tokens", None),
        tokens_out=getattr(usage, "completion_tokens", None),
        cost_usd=cost,
        price=price,
    )


def _refused(message: Any) -> bool:
    extra = getattr(message, "provider_specific_fields", None) or {}
    return bool(getattr(message, "refusal", None) or extra.get("refusal"))


def _cost(library: Any, response: Any, model: str) -> tuple[Decimal | None, dict[str, Any] | None]:
    """Cost in USD by the library's own price list, with the price used; nothing for a model that it does not know."""
    try:
        known = library.get_model_info(model=model)
        price = {key: known[key] for key in ("input_cost_per_token", "output_cost_per_token")}
        cost = library.completion_cost(completion_response=response, model=model)
    except Exception:  # the library raises a bare Exception for an unknown model
        return None, None
    return Decimal(str(cost)).quantize(Decimal("0.00000001")), price
