"""Slows down guessing: at most ten unknown links a minute from one address. Without Redis it lets everyone pass."""

import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest

from events.tally import Tally

TRIES = 10
SECONDS = 60


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind the https proxy that is the last hop, which no client can forge."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.IS_HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def has_guessed_too_often(address: str) -> bool:
    """Whether the address has used up its unknown links of this minute."""
    return _unknown_links(address).count() >= TRIES


def count_unknown(address: str) -> None:
    """One more unknown link from the address."""
    _unknown_links(address).add()


def _unknown_links(address: str) -> Tally:
    return Tally(f"unknown-links:{_digest(address)}", SECONDS)


def _digest(address: str) -> str:
    """Not the address itself: it is nobody's business, not even for a minute."""
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]
