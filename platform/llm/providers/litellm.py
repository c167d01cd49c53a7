"""The provider for real models. The library is heavy, so it is imported at the first question, off the event loop."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from llm.access import access_to
from llm.errors import ProviderFailed
from llm.exchange import Question, Reply
from llm.providers.reading import MOST_BYTES, MOST_OBJECTS, READING, Reading

_SECRET = re.compile(r"\b(sk|key|Bearer)[-_ ][A-Za-z0-9._*-]{6,}")
# What the library would look up by itself: keys and addresses of providers, and switches of how it reads answers.
_LOOKED_UP = re.compile(
    r"_(API_KEY|API_BASE|BASE_URL|API_URL|API_VERSION|API_SECRET|TOKEN|JWT|ORGANIZATION|ORG_ID|CREDENTIALS?"
    r"|ACCESS_KEY_ID|SECRET_ACCESS_KEY)$"
    r"|^(AWS|AZURE|GOOGLE|VERTEX|VERTEXAI|WATSONX|WX|WML|DATABRICKS|GIGACHAT|GITHUB_COPILOT|CHATGPT|LITELLM)_"
    r"|^(DISABLE_AIOHTTP_TRANSPORT|SSL_VERIFY|SSL_SECURITY_LEVEL|AIMLAPI_KEY|COMETAPI_KEY)$"
)
# Where a machine in a cloud, or whoever works on it, has credentials for Amazon: a study file shall not spend on them.
_NO_ROLE = {
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}  # fmt: skip
_LEAST_KEY_CHARS = 8
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
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
    leave_nothing_to_look_up(os.environ)
    os.environ.update(_NO_ROLE)
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for its price list at import
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # else it reads a file `.env` of wherever this was started
    import litellm

    from llm.providers import bounded

    bounded.install()
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.telemetry = False
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # their lines may hold prompts and addresses
    return litellm


def leave_nothing_to_look_up(environment: MutableMapping[str, str]) -> None:
    """Take out of this process's environment what is meant for other programs, before the library comes upon it."""
    for name in [name for name in environment if _LOOKED_UP.search(name) and not name.startswith("RAPPORT_")]:
        del environment[name]


def warm_up() -> None:
    """Import the library, in a process that will need it, before somebody waits for the first answer."""
    _library()


async def ask(question: Question) -> Reply:
    """Ask once: the library's retries are off, ours are in `door`.

    Raises:
        ProviderFailed: with the outcome that the library's exception stands for.
    """
    access = access_to(question.model)
    library = await asyncio.to_thread(_library)
    reading = Reading(base=access.base)
    token = READING.set(reading)
    try:
        response = await library.acompletion(
            model=question.model,
            messages=[dict(message) for message in question.messages],
            api_base=access.base or None,
            api_key=access.key or "none",  # never left out: the library would look for one
            timeout=question.timeout_seconds,
            num_retries=0,
            max_retries=0,
            **_form(question.schema),
            **question.parameters,
        )
    except Exception as error:
        failed = failure_of(error, request_id=reading.request_id, key=access.key)
        raise _unread(reading) or failed from None
    finally:
        READING.reset(token)
    reply = _reply(library, response, question.model, reading)
    return replace(reply, text=_without(access.key, reply.text))


def _unread(reading: Reading) -> ProviderFailed | None:
    """Why an answer was not read to its end by our own rules; the library only knows that something broke off."""
    if reading.refused:
        return ProviderFailed("config", reading.refused, request_id=reading.request_id)
    if reading.is_too_long:
        text = f"the answer has more than {MOST_BYTES} bytes, or than {MOST_OBJECTS} objects"
        return ProviderFailed("truncated", text, request_id=reading.request_id)
    return None


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


def failure_of(error: BaseException, *, request_id: str = "", key: str = "") -> ProviderFailed:
    """What an exception of the library means, in a short text without prompts and keys.

    Args:
        key: The one that was sent.
    """
    names = [each.__name__ for each in type(error).__mro__]
    code = next((_BY_CLASS[name] for name in names if name in _BY_CLASS), "internal")
    # One provider's "you have spent your quota" comes as a rate limit, and no waiting cures it.
    if code == "rate_limited" and "insufficient_quota" in str(error):
        code = "quota"
    status = getattr(error, "status_code", None)
    text = f"{names[0]}{f' {status}' if status else ''}: {_provider_code(error)}"
    text = _SECRET.sub("[key]", _without(key, text))[:300]
    return ProviderFailed(code, text, retry_after_seconds=_retry_after(error), request_id=request_id)


def _provider_code(error: BaseException) -> str:
    """The provider's machine-readable code, if it sent one; its sentences may quote the prompt."""
    found = getattr(error, "code", None) or getattr(error, "type", None)
    return found if isinstance(found, str) and _CODE.fullmatch(found) else "no code"


def _without(key: str, text: str) -> str:
    """A text without the key: what stands between may send back what it was sent, and people read what models say."""
    return text.replace(key, "[key]") if len(key) >= _LEAST_KEY_CHARS else text


def _retry_after(error: BaseException) -> float | None:
    for source in (getattr(error, "litellm_response_headers", None), getattr(error, "response", None)):
        headers: Any = getattr(source, "headers", source) or {}
        value = headers.get("retry-after") if hasattr(headers, "get") else None
        try:
            seconds = float(value) if value else math.nan
        except ValueError:  # a date: rare, and our own pause will do
            return None
        return None if math.isnan(seconds) else min(max(seconds, 0.0), 3600.0)
    return None


def _reply(library: Any, response: Any, model: str, reading: Reading) -> Reply:
    choices = getattr(response, "choices", None) or []
    if not choices:
        raise ProviderFailed("unavailable", "the provider's answer holds no choice", request_id=reading.request_id)
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
        finish_reason=str(reason or ""),
        request_id=reading.request_id or str(getattr(response, "id", "") or ""),
        system_fingerprint=str(getattr(response, "system_fingerprint", "") or ""),
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
        return Decimal(str(cost)).quantize(Decimal("0.00000001")), price
    except Exception:  # a bare Exception for a model that the library does not know; a cost that is no number
        return None, None
