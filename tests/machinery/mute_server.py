"""A Redis that hangs: it takes connections and never says a word."""

import socket
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from events import patience


@pytest.fixture
def mute_redis(settings: LazySettings) -> Iterator[None]:
    """The cache as it is set up, at a server that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": address}}
        patience.forget()
        yield
        patience.forget()
