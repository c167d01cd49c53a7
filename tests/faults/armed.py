"""Starts one process of the platform with a charge at each of its points, and its hints to multiply.

Run as `python -m tests.faults.armed CHILD ARGUMENTS...`, with the arguments that Python would be given otherwise.
Nothing in the platform knows of this: functions are wrapped once Django is set up.
"""

import asyncio
import os
import random
import runpy
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial, wraps
from pathlib import Path
from typing import Any

import django

from tests.faults import charges
from tests.faults.charges import FORM, FORMING, JOB, MESSAGE, TURN

COPIES = 5
LATEST_SECONDS = 8.0
SENT_SECONDS = 0.1  # by then a model has been asked
DOING: ContextVar[str] = ContextVar("DOING", default="")

Func = Callable[..., Any]


def wrap(owner: Any, name: str, make: Callable[[Func], Func]) -> None:
    """Put a wrapped function in the place of a function; a name that is gone is an error, not a fault left out."""
    setattr(owner, name, make(getattr(owner, name)))


def around(
    passing: Callable[[str], None], before: str = "", after: str = "", *, doing: str = ""
) -> Callable[[Func], Func]:
    """A wrapper that passes a point before and one after, and says meanwhile what is being done."""

    def make(original: Func) -> Func:
        @wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            token = DOING.set(doing or DOING.get())
            try:
                if before:
                    passing(before)
                result = original(*args, **kwargs)
                if after:
                    passing(after)
                return result
            finally:
                DOING.reset(token)

        return wrapped

    return make


def arm_commits(passing: Callable[[str], None]) -> None:
    """Before and after every COMMIT of what is being done: after it, but before its hints and its answer."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    def make(original: Func) -> Func:
        @wraps(original)
        def commit(self: Any) -> None:
            doing = DOING.get()
            if doing:
                passing(f"before the commit of {doing}")
            original(self)
            if doing:
                passing(f"after the commit of {doing}")

        return commit

    wrap(BaseDatabaseWrapper, "_commit", make)


def arm_pages(passing: Callable[[str], None]) -> None:
    """A form on its way in, a group that is formed, and an answer that was made and not sent."""
    from django.core.handlers.base import BaseHandler

    from flow.services import forming

    def make(original: Func) -> Func:
        form = around(passing, after="before the answer", doing=FORM)(original)

        @wraps(original)
        def get_response(self: Any, request: Any) -> Any:
            return form(self, request) if request.method == "POST" else original(self, request)

        return get_response

    wrap(BaseHandler, "get_response", make)
    wrap(forming, "form_groups", around(passing, doing=FORMING))


def arm_sockets(passing: Callable[[str], None]) -> None:
    """A socket that joins its stream, a pointer on its way to a browser, and a message on its way in."""
    from channels_redis.pubsub import RedisPubSubLoopLayer

    from chat import saying
    from flow.consumers import SessionConsumer

    wrap(RedisPubSubLoopLayer, "group_add", around(passing, "while joining"))
    wrap(SessionConsumer, "pointer", around(passing, "before passing a pointer on"))
    wrap(saying, "say", around(passing, doing=MESSAGE))


def arm_bots(passing: Callable[[str], None]) -> None:
    """A turn from its claim to its commit."""
    from bots import services
    from events import due

    wrap(due, "claim_ids", claiming(passing))
    wrap(services, "begin", around(passing, after="while deciding"))
    wrap(services, "deliver", around(passing, doing=TURN))
    arm_calls(passing)


def arm_calls(passing: Callable[[str], None]) -> None:
    """While a model is asked, and when its answer is stored and nothing has come of it."""
    from llm import door, services

    def make(original: Func) -> Func:
        @wraps(original)
        async def asked(*args: Any, **kwargs: Any) -> Any:
            under_way = asyncio.ensure_future(original(*args, **kwargs))
            await asyncio.sleep(SENT_SECONDS)
            passing("during a call")
            return await under_way

        return asked

    wrap(door, "_asked", make)
    wrap(services, "close_call", around(passing, after="after a call"))


def arm_jobs(passing: Callable[[str], None]) -> None:
    """A job from its claim to its commit, in the worker and in the sweeper."""
    from events import due, runner

    for claim in ("claim", "claim_ids"):
        wrap(due, claim, claiming(passing))
    wrap(runner, "run", around(passing, doing=JOB))


def claiming(passing: Callable[[str], None]) -> Callable[[Func], Func]:
    """The sweeper looks every two seconds: only a look that finds something is a claim to die of."""

    def make(original: Func) -> Func:
        @wraps(original)
        def claim(*args: Any, **kwargs: Any) -> Any:
            passing("before claiming")
            found = original(*args, **kwargs)
            if found:
                passing("after claiming")
            return found

        return claim

    return make


def multiply_hints(home: Path) -> None:
    """While the file says so, every hint goes out five times, each late by another time."""
    from events import announce

    switch, tally = hint_files(home)

    def make(original: Func) -> Func:
        @wraps(original)
        def hint(**facts: Any) -> None:
            if not switch.exists():
                original(**facts)
                return
            with tally.open("a") as file:
                file.write("x")
            for _ in range(COPIES):
                timer = threading.Timer(random.uniform(0, LATEST_SECONDS), partial(original, **facts))
                timer.daemon = True
                timer.start()

        return hint

    wrap(announce, "hint", make)


def hint_files(home: Path) -> tuple[Path, Path]:
    """The file that says whether to multiply, and the one with a letter for each hint that was."""
    return home / "multiply-hints", home / "multiplied-hints"


ARMS = {"pages": arm_pages, "sockets": arm_sockets, "bots": arm_bots, "jobs": arm_jobs, "sweeper": arm_jobs}


def arm(child: str, home: Path) -> None:
    """Lay everything out; called when Django is set up, wherever a process does that."""
    passing = partial(charges.passing, home, child)
    arm_commits(passing)
    ARMS[child](passing)
    multiply_hints(home)


def main(child: str, arguments: list[str]) -> None:
    """Be the process, armed; it reaches its servers where `ARMED_…` says, though `up` owns them."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ[name] = os.environ[f"ARMED_{name}"]
    original, home = django.setup, Path(os.environ["RAPPORT_HOME"])

    def setup(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        django.setup = original
        arm(child, home)

    django.setup = setup
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
