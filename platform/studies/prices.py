"""What a token of a language model costs: as the study file says, or as the list says that comes with the library.

The list is read as the file that it is: to import the library would cost every process seconds and 150 MB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from studies.schema_budget import Price

LIST = "model_prices_and_context_window_backup.json"
REAL, SCRIPTED = "llm.providers.litellm.ask", "llm.providers.scripted.ask"
A_MILLION = Decimal(1_000_000)
FREE = Price(input=Decimal(0), output=Decimal(0))


def price_of(name: str, declared: Price | None = None) -> Price | None:
    """USD for a million tokens of a model as this installation would ask it; None where nobody knows.

    What is not asked over a network costs nothing, unless the study file says that it does; where a program answers
    for the model that it names, its price is none of the program's.
    """
    if is_stood_in_for(name):
        return FREE
    if declared is not None:
        return declared
    return listed(name) if is_real(name) else FREE


def is_stood_in_for(name: str) -> bool:
    """Whether a program answers here for a model of a provider (RAPPORT_LLM_SCRIPTED)."""
    providers: Mapping[str, str] = settings.LLM_PROVIDERS
    return name.partition("/")[0] not in providers and providers["*"] == SCRIPTED


def is_real(name: str) -> bool:
    """Whether a provider outside of this installation answers for a model."""
    providers: Mapping[str, str] = settings.LLM_PROVIDERS
    return providers.get(name.partition("/")[0], providers["*"]) == REAL


def listed(name: str) -> Price | None:
    """The price on the library's list, under the whole name, or under what follows the provider's."""
    provider, _, rest = name.partition("/")
    entry = _list().get(name)
    if entry is None and rest:
        entry = _list().get(rest)
        if entry is not None and str(entry.get("litellm_provider", "")).partition("_")[0] != provider:
            return None  # a namesake at another provider
    costs = [entry.get(f"{way}_cost_per_token") for way in ("input", "output")] if entry else [None, None]
    if any(cost is None for cost in costs):
        return None
    per_million = [(Decimal(str(cost)) * A_MILLION).normalize() for cost in costs]
    return Price(input=per_million[0], output=per_million[1])


@cache
def _list() -> Mapping[str, Mapping[str, Any]]:
    library = find_spec("litellm")
    if library is None or library.origin is None:
        return {}
    found: Mapping[str, Mapping[str, Any]] = json.loads((Path(library.origin).parent / LIST).read_text("utf-8"))
    return found
