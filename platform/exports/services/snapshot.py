"""One consistent picture of the database while an export runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from events.moment import one_moment
from exports.errors import ExportError

STATEMENT_SECONDS = 600


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only transaction that sees one instant, however long it takes.

    Raises:
        ExportError: "inside_transaction": a transaction that has begun already sees another instant.
    """
    if connection.in_atomic_block:
        raise ExportError("inside_transaction", "an export opens its own snapshot: call it outside any transaction")
    with one_moment(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '0'")
        for way in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):  # off for pages, which go by keys
            cursor.execute(f"SET LOCAL {way} = on")
        cursor.execute("SET LOCAL plan_cache_mode = auto")
        yield
