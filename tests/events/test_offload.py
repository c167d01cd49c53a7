"""Threads that keep their connections for what people wait for, and let go of one that broke."""

import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db import OperationalError, connection

from events import offload
from events.prepared import run

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> tuple[int, str]:
    """The server's end of the connection of this thread, and the thread."""
    return int(run("SELECT pg_backend_pid()")[0][0]), threading.current_thread().name


def _let_go() -> None:
    connection.close()  # of the thread that runs this


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A single thread, so that what it keeps can be told."""
    pool = offload.ThreadPoolExecutor(1)
    monkeypatch.setattr(offload, "_kept", pool)
    yield
    pool.submit(_let_go).result()
    pool.shutdown()


def asked() -> tuple[int, str]:
    return async_to_sync(offload.run_kept)(backend)


def test_connection_is_kept_where_connections_are_pooled(one_thread: None, settings: LazySettings) -> None:
    settings.DB_POOL = "pool"
    assert asked() == asked()
    own, name = backend()
    assert asked() != (own, name), "neither the caller's connection nor its thread"
    settings.DB_POOL = "none"
    asked()
    assert offload._kept.submit(lambda: connection.connection).result() is None


def test_connection_that_broke_is_made_anew(one_thread: None, settings: LazySettings) -> None:
    settings.DB_POOL = "pool"
    first, _ = asked()
    run("SELECT pg_terminate_backend(%s, 10000)", [first])  # until it has ended
    second, _ = asked()
    assert second != first

    def breaks() -> None:
        run("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        async_to_sync(offload.run_kept)(breaks)
    assert asked()[0] not in {first, second}
