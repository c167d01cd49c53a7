"""What every template may use: the sockets' address, what a page's script says, and the version."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language

from config.version import VERSION


def page_facts(request: HttpRequest) -> dict[str, str | Callable[[], str]]:
    """Return `socket_url` (where the page's script connects), `script_words` and `version`."""
    return {"socket_url": socket_url(request), "script_words": script_words, "version": VERSION}


def script_words() -> str:
    """What the script of a participant's page may have to say, in the language that is spoken now."""
    return _script_words(get_language())


@lru_cache(maxsize=64)
def _script_words(_language: str | None) -> str:
    return render_to_string("participant/words.html")


def socket_url(request: HttpRequest) -> str:
    """Return the sockets' address on the host that the page was asked from: cookies follow the host, not the port."""
    if settings.SOCKET_ORIGIN:
        return f"{settings.SOCKET_ORIGIN}/ws/session"
    host = request.get_host().rsplit(":", 1)[0]
    return f"ws://{host}:{settings.SOCKET_PORT}/ws/session"
