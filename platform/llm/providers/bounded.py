"""The library's own way to a provider, with a bound: no more is read than `MOST_BYTES`, and no redirect is followed.

Import it after the library, in the process that asks models: `litellm._library` does. httpx comes with the library.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from socket import SOCK_STREAM
from typing import Any

import httpx
from litellm.llms.custom_httpx import aiohttp_transport

from llm.access import is_of_the_machine_park
from llm.providers.reading import MOST_BYTES, MOST_OBJECTS, READING, Reading

LOOKED_AT_EVERY_SECONDS = 60.0
ELSEWHERE = "the address leads to where machines find their own secrets"
NOT_THE_SET_ONE = "the models' library does not keep to the address that is set for this provider"
REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")


class BoundedTransport(aiohttp_transport.LiteLLMAiohttpTransport):
    """Reads an answer as the library does, and breaks off where it would not end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"  # what is small on the way could unfold to any size
        reading = READING.get() or Reading()
        if reading.base and not _is_at(request.url, httpx.URL(reading.base)):
            reading.refused = NOT_THE_SET_ONE  # with the key that is meant for that one
        elif await _leads_to_the_machine_park(request.url.host):
            reading.refused = ELSEWHERE
        if reading.refused:
            raise httpx.ConnectError(reading.refused, request=request)
        response: httpx.Response = await super().handle_async_request(request)
        found = (response.headers.get(name) for name in REQUEST_IDS)
        reading.request_id = next((one for one in found if one), "")
        reading.refused = _refusal(response)
        reading.is_too_long = _length(response) > MOST_BYTES
        if reading.refused or reading.is_too_long:
            await response.aclose()
            raise httpx.ReadError(reading.refused or "the answer is too long", request=request)
        response.stream = _Bounded(response.stream, reading, request)
        return response


def _is_at(asked: httpx.URL, meant: httpx.URL) -> bool:
    return _origin(asked) == _origin(meant)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: Any, reading: Reading, request: httpx.Request) -> None:
        self._stream = stream
        self._reading = reading
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = objects = 0
        async for chunk in self._stream:
            count += len(chunk)
            objects += chunk.count(b"{")
            if count > MOST_BYTES or objects > MOST_OBJECTS:
                self._reading.is_too_long = True
                raise httpx.ReadError("the answer is too long", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


_looked_at: dict[str, tuple[float, bool]] = {}


async def _leads_to_the_machine_park(host: str) -> bool:
    """Whether a listed name is, by now, one of an address that is never asked. A name that is not found is no harm."""
    until, is_so = _looked_at.get(host, (0.0, False))
    if time.monotonic() > until:
        is_so = any(is_of_the_machine_park(one) for one in [host, *await _addresses_of(host)])
        _looked_at[host] = time.monotonic() + LOOKED_AT_EVERY_SECONDS, is_so
    return is_so


async def _addresses_of(host: str) -> Sequence[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(one[4][0]) for one in found]


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
