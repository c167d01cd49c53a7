"""Changing what is append-only, as only erasure may."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def erasing() -> Iterator[None]:
    """A transaction in which append-only rows may be changed and deleted."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL rapport.erasing = 'on'")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL rapport.erasing = 'off'")
