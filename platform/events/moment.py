"""Reading the database as of one instant."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import IsolationLevel


@contextmanager
def one_moment() -> Iterator[None]:
    """Whatever is read inside is read as of one instant; nothing can be written.

    Inside a transaction that has begun already it adds nothing: that one sees what it sees.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.in_atomic_block:
        yield
        return
    here.close_if_health_check_failed()  # a new connection would know nothing of what is set on this one
    here.ensure_connection()
    raw = here.connection
    # As attributes they go out with BEGIN: a statement of its own would be one more way to the server and back.
    raw.isolation_level, raw.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with transaction.atomic():
            yield
    finally:
        if not raw.closed:
            raw.isolation_level, raw.read_only = None, None
