"""Our backend's own: instants, and whether a connection that was idle is still one."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import close_old_connections, connection

from events.prepared import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is kept from request to request, as the pages keep theirs."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 600)


def backend() -> int:
    pid: int = run("SELECT pg_backend_pid()")[0][0]
    return pid


def kill(pid: int) -> None:
    """End a backend as a restarted server does."""
    with psycopg.connect(**_address(), autocommit=True) as other:
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


def _address() -> dict[str, Any]:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "password", "host", "port") if known.get(name)}


def by_orm() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
        return pid


@pytest.mark.parametrize("ask", [backend, by_orm])
def test_request_after_the_server_has_restarted_gets_a_new_connection(ask: Callable[[], int]) -> None:
    first = ask()
    kill(first)
    close_old_connections()  # as each request begins
    assert ask() != first


def test_idle_connection_is_kept_without_asking_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    first = backend()
    close_old_connections()
    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *rest: Any, **more: Any) -> Any:
        asked.append(query)
        return execute(cursor, query, *rest, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    assert backend() == first
    assert asked == ["SELECT pg_backend_pid()"]


def test_closed_connection_is_not_usable() -> None:
    backend()
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()


def test_instants_are_in_utc() -> None:
    instant = run("SELECT timestamptz '2026-11-26 12:00+02'")[0][0]
    assert (instant.tzinfo, instant.hour) == (UTC, 10)
    assert settings.USE_TZ
