"""How asking a model fails."""

from __future__ import annotations


class ModelFailed(Exception):  # noqa: N818  named for what happened
    """The model gave no usable answer. `code` is the outcome of the last attempt, the text says what to do about it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ProviderFailed(Exception):  # noqa: N818  named for what happened
    """One attempt failed before there was a reply.

    Args:
        code: An outcome of `Call`.
        text: Short, and free of prompts and keys.
        retry_after_seconds: What the provider asked for, if it did.
        request_id: What the provider calls the request, if it said so.
        latency_ms: As `exchange.Reply`: set where nobody was waited for.
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        retry_after_seconds: float | None = None,
        request_id: str = "",
        latency_ms: int | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id
        self.latency_ms = latency_ms
