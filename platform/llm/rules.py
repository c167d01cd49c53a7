"""Judging a reply: pure, so that each fault of a model is a line in a test."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]

from llm.exchange import Reply

MOST_OUTPUT_CHARS = 100_000
MOST_TOKENS, MOST_USD = 10_000_000, Decimal(10_000)
"""Of one call. Whoever says more does not say what it used."""
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n?(.*?)\n?\s*```\s*\Z", re.DOTALL)
# What asking the same model the same thing again may well cure, and what asking it again in other words may.
TRANSIENT = frozenset({"timeout", "unavailable", "rate_limited"})
CORRECTABLE = frozenset({"bad_json", "wrong_schema", "empty", "truncated"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply is worth: an outcome of `Call`, and the value when it is "ok"."""

    outcome: str
    error: str = ""
    value: Any = None


def judge(reply: Reply, schema: Mapping[str, Any] | None) -> Verdict:
    """Decide whether a reply can be used. Amounts out of range are refused, never clamped."""
    if reply.is_refusal:
        return Verdict("refusal", "the model or its provider refused")
    if reply.is_truncated or len(reply.text) > MOST_OUTPUT_CHARS:
        return Verdict("truncated", f"cut off, or longer than {MOST_OUTPUT_CHARS} characters")
    if not reply.text.strip():
        return Verdict("empty", "the reply holds no text")
    if schema is None:
        return Verdict("ok")
    try:
        value = parse(reply.text)
    except (ValueError, RecursionError):
        return Verdict("bad_json", "the reply is not JSON")
    return _validated(value, schema)


def plausible(reply: Reply) -> Reply:
    """The same without a length or a cost that no call can have: what is not known is counted as the most it can be.

    A prompt is never of no length, and neither is an answer with words: some say 0 where they mean that they say
    nothing, and what counts as nothing no limit would ever see.
    """
    counts = ((reply.tokens_in, 1), (reply.tokens_out, 1 if reply.text else 0))
    is_odd = any(count is not None and not _is_count(count, least) for count, least in counts)
    cost = reply.cost_usd
    if not is_odd and (cost is None or (cost.is_finite() and 0 <= cost <= MOST_USD)):
        return reply
    lengths = (None, None) if is_odd else (reply.tokens_in, reply.tokens_out)
    return replace(reply, tokens_in=lengths[0], tokens_out=lengths[1], cost_usd=None, price=None)


def _is_count(number: object, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and least <= number <= MOST_TOKENS


def _validated(value: Any, schema: Mapping[str, Any]) -> Verdict:
    problem = next(iter(Draft202012Validator(dict(schema)).iter_errors(value)), None)
    if problem is None:
        return Verdict("ok", value=value)
    # The path and the rule only: the offending value is the model's text.
    where = "/".join(str(part) for part in problem.absolute_path) or "the reply"
    return Verdict("wrong_schema", f"{where} breaks {problem.validator!r}"[:300])


def parse(text: str) -> Any:
    """Parse JSON, taking off one code fence around it.

    Raises:
        ValueError: not JSON, or a number that JSON does not have (NaN, Infinity, 1e999).
    """
    fenced = _FENCE.match(text)
    inner = fenced.group(1) if fenced else text
    return json.loads(inner, parse_constant=_no_constant, parse_float=_finite)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is too large")
    return number


def schema_problem(schema: Mapping[str, Any] | None) -> str:
    """Why `schema` is no JSON Schema; empty when it is one, or there is none."""
    try:
        if schema is not None:
            Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return error.message[:300]
    return ""


def storable(value: Any) -> Any:
    """The same JSON value as PostgreSQL can hold it: NUL as its picture U+2400, lone surrogates as question marks."""
    if isinstance(value, str):
        return value.replace("\x00", "\u2400").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {storable(key): storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


def sha256_of(value: Any) -> str:
    """Hash of a JSON value in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
