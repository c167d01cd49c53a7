"""A played study that every test of a module may tamper with: each test is rolled back."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config import settings as configured
from studies import registry
from tests.machinery.forgetting import forget_versions
from tests.verification.played import Played, play_everything

PACKAGES = [*configured.EXPERIMENT_PACKAGES, "tests.studies.experiments", "tests.verification.games"]


def number_from(first: int) -> None:
    """Let every table's keys begin with a number that nothing else has, so that a key in a report is seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(sequencename) FROM pg_sequences WHERE data_type::text = 'bigint'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER SEQUENCE {name} RESTART WITH {first}")


def _forget() -> None:
    """Keys begin anew, and what a process keeps of a version it keeps by its key."""
    forget_versions()
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()


@pytest.fixture(scope="module")
def played(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """Committed once, because groups are formed after commits; gone after the last test."""
    _forget()
    try:
        with override_settings(EXPERIMENT_PACKAGES=PACKAGES):
            with django_db_blocker.unblock():
                number_from(770_000_001)
                found = play_everything(tmp_path_factory.mktemp("verification"))
            yield found
    finally:
        with django_db_blocker.unblock():
            call_command("flush", interactive=False, verbosity=0)
        _forget()
