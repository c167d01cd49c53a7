"""The sockets' entry point (uvicorn): /ws/session for our own pages, /livez for the supervisor, nothing else."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  needs the applications loaded
from channels.security.websocket import OriginValidator, WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from chat.safety.policy import get_ready  # noqa: E402
from flow.consumers import SessionConsumer  # noqa: E402

get_ready()  # what is said over a socket is screened

# Every other address is refused by a route of its own: an unknown one would be a traceback in the log.
socket_routes: list[Any] = [path("ws/session", SessionConsumer.as_asgi()), re_path("", WebsocketDenier.as_asgi())]


async def answer_http(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer /livez; everything else on this port is 404."""
    is_alive = scope["path"] == "/livez"
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200 if is_alive else 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"alive\n" if is_alive else b"not here\n"})


# A missing Origin is refused too.
application = ProtocolTypeRouter(
    {"http": answer_http, "websocket": OriginValidator(URLRouter(socket_routes), settings.PAGE_ORIGINS)}
)
