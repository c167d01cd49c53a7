"""Database work for coroutines: one short service call at a time, in a small thread pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# The pool of the loop that this coroutine runs on. Without one (`drain`, tests) calls run in the caller's own thread.
POOL: ContextVar[ThreadPoolExecutor | None] = ContextVar("POOL", default=None)


async def run_db(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await one synchronous call that uses the database. Keep it short: the loop has few threads for everybody."""
    pool = POOL.get()
    if pool is None:
        return await sync_to_async(func, thread_sensitive=True)(*args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, partial(_with_connection, func, *args, **kwargs))


def _with_connection(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Give the connection back after each call, so that idle threads hold none."""
    close_old_connections()
    try:
        return func(*args, **kwargs)
    finally:
        close_old_connections()
