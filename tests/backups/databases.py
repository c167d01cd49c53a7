"""Databases beside the test's own, on the same server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import connection
from psycopg import sql

from config.backups import programs
from config.backups.programs import Address, connect

Tables = dict[str, tuple[int, str]]
# Rows in an order of their own: how they lie in the file is no part of what they say.
CONTENT = "SELECT count(*), coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\")), '') FROM {} t"


@contextmanager
def empty_database() -> Iterator[Address]:
    """A new database; it is dropped at the end."""
    name = f"beside_{uuid4().hex[:12]}"
    ours = programs.address_of(connection)
    with connect({**ours, "dbname": "postgres"}, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield {**ours, "dbname": name}
    finally:
        with connect({**ours, "dbname": "postgres"}, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(address: Address, *, user: str = "") -> str:
    """As DATABASE_URL wants it."""
    return f"postgresql://{user or address['user']}@/{address['dbname']}?host={address['host']}"


def rows(address: Address, query: str) -> list[tuple[Any, ...]]:
    """Rows of a database."""
    with connect(address) as there:
        return there.execute(query).fetchall()


def content(address: Address) -> Tables:
    """Table -> how many rows it has, and a hash over all of them."""
    with connect(address) as there:
        names = there.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        found = {}
        for (name,) in names:
            count, digest = there.execute(sql.SQL(CONTENT).format(sql.Identifier(name))).fetchall()[0]
            found[name] = (int(count), str(digest))
        return found


def definitions(address: Address) -> list[tuple[Any, ...]]:
    """Every trigger, function, constraint, index and default of a database, as PostgreSQL writes them."""
    return rows(address, DEFINITIONS)


DEFINITIONS = """
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT adrelid::regclass || ' ' || attname || ' ' || pg_get_expr(adbin, adrelid) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum  -- by name: one that is gone leaves no number behind
ORDER BY 1
"""
