"""What is so for a few seconds and then ends by itself: a hint in Redis. Without Redis nothing of the kind is so."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger("rapport.request")
T = TypeVar("T")


def begin(name: str, value: str, *, seconds: int) -> tuple[str, bool]:
    """Let something be so for some seconds from now on, or go on for so long.

    Returns:
        The value that it was begun with, and whether it was begun by this.
    """

    def ask() -> tuple[str, bool]:
        if cache.add(name, value, timeout=seconds):
            return value, True
        cache.touch(name, seconds)
        return str(cache.get(name) or value), False

    return _asked(ask, (value, True))


def end(name: str) -> None:
    """It is so no more."""
    _asked(lambda: cache.delete(name), False)


def lasting(names: Iterable[str]) -> Mapping[str, str]:
    """Those of some things that are so now, with the values that they were begun with."""
    found: Mapping[str, str] = _asked(lambda: cache.get_many(list(names)), {})
    return found


def _asked(command: Callable[[], T], without: T) -> T:
    try:
        return command()
    except (RedisError, OSError) as error:
        log.warning("nothing fades without Redis", extra={"facts": {"error": type(error).__name__}})
        return without
