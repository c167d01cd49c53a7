"""One test database in the place of several installations."""

import zlib

from django.db import connection

from events import clock
from tests.machinery.emptying import as_new
from tests.machinery.forgetting import forget_versions

LOWEST_KEY = 10_000_000  # no other test counts that far


def as_another_installation(name: str) -> None:
    """An empty database made for simulation, in which keys are counted as in every other with this name.

    And in none with another name: what a process remembers by primary key would be that of the other.
    """
    first = LOWEST_KEY + zlib.crc32(name.encode()) % 1_000_000 * 1000
    as_new()
    forget_versions()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        for (sequence,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{sequence}" RESTART WITH {first}')
    clock.simulate()
