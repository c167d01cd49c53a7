"""Asking Redis for hints without waiting for it: half a second at most (`settings.CACHES`), and then not for a while.

A Redis that hangs, unlike one that is down, takes every question and answers none. If each of them were waited for, the
few threads of a process would wait for nothing else, and neither pages nor messages need what they ask.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisHangs

SILENT_SECONDS = 3.0
"""How long nothing is asked after a question that was not answered."""

log = logging.getLogger("rapport.request")
T = TypeVar("T")


class _Process:
    """Until when this process asks nothing, by the monotonic clock."""

    silent_until = 0.0


def asked(command: Callable[[], T], without: T, *, told: str) -> T:
    """The answer to a question to the cache; `without` where there is none, which the log says as `told`."""
    if time.monotonic() < _Process.silent_until:
        return without
    try:
        return command()
    except (RedisError, OSError) as error:
        if isinstance(error, RedisHangs | TimeoutError):
            _Process.silent_until = time.monotonic() + SILENT_SECONDS
        log.warning(told, extra={"facts": {"error": type(error).__name__}})
        return without


def forget() -> None:
    """Ask again from now on: for tests, which change the server in between."""
    _Process.silent_until = 0.0
