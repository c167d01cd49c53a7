"""Emptying the database after a test that committed: the rows that it left, and nothing else, in some milliseconds.

Django truncates every table, full or empty, and then makes content types and permissions anew: half a second for each
of some two thousand tests. Here rows are deleted, with triggers and references out of force, and those two stay.
"""

from collections.abc import Sequence
from functools import cache

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import TransactionTestCase

from tests.machinery.forgetting import forget_versions

SAME_AFTER_EVERY_TEST = {Permission._meta.db_table, ContentType._meta.db_table}
_truncate = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # a hook without a public name


def empty_quickly() -> None:
    """From now on. The database account must be one that may put triggers out of force, as a test cluster's is."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


def _empty(self: TransactionTestCase) -> None:
    forget_versions()
    if self.reset_sequences or self.serialized_rollback or self.available_apps is not None:
        _truncate(self)
        return
    for alias in self._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
        with connections[alias].cursor() as cursor:
            cursor.execute(_statements(alias))


def as_new(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Make every table as new, too, so that rows lie in it in the order in which they come."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_tables(alias))}")


@cache
def _tables(alias: str) -> Sequence[str]:
    connection = connections[alias]
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(name) for name in sorted(tables) if name not in SAME_AFTER_EVERY_TEST]


@cache
def _statements(alias: str) -> str:
    names = _tables(alias)
    # Waits, as truncating does, for whoever still writes; replica: no trigger refuses, no reference is looked at.
    lock = f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE"
    deleted = [f"DELETE FROM {name}" for name in names]
    return "; ".join(["BEGIN", "SET LOCAL session_replication_role = replica", lock, *deleted, "COMMIT"])
