"""How a process of its own kills itself at a marked point, as the kernel would."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any


def die() -> None:
    """As from outside: no handler, no cleanup."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def first_die(original: Callable[..., Any]) -> Callable[..., Any]:
    """Die before a function does its work."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        die()
        return original(*args, **kwargs)

    return dying


def then_die(original: Callable[..., Any]) -> Callable[..., Any]:
    """Die after a function has done its work."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        original(*args, **kwargs)
        die()

    return dying


async def ask_and_die(question: Any) -> Any:
    """A provider during whose call the process ends."""
    del question
    die()
