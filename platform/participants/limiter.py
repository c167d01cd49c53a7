"""Slows down guessing: at most ten unknown links a minute from one address. Without Redis it lets everyone pass."""

import hashlib
import hmac
import logging

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

TRIES = 10
SECONDS = 60

log = logging.getLogger("rapport.request")


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind the https proxy that is the last hop, which no client can forge."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.IS_HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def has_guessed_too_often(address: str) -> bool:
    """Whether the address has used up its unknown links of this minute."""
    try:
        return int(cache.get(_key(address)) or 0) >= TRIES
    except (RedisError, OSError) as error:
        log.warning("limiter is open", extra={"facts": {"error": type(error).__name__}})
        return False


def count_unknown(address: str) -> None:
    """One more unknown link from the address."""
    try:
        key = _key(address)
        if not cache.add(key, 1, timeout=SECONDS):
            cache.incr(key)
    except (RedisError, OSError, ValueError) as error:  # ValueError: it ran out between the two calls
        log.warning("limiter is open", extra={"facts": {"error": type(error).__name__}})


def _key(address: str) -> str:
    """Not the address itself: it is nobody's business, not even for a minute."""
    return "unknown-links:" + hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]
