"""What every template may use: the sockets' address and the version."""

from django.conf import settings
from django.http import HttpRequest

from config.version import VERSION


def page_facts(request: HttpRequest) -> dict[str, str]:
    """Return `socket_url` (where the page's script connects) and `version`."""
    return {"socket_url": socket_url(request), "version": VERSION}


def socket_url(request: HttpRequest) -> str:
    """Return the sockets' address on the host that the page was asked from: cookies follow the host, not the port."""
    if settings.SOCKET_ORIGIN:
        return f"{settings.SOCKET_ORIGIN}/ws/session"
    host = request.get_host().rsplit(":", 1)[0]
    return f"ws://{host}:{settings.SOCKET_PORT}/ws/session"
