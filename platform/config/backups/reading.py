"""What a database holds, asked over a connection of our own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from config.backups.errors import BackupError
from config.backups.programs import Address, connect

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
THINGS = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')  -- some hosts' extension
ORDER BY relkind <> 'r', 1
"""
# A sequence that stands below its column's highest value would give a key a second time.
SEQUENCES = """
SELECT seq.relname, tab.relname, col.attname FROM pg_depend dep
JOIN pg_class seq ON seq.oid = dep.objid AND seq.relkind = 'S'
JOIN pg_class tab ON tab.oid = dep.refobjid
JOIN pg_attribute col ON col.attrelid = tab.oid AND col.attnum = dep.refobjsubid
WHERE dep.deptype IN ('a', 'i') AND dep.classid = 'pg_class'::regclass ORDER BY 1
"""


@contextmanager
def snapshot_of(address: Address) -> Iterator[psycopg.Connection[Any]]:
    """A read-only transaction that sees one instant for as long as the block lasts.

    Raises:
        BackupError: "database_unreachable"; "dump_failed" where it goes away meanwhile, or refuses to be read.
    """
    try:
        with connect(address) as connection:
            connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
            # A role may have been given limits of its own.
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
                connection.execute(sql.SQL("SET LOCAL {} = 0").format(sql.Identifier(name)))
            yield connection
    except psycopg.Error as error:
        raise BackupError("dump_failed", f"the database could not be read to the end: {error}") from error


def rows_of(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Table -> how many rows it has."""
    return {table: _value(connection, "SELECT count(*) FROM {}", table) for (table,) in _all(connection, TABLES)}


def migrations_of(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Each applied migration as "app.name", in the order in which they were applied; none where there is no table."""
    if not _all(connection, "SELECT to_regclass('public.django_migrations')")[0][0]:
        return ()
    return tuple(
        f"{app}.{name}" for app, name in _all(connection, "SELECT app, name FROM django_migrations ORDER BY id")
    )


def things_in(connection: psycopg.Connection[Any]) -> list[str]:
    """Names of whatever stands in a database, tables first; an empty one has none."""
    return [name for (name,) in _all(connection, THINGS)]


def lagging_sequences(connection: psycopg.Connection[Any]) -> list[str]:
    """Sequences that would give a key which a row has already."""
    found = []
    for sequence, table, column in _all(connection, SEQUENCES):
        highest = _value(connection, "SELECT coalesce(max({1}), 0) FROM {0}", table, column)
        following = _value(connection, "SELECT last_value + is_called::int FROM {}", sequence)
        if following <= highest:
            found.append(sequence)
    return found


def _all(connection: psycopg.Connection[Any], query: str) -> Sequence[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _value(connection: psycopg.Connection[Any], query: str, *names: str) -> int:
    statement = sql.SQL(query).format(*(sql.Identifier(name) for name in names))
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
