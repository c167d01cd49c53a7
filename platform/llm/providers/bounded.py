"""The library's own way to a provider, with a bound: no more is read than `MOST_BYTES`, and no redirect is followed.

Import it after the library, in the process that asks models: `litellm._library` does. httpx comes with the library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
from litellm.llms.custom_httpx import aiohttp_transport

from llm.providers.reading import MOST_BYTES, READING, Reading

REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")


class BoundedTransport(aiohttp_transport.LiteLLMAiohttpTransport):
    """Reads an answer as the library does, and breaks off where it would not end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"  # what is small on the way could unfold to any size
        response: httpx.Response = await super().handle_async_request(request)
        reading = READING.get() or Reading()
        found = (response.headers.get(name) for name in REQUEST_IDS)
        reading.request_id = next((one for one in found if one), "")
        reading.refused = _refusal(response)
        reading.is_too_long = _length(response) > MOST_BYTES
        if reading.refused or reading.is_too_long:
            await response.aclose()
            raise httpx.ReadError(reading.refused or "the answer is too long", request=request)
        response.stream = _Bounded(response.stream, reading, request)
        return response


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: Any, reading: Reading, request: httpx.Request) -> None:
        self._stream = stream
        self._reading = reading
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for chunk in self._stream:
            count += len(chunk)
            if count > MOST_BYTES:
                self._reading.is_too_long = True
                raise httpx.ReadError("the answer is too long", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _refusal(response: httpx.Response) -> str:
    if response.is_redirect:
        return "the provider's address leads elsewhere: set the one that it leads to"
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return "the provider sent a compressed answer, which was not asked for"
    return ""


def _length(response: httpx.Response) -> int:
    said = response.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else 0


def install() -> None:
    """Let everything that the library asks from now on go this way. It makes its clients when they are first needed."""
    aiohttp_transport.LiteLLMAiohttpTransport = BoundedTransport  # type: ignore[misc]
