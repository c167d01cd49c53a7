"""Who may open a socket: pages of our own origins, on the one address, and nobody else."""

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from config.asgi import application, socket_routes


async def _is_admitted(path: str, origin: str | None) -> bool:
    headers = [(b"origin", origin.encode())] if origin else []
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "subprotocols": []}
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "websocket.connect"})
    answer = await communicator.receive_output(timeout=5)
    return answer["type"] == "websocket.accept"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://localhost:1", "http://localhost.evil.example"]
)
async def test_socket_of_a_foreign_page_is_refused(origin: str | None) -> None:
    assert not await _is_admitted("/ws/session", origin)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/session/", "/ws/other", "/livez"])
async def test_unknown_socket_address_is_refused(path: str) -> None:
    assert not await _is_admitted(path, settings.ORIGIN)


def test_sockets_have_one_address() -> None:
    assert [str(route.pattern) for route in socket_routes] == ["ws/session", ""]
