"""A language model that a study asks: its name, its limits, and who runs it."""

from typing import Annotated

from pydantic import Field

from studies.schema_types import FilePath, Money, Part


class LanguageModel(Part):
    """A language model. Its address and key belong to the installation (RAPPORT_LLM_BASE, RAPPORT_LLM_KEY)."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=8000)] = 400
    run_by: str = Field(
        "", max_length=200, description="Who runs it and where, as participants read it: `{{ ai_services }}`."
    )
    daily_cost_usd: Money = Field(
        description='What it may cost a day; afterwards its seats do not act. "0.00" for a free one.'
    )


class Sentinels(Part):
    """Prompts that the study's models are asked again and again, to see whether they answer as before."""

    prompts: FilePath = Field(description="Up to 10 prompts, with a line of --- between two.")
    per_day: Annotated[int, Field(ge=1, le=24, description="How often a day, at instants drawn from the seed.")] = 1
