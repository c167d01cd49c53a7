"""The one door through which rows are changed that are kept for good otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def erasing() -> Iterator[None]:
    """Let such rows be changed and deleted, in the caller's transaction and no longer than this."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rapport.erasing = 'on'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rapport.erasing = 'off'")
