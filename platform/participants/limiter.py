"""Slows down guessing of links, and one person coming in as many. Without Redis it lets everyone pass."""

import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest

from events.tally import Tally
from participants.models import EntryLink

TRIES = 10
SECONDS = 60
AN_HOUR = 3600


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


def has_entered_too_often(link: EntryLink, address: str) -> bool:
    """Count somebody new by an open link, and say whether too many came by it from the address within the hour.

    A personal link lets one person in whoever counts; what an open link lets in is one person as often as they like.
    """
    most: int = settings.MOST_ENTRIES_PER_ADDRESS
    if not most or not link.is_open or link.study.is_simulated:
        return False
    return Tally(f"entries:{link.pk}:{_digest(address)}", AN_HOUR).add() > most


def _unknown_links(address: str) -> Tally:
    return Tally(f"unknown-links:{_digest(address)}", SECONDS)


def _digest(address: str) -> str:
    """Not the address itself: it is nobody's business, not even for a minute."""
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]
