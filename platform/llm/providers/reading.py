"""What was seen of a provider's answer while it came in, whatever the library makes of it. Imports no library."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

MOST_BYTES = 2_000_000
"""Of one answer: several times what 8000 tokens take, in any script and however escaped."""
MOST_OBJECTS = 20_000
"""Of one answer, by its braces: a hundred thousand empty choices are few bytes, and the library makes much of each."""


@dataclass(slots=True)
class Reading:
    """Of one attempt.

    Attributes:
        base: The address that is set for the model; "" for its provider's own.
        is_too_long: Whether more was offered than is read.
        refused: Why the answer was not read at all.
        request_id: What the provider's headers call the request.
    """

    base: str = ""
    is_too_long: bool = False
    refused: str = ""
    request_id: str = ""


READING: ContextVar[Reading | None] = ContextVar("reading", default=None)
"""Of the attempt that is made in this task."""
