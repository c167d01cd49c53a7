"""A language model that a study asks: its name, its limits, and who runs it."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from studies.schema_budget import Price
from studies.schema_types import FilePath, Money, Part

_ADDRESS = re.compile(r"//|[\\?#%\s]")


def is_address(name: str) -> bool:
    """Whether a model's name leads somewhere by itself, as "huggingface/https://example.org" does."""
    return _ADDRESS.search(name) is not None


class LanguageModel(Part):
    """A language model. Its address and key belong to the installation (RAPPORT_LLM_BASE, RAPPORT_LLM_KEY)."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="Its provider, a slash, and its name there.")]
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=8000)] = 400
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="Passed on as it is, and kept with each call. Few providers promise the same answer for it."
    )
    keep_prompts: Literal["full", "hash"] = Field(
        "full",
        description="Whether each call keeps the messages that were sent, or only role, SHA-256 and length of each. "
        "The answer is kept in any case.",
    )
    run_by: str = Field(
        "", max_length=200, description="Who runs it and where, as participants read it: `{{ ai_services }}`."
    )
    daily_cost_usd: Money = Field(
        description='A hard limit: what it may cost in a calendar day, UTC. "0.00" for a free one. See `budget`.'
    )
    price: Price | None = Field(
        None, description="Where the list that comes with Rapport does not know the model, or knows another price."
    )

    @property
    def sampling(self) -> dict[str, Any]:
        """What is passed on of how it draws its answers."""
        said = {"temperature": self.temperature, "seed": self.seed}
        return {name: value for name, value in said.items() if value is not None}


class Sentinels(Part):
    """Prompts that the study's models are asked again and again, to see whether they answer as before."""

    prompts: FilePath = Field(description="Up to 10 prompts, with a line of --- between two.")
    per_day: Annotated[int, Field(ge=1, le=24, description="How often a day, at instants drawn from the seed.")] = 1
