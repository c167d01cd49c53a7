"""Database work for coroutines: one short service call at a time, in a small thread pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections

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


KEPT_THREADS = 4
"""Threads of a process that serves sockets, for what people wait for. More would only wait for the same processor."""
_kept = ThreadPoolExecutor(KEPT_THREADS, thread_name_prefix="kept")


async def run_kept(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run_db`, in few threads of their own, each of which keeps its connection from one call to the next.

    To get a connection and give it back costs more than the few statements of a message.
    """
    return await asyncio.get_running_loop().run_in_executor(_kept, partial(_with_kept, func, *args, **kwargs))


def _with_kept(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    here = connections[DEFAULT_DB_ALIAS]
    if here.errors_occurred:
        here.close()
    here.health_check_done = False  # type: ignore[attr-defined]  # a glance at its socket before the first statement
    try:
        return func(*args, **kwargs)
    finally:
        if settings.DB_POOL != "pool":  # as in tests: nobody may hold a connection to what is to be dropped
            here.close()
