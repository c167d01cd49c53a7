"""What language models may cost: in money and tokens, for a call, a person, a visit, a day and the whole study."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from studies.schema_types import Money, Part

SOFT_SHARE = Decimal("0.8")
Tokens = Annotated[int, Field(ge=1, le=10**12)]


class Price(Part):
    """What a model costs, in USD for a million tokens. Local models: "0.00"."""

    input: Money = Field(description="For a million tokens of prompts.")
    output: Money = Field(description="For a million tokens of replies.")


class CallCap(Part):
    """The most that one call may need, before it is made: counted in the bytes of its prompt and `max_tokens`."""

    hard_usd: Money | None = None
    hard_tokens: Tokens | None = None


class Cap(CallCap):
    """What may be spent under one heading. A hard limit makes no call that could pass it; a soft one only says so."""

    soft_usd: Money | None = Field(None, description="Where the team is told. Unless given: four fifths of `hard_usd`.")
    soft_tokens: Tokens | None = Field(None, description="As `soft_usd`, of `hard_tokens`.")

    @property
    def told_usd(self) -> Decimal | None:
        """Where the team is told, in USD."""
        return soft_of(self.hard_usd) if self.soft_usd is None else self.soft_usd

    @property
    def told_tokens(self) -> int | None:
        """Where the team is told, in tokens."""
        if self.soft_tokens is not None or self.hard_tokens is None:
            return self.soft_tokens
        return int(self.hard_tokens * SOFT_SHARE)


class Budget(Part):
    """Limits for all calls of language models: of partners, of what screens their replies, of what takes notes."""

    call: CallCap | None = None
    person: Cap | None = Field(None, description="In the talks and games in which somebody sits, over all visits.")
    session: Cap | None = Field(None, description="As `person`, in one visit.")
    day: Cap | None = Field(None, description="In a calendar day, UTC.")
    study: Cap | None = Field(None, description="From the first call to the last, in all versions.")

    @property
    def caps(self) -> dict[str, CallCap]:
        """Those that are set, by name."""
        found = {"call": self.call, "person": self.person, "session": self.session, "day": self.day}
        return {name: cap for name, cap in {**found, "study": self.study}.items() if cap is not None}

    @property
    def bounds_tokens(self) -> bool:
        """Whether all calls together have an end in tokens: what one call or one person may need has none in sum."""
        return any(cap is not None and cap.hard_tokens is not None for cap in (self.day, self.study))

    @property
    def bounds_people(self) -> bool:
        """Whether what is asked for one person has an end of its own, over all visits or in each."""
        hard = [(cap.hard_usd, cap.hard_tokens) for cap in (self.person, self.session) if cap is not None]
        return any(limit is not None for limits in hard for limit in limits)


def soft_of(hard_usd: Decimal | None) -> Decimal | None:
    """Where the team is told unless the file says otherwise: our own default."""
    return None if hard_usd is None else hard_usd * SOFT_SHARE
