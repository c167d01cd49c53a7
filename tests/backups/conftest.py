"""A played study to back up, a backup of it, and an empty database beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from config.backups import services
from config.backups.programs import Address
from config.backups.services import Made
from tests.backups.databases import empty_database
from tests.verification.conftest import played  # noqa: F401  fixtures are found by name
from tests.verification.played import Played


@pytest.fixture(scope="module")
def made(played: Played, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Made:  # noqa: F811
    """A backup of the played study."""
    with django_db_blocker.unblock():
        return services.make(tmp_path_factory.mktemp("backups") / "deep")


@pytest.fixture
def empty(db: None) -> Iterator[Address]:
    """A database with nothing in it."""
    with empty_database() as address:
        yield address
